"""Tuning: Optuna's search for the members' parameters, over purged splits of the training rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from bt_fusion.errors import OptionError
from bt_fusion.fingerprint import array_digest, object_digest
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.splits import LabelledRows, Split, fold_proba, purged_folds
from bt_fusion.tuning.objectives import FoldPredictions, Objective, objective_named
from bt_fusion.tuning.search_space import Range, apply_parameters, suggest_parameters, tuned_members

__all__ = ["Tuning", "tune"]

UNTUNED = "untuned"  # mark of the trial that keeps the parameters as they are


@dataclass(frozen=True, eq=False)
class Tuning:
    """What a search found.

    Attributes
    ----------
    model : SignalModel
        An unfitted copy of the model, with the best parameters.
    parameters : dict
        The best ones, by "member.parameter"; empty when none was better than the model's own.
    value : float
        The objective's mean over the splits.
    untuned : float
        The same for the model as it came: the first trial of every study.
    trials : int
        Every trial the study ever began, pruned and interrupted ones included: what the best of
        them has to be discounted for.
    table : DataFrame
        One row a trial: number, state, value, splits (how many were judged), seconds, and its
        parameters.
    objective : str
    study : str
        The study's name in its storage.
    """

    model: SignalModel
    parameters: dict[str, Any]
    value: float
    untuned: float
    trials: int
    table: pd.DataFrame
    objective: str
    study: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the model, the table as one dictionary a trial."""
        names = ("objective", "study", "trials", "value", "untuned", "parameters")
        figures = {name: getattr(self, name) for name in names}
        return figures | {"table": self.table.to_dict("records")}


def tune(
    model: SignalModel,
    bars: pd.DataFrame,
    trials: int = 50,
    objective: str = "log_loss",
    *,
    storage: str | Path | None = None,
    seed: int = 0,
    folds: int = 5,
    embargo_bars: int = 0,
    on_trial: Callable[[int, int], None] | None = None,
) -> Tuning:
    """Search for the members' best parameters on the bars a model is to be trained on.

    Every trial fits the ensemble on each of the purged splits; one whose mean so far is worse
    than the median of the others at the same split is pruned. The first trial keeps the
    parameters as they are. A study is known by its data, model, objective, splits and seed:
    where its storage holds trials of the same study, only those missing are run.

    Parameters
    ----------
    model : SignalModel
        Copied, never fitted itself.
    bars : DataFrame
        Training bars alone: whatever judges the tuned model must come after them.
    trials : int
        Finished trials the study is to reach, earlier ones included.
    objective : str
        A name of `OBJECTIVES`.
    storage : str or path, optional
        A file (SQLite), or the URL of a database that several machines share. In memory when not
        given: nothing is kept.
    seed : int
        Of the search. The same seed gives the same numbers, in one go or resumed between trials.
    folds, embargo_bars : int
        See `purged_folds`.
    on_trial : callable, optional
        Called with (finished trials, trials).

    Raises
    ------
    OptionError
        For an unknown objective, less than one trial, members without a search space, or a
        storage that cannot be opened.
    TrainingError
        When the rows are too few for the splits.

    References
    ----------
    Akiba et al., Optuna (2019); Bergstra et al. (2011) for the tree-structured Parzen estimator.

    Examples
    --------
    >>> from bt_fusion.ensemble.ensemble import Ensemble
    >>> from bt_fusion.data.samples import planted_edge
    >>> model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"]))
    >>> found = tune(model, planted_edge(600, auc=0.8), trials=3)
    >>> found.value <= found.untuned, len(found.table)
    (True, 3)
    """
    if trials < 1:
        raise OptionError(f"trials {trials} must be 1 or more")
    goal, space = objective_named(objective), tuned_members(model.new_ensemble())
    data = LabelledRows.of(model, bars)
    splits = purged_folds(data, folds, embargo_bars)
    name = f"{objective}-{job_digest(model, data, (objective, folds, embargo_bars, seed))[:16]}"
    study = open_study(name, goal, storage)
    search = Search(model, data, splits, goal, space, seed)
    while True:
        done = len(finished(study))
        if on_trial is not None:
            on_trial(min(done, trials), trials)
        if done >= trials:
            return result(model, study, objective)
        search.run_trial(study)


