"""Tuning: Optuna's search for the members' parameters, over purged splits of the training rows.

References
----------
Akiba et al., Optuna (2019); Bergstra et al. (2011) for the tree-structured Parzen estimator.
"""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import Range
from bt_fusion.errors import OptionError
from bt_fusion.fingerprint import array_digest, object_digest
from bt_fusion.models.refit import leaves_lock
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.splits import LabelledRows, Split, fold_proba, purged_folds
from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.progress import step
from bt_fusion.tuning.objectives import (
    Equity,
    FoldPredictions,
    Objective,
    held_equity,
    objective_named,
)
from bt_fusion.tuning.search_space import apply_parameters, suggest_parameters, tuned_members
from bt_fusion.tuning.study import (
    finished,
    make_sampler,
    open_study,
    running,
    storage_errors,
    trial_table,
)

__all__ = [
    "Search",
    "StudyOptions",
    "Tuning",
    "check_trials",
    "result",
    "signal_search",
    "tune",
]

UNTUNED = "untuned"  # marks the trial with the model's own parameters


@dataclass(frozen=True, eq=False)
class Tuning:
    """The result of a search.

    Attributes
    ----------
    model : SignalModel
        An unfitted copy of the model, with the best parameters.
    parameters : dict
        The best ones, by "member.parameter"; empty if the model's own were best.
    value : float
        The objective's mean over the splits.
    untuned : float
        The same for the model as given: the first trial of every study.
    trials : int
        Every trial the study ever began, including pruned and interrupted ones: the number to
        correct the best result for.
    table : DataFrame
        One row per trial: number, state, value, splits (how many were evaluated), seconds, and its
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
        """Return everything except the model, with one dictionary per trial in the table."""
        names = ("objective", "study", "trials", "value", "untuned", "parameters")
        found = {name: getattr(self, name) for name in names}
        return found | {"table": self.table.to_dict("records")}


@dataclass(frozen=True)
class StudyOptions:
    """The objective of a study and its settings.

    Parameters
    ----------
    objective : str
        A name of `OBJECTIVES`.
    folds, embargo_bars : int
        See `purged_folds`.
    seed : int
        For the search. The same seed gives the same numbers, also if resumed between trials.
    """

    objective: str = "log_loss"
    folds: int = 5
    embargo_bars: int = 0
    seed: int = 0


def tune(
    model: SignalModel,
    bars: pd.DataFrame,
    trials: int = 50,
    options: StudyOptions | None = None,
    *,
    storage: str | Path | None = None,
    on_trial: Callable[[int, int], None] | None = None,
    jobs: int = 1,
) -> Tuning:
    """Search for the members' best parameters on a model's training bars.

    A trial fits the ensemble on each of the purged splits; it is pruned if its mean so far is worse
    than the median of the others. The first trial keeps the model's own parameters. If the storage
    holds trials of the same data, model and options, only the missing ones run.

    Parameters
    ----------
    model : SignalModel
        Copied; the original is not fitted.
    bars : DataFrame
        Training bars only: bars that test the tuned model must come after them.
    trials : int
        Target number of finished trials, including earlier ones.
    options : StudyOptions, optional
    storage : str or path, optional
        A file (SQLite), or a database URL shared by several machines; in memory by default.
    on_trial : callable, optional
        Called with (finished trials, trials).
    jobs : int
        Folds of a trial in parallel, -1 for all cores; the result is the same. Several processes or
        machines on one storage run trials in parallel.

    Raises
    ------
    OptionError
        For an unknown objective, less than one trial, members without a search space, or a storage
        that cannot be opened.
    TrainingError
        If there are too few rows for the splits.
    FileError
        If the storage can no longer be written.

    Examples
    --------
    >>> from bt_fusion.ensemble.ensemble import Ensemble
    >>> from bt_fusion.data.samples import planted_edge
    >>> model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"]))
    >>> found = tune(model, planted_edge(600, auc=0.8), trials=3)
    >>> found.value <= found.untuned, len(found.table)
    (True, 3)
    """
    check_trials(trials)
    search = signal_search(model, bars, options or StudyOptions())
    with step("Trials", report=on_trial) as report:
        study = search.run(trials, storage, report, jobs)
    tuned = apply_parameters(search.ensemble, study.best_trial.params)
    return result(clone(model).set_params(ensemble=tuned), study, search.options.objective)


def signal_search(model: SignalModel, bars: pd.DataFrame, options: StudyOptions) -> "Search":
    """Return the search for the parameters of a model's ensemble."""
    data = LabelledRows.of(model, bars)
    equity = partial(held_equity, data.arrays.close, data.horizon)
    about = model.feature_set().names, model.label()
    return Search.of(model.new_ensemble(), data, equity, about, options)


def check_trials(trials: int) -> None:
    """Raise OptionError for less than one trial."""
    if trials < 1:
        raise OptionError(f"trials {trials} must be 1 or more")