@dataclass(frozen=True, eq=False)
class Search:
    """What every trial of a study shares."""

    model: SignalModel
    data: LabelledRows
    splits: list[Split]
    goal: Objective
    space: dict[str, dict[str, Range]]
    seed: int

    def run_trial(self, study: Any) -> None:
        """Run one trial and store how it ended, an interruption included."""
        from optuna.trial import TrialState

        untuned = not any(UNTUNED in trial.user_attrs for trial in finished(study))
        trial = study.ask()
        study.sampler = make_sampler(self.seed, trial.number)
        try:
            if untuned:
                trial.set_user_attr(UNTUNED, True)
            value = self._judge(trial, {} if untuned else suggest_parameters(trial, self.space))
        except BaseException:
            study.tell(trial, state=TrialState.FAIL)
            raise
        study.tell(trial, value, state=TrialState.PRUNED if value is None else None)

    def _judge(self, trial: Any, parameters: dict[str, Any]) -> float | None:
        """Return the mean over the splits, or None where the pruner ends the trial."""
        ensemble = apply_parameters(self.model.new_ensemble(), parameters)
        values: list[float] = []
        for number, split in enumerate(self.splits):
            proba = fold_proba(ensemble, self.data, split)
            values.append(self.goal.measure(fold_predictions(self.data, split, proba)))
            trial.report(float(np.mean(values)), number)
            if number + 1 < len(self.splits) and trial.should_prune():
                return None
        return float(np.mean(values))


def fold_predictions(data: LabelledRows, split: Split, proba: np.ndarray) -> FoldPredictions:
    """Put predicted and actual classes of a split's rows together."""
    rows = split[1]
    return FoldPredictions(
        rows, data.labels.y[rows], proba, data.classes, data.arrays.close, data.horizon
    )


def make_sampler(seed: int, number: int) -> Any:
    """Return the sampler of one trial.

    A sampler's state is not stored, so each trial has its own, seeded by its number: what it
    suggests depends on the stored trials alone, whoever ran them.
    """
    from optuna.samplers import TPESampler

    state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    return TPESampler(seed=state, multivariate=False, constant_liar=False)


def open_study(name: str, goal: Objective, storage: str | Path | None) -> Any:
    """Open the study, or begin it.

    Raises
    ------
    OptionError
        When the storage cannot be opened.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            storage=storage_url(storage),
            study_name=name,
            direction=goal.direction,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
            load_if_exists=True,
        )
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise OptionError(
            f"storage {str(storage)!r} cannot be opened ({error}); give the path of a file or a "
            "URL, such as postgresql://user@host/studies"
        ) from error


def storage_url(storage: str | Path | None) -> str | None:
    """Return the URL of a storage that is given by path or URL."""
    if storage is None or "://" in str(storage):
        return None if storage is None else str(storage)
    path = Path(storage).expanduser().resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def job_digest(model: SignalModel, data: LabelledRows, options: tuple[Any, ...]) -> str:
    """Return a hash of all that a trial's numbers depend on."""
    features = model.feature_set().names
    settings = object_digest((features, model.label(), model.new_ensemble(), data.horizon, options))
    labels = data.labels
    return array_digest(str(settings), data.X, labels.y, labels.t1, data.rows, data.arrays.close)


def finished(study: Any) -> list[Any]:
    """Return the trials that came to an end, pruned ones included."""
    from optuna.trial import TrialState

    ends = (TrialState.COMPLETE, TrialState.PRUNED)
    return study.get_trials(deepcopy=False, states=ends)


def result(model: SignalModel, study: Any, objective: str) -> Tuning:
    """Sum up a study with finished trials."""
    best = study.best_trial
    (untuned,) = [t for t in finished(study) if UNTUNED in t.user_attrs][:1]
    tuned = clone(model).set_params(ensemble=apply_parameters(model.new_ensemble(), best.params))
    return Tuning(
        model=tuned,
        parameters=dict(best.params),
        value=float(best.value),
        untuned=float(untuned.value),
        trials=len(study.trials),
        table=trial_table(study),
        objective=objective,
        study=study.study_name,
    )


def trial_table(study: Any) -> pd.DataFrame:
    """Return one row a trial, in their order."""
    return pd.DataFrame(
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "value": np.nan if trial.value is None else trial.value,
            "splits": len(trial.intermediate_values),
            "seconds": trial.duration.total_seconds() if trial.duration else np.nan,
            **trial.params,
        }
        for trial in study.trials
    )