@dataclass(frozen=True, eq=False)
class Search:
    """The shared data of all trials of a study.

    Attributes
    ----------
    ensemble : Ensemble
        Unfitted, with the parameters of the first trial.
    data : LabelledRows
    equity : callable
        See `FoldPredictions`.
    splits : list of Split
    goal : Objective
    space : dict
    options : StudyOptions
    digest : str
        Of everything that a trial's numbers depend on.
    """

    ensemble: Ensemble
    data: LabelledRows
    equity: Equity
    splits: list[Split]
    goal: Objective
    space: dict[str, dict[str, Range]]
    options: StudyOptions
    digest: str

    @classmethod
    def of(
        cls,
        ensemble: Ensemble,
        data: LabelledRows,
        equity: Equity,
        about: Any,
        options: StudyOptions,
    ) -> "Search":
        """Check the options, and split the rows into folds; `about` distinguishes other jobs."""
        goal, space = objective_named(options.objective), tuned_members(ensemble)
        splits = purged_folds(data, options.folds, options.embargo_bars)
        described = object_digest((about, ensemble, data.horizon, astuple(options)))
        labels = data.labels
        digest = array_digest(
            str(described), data.X, labels.y, labels.t1, data.rows, data.arrays.close
        )
        return cls(ensemble, data, equity, splits, goal, space, options, digest)

    def run(
        self,
        trials: int,
        storage: str | Path | None,
        on_trial: Callable[[int, int], None] | None = None,
        jobs: int = 1,
    ) -> Any:
        """Run the missing trials, with parallel folds, and return the study."""
        if jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        name = f"{self.options.objective}-{self.digest[:16]}"
        with storage_errors(storage):
            study = open_study(name, self.goal, storage)
            while True:
                done = len(finished(study))
                if on_trial is not None:
                    on_trial(min(done, trials), trials)
                if done >= trials and has_untuned(study):
                    return study
                self.run_trial(study, jobs, last=done >= trials)

    def run_trial(self, study: Any, jobs: int, last: bool) -> None:
        """Run one trial and store its result, or its interruption.

        The first trial keeps the model's own parameters. If another process is running an earlier
        trial, that one does; the last trial does so if it never ends.
        """
        from optuna.trial import TrialState

        trial = study.ask()
        alone = last or not earlier_running(study, trial.number)  # read first: it may end now
        untuned = alone and not has_untuned(study)
        study.sampler = make_sampler(self.options.seed, trial.number)
        try:
            if untuned:
                trial.set_user_attr(UNTUNED, True)
            parameters = {} if untuned else suggest_parameters(trial, self.space)
            value = self._evaluate(trial, parameters, jobs)
        except BaseException:
            study.tell(trial, state=TrialState.FAIL)
            raise
        study.tell(trial, value, state=TrialState.PRUNED if value is None else None)

    def _evaluate(self, trial: Any, parameters: dict[str, Any], jobs: int) -> float | None:
        """Return the mean over the splits, or None if the pruner ends the trial."""
        ensemble = apply_parameters(self.ensemble, parameters)
        values: list[float] = []
        for number, proba in enumerate(self._fold_probas(ensemble, jobs)):
            rows, classes = self.splits[number][1], self.data.classes
            fold = FoldPredictions(rows, self.data.labels.y[rows], proba, classes, self.equity)
            values.append(self.goal.measure(fold))
            trial.report(float(np.mean(values)), number)
            if number + 1 < len(self.splits) and trial.should_prune():
                return None
        return float(np.mean(values))

    def _fold_probas(self, ensemble: Ensemble, jobs: int) -> Iterator[np.ndarray]:
        """Yield each fold's probabilities in order; fit as many folds at once as there are workers.

        Later folds start later, since a pruned trial does not need them.
        """
        at_once = worker_count(jobs, len(self.splits))
        for first in range(0, len(self.splits), at_once):
            numbers = range(first, min(first + at_once, len(self.splits)))
            results = run_unordered(
                numbered_proba,
                ((ensemble.portable(), number) for number in numbers),
                len(numbers),
                shared=self.shared,
                threads=leaves_lock(ensemble),
                name=lambda _, number: f"fold {number + 1} of a trial",
            )
            found = dict(results)
            yield from (found[number] for number in numbers)

    @cached_property
    def shared(self) -> Shared:
        """The rows and their splits, shared by all folds."""
        return Shared((self.data, self.splits))


def numbered_proba(
    shared: tuple[LabelledRows, list[Split]], ensemble: Ensemble, number: int
) -> tuple[int, np.ndarray]:
    """Return the number of a split, and the probabilities of its test side."""
    data, splits = shared
    return number, fold_proba(ensemble, data, splits[number])


def has_untuned(study: Any) -> bool:
    """Return whether the trial with the model's own parameters has ended."""
    return any(UNTUNED in trial.user_attrs for trial in finished(study))


def earlier_running(study: Any, number: int) -> bool:
    """Return whether another process is running an earlier trial."""
    return any(trial.number < number for trial in running(study))


def result(model: SignalModel, study: Any, objective: str) -> Tuning:
    """Return the result of a study with finished trials; `model` has its best parameters."""
    best = study.best_trial
    (untuned,) = [t for t in finished(study) if UNTUNED in t.user_attrs][:1]
    return Tuning(
        model=model,
        parameters=dict(best.params),
        value=float(best.value),
        untuned=float(untuned.value),
        trials=len(study.trials),
        table=trial_table(study),
        objective=objective,
        study=study.study_name,
    )
