"""Retrainer: retrain a saved model when due; replace it if the new one is not worse."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.bundle import describe
from bt_fusion.bundle.files import read_bundle
from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import BtFusionError, BundleError, OptionError
from bt_fusion.evaluation.classification import FIGURES
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.progress import step
from bt_fusion.retraining.change import Change, carry_out, recover
from bt_fusion.retraining.checks import check_bars_of, check_recipe
from bt_fusion.retraining.history import CANDIDATE, ROLLED_BACK_SUFFIX, History, digest_of
from bt_fusion.retraining.learning import Window, learn_again
from bt_fusion.retraining.result import (
    KEPT,
    NOT_DUE,
    REPLACED,
    ROLLED_BACK,
    ModelFacts,
    Retraining,
)
from bt_fusion.retraining.schedule import Schedule, minute

__all__ = ["Retrainer"]


@dataclass(frozen=True)
class Retrainer:
    """Retrains a saved model, and restores earlier ones.

    Parameters
    ----------
    folder : path
        Of the saved model. Next to it, `DIR.history` holds the earlier models and the logs.
    every : {"week", "month"}
        How often, see `Schedule`.
    train_bars : int, optional
        Training bars; by default as many rows as the old model had.
    judge_bars : int, optional
        The newest bars, used for the test, see `Schedule`.
    keep : int
        Earlier models to keep.
    causality_check : bool
        See `SignalModel`.
    seed : int
        For the bootstrap; the members keep their own.

    Examples
    --------
    >>> import tempfile
    >>> from bt_fusion import Ensemble, SignalModel
    >>> from bt_fusion.data.samples import planted_edge
    >>> bars = planted_edge(11_000, auc=0.7)  # of one minute: a week and a day
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"])).fit(bars[:500])
    >>> retrainer = Retrainer(model.save(folder.name + "/model"), "week", train_bars=5_000)
    >>> retrainer.run(bars[:9_000]).action, retrainer.run(bars).action
    ('not due', 'replaced')
    >>> retrainer.rollback().action
    'rolled back'
    >>> folder.cleanup()
    """

    folder: str | Path
    every: str = "month"
    train_bars: int | None = None
    judge_bars: int | None = None
    keep: int = 6
    causality_check: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise OptionError(f"keep {self.keep} must be 1 or more: a rollback needs a model")
        if self.train_bars is not None and self.train_bars < 1:
            raise OptionError(f"train-bars {self.train_bars} must be 1 or more")
        Schedule(self.every, self.judge_bars)  # checks both

    @property
    def schedule(self) -> Schedule:
        """When it is due, and how many bars test it."""
        return Schedule(self.every, self.judge_bars)

    def run(
        self,
        bars: pd.DataFrame,
        others: Mapping[str, pd.DataFrame] | None = None,
        name: str = "",
    ) -> Retraining:
        """Retrain the model if due.

        Parameters
        ----------
        bars : DataFrame
            Old and new ones.
        others : mapping of str to DataFrame, optional
            Bars of the other markets that its features need, by name.
        name : str
            Name of the bars in the log.

        Raises
        ------
        BundleError, ModelCompatibilityError
            If the folder holds no sound model, or one whose recipe cannot be repeated here.
        BarsError
            For bars of another length or market, or too few or too old bars.
        OptionError
            If another process is retraining the model.
        TrainingError, LookAheadError
            See `SignalModel.fit`.

        Notes
        -----
        After any error, the folder still holds the old model.
        """
        history = History.of(self.folder)
        with history.lock():
            recover(history)
            card = describe(history.model)
            check_recipe(history.model, card)
            old, arrays = SignalModel.load(history.model, others=others), BarArrays.of(bars)
            check_bars_of(old, arrays)
            return self._decided(history, card, old, arrays, name)

    def rollback(self) -> Retraining:
        """Restore the last earlier model; each further call goes one model back.

        Raises
        ------
        OptionError
            If there is no earlier model, or another process is retraining the model.
        BundleError, ModelCompatibilityError
            If the earlier model does not load here; the folder is unchanged.
        """
        history = History.of(self.folder)
        with history.lock():
            recover(history)
            earlier = history.earlier()
            if not earlier:
                raise OptionError(
                    f"{history.root} holds no earlier model: {history.model} has not been "
                    "replaced since, or all of them were put back"
                )
            return self._put_back(history, earlier[-1])

    def note_failure(self, error: Exception) -> None:
        """Append a failure to the model's log, unless another process is retraining it."""
        with suppress(BtFusionError, OSError):
            history = History.of(self.folder)
            with history.lock():
                if digest_of(history.model):
                    history.write_failure(error, minute(now()))

    def _decided(
        self, history: History, card: dict[str, Any], old: SignalModel, bars: BarArrays, name: str
    ) -> Retraining:
        facts, horizon = ModelFacts.of(old, card["digest"]), old.label().horizon
        decisions = history.decisions()
        since = decided_until(decisions, facts)
        found = Retraining(
            action=NOT_DUE,
            because=self.schedule.why_not(bars.time, since, facts.trained_until, horizon),
            folder=history.model,
            when=now(),
            bars=", ".join(filter(None, (name or card["model"]["symbol"], old.interval_))),
            bars_until=pd.Timestamp(bars.time[-1]),
            old=facts,
        )
        if found.because:
            return found
        found = replace(found, number=next_number(decisions))
        test_bars = self.schedule.test_bars(bars.time, facts.trained_until, horizon)
        window = Window.of(old, bars, test_bars, self.train_bars)
        return self._trained(history, card, old, window, found)

    @step("Retraining")
    def _trained(
        self,
        history: History,
        card: dict[str, Any],
        old: SignalModel,
        window: Window,
        found: Retraining,
    ) -> Retraining:
        """Train, test, and replace the model if it is not worse."""
        onnx = any(part["role"] == "onnx" for part in card["parts"])
        new, comparison = learn_again(
            old, window, causality_check=self.causality_check, onnx=onnx, seed=self.seed
        )
        found = replace(
            found, judged=comparison, new=ModelFacts.of(new), because=comparison.because
        )
        if not comparison.replaces:
            return self._carried_out(history, replace(found, action=KEPT), "")
        new.save(
            history.root / CANDIDATE,
            symbol=card["model"]["symbol"],
            trials=card["trials"],
            test_rows=comparison.rows,
            metrics={
                name: comparison.new[name] for name in FIGURES if comparison.new[name] is not None
            },
        )
        found = replace(
            found,
            action=REPLACED,
            new=ModelFacts.of(new, digest_of(history.root / CANDIDATE)),
            earlier=name_of(found),
        )
        return self._carried_out(history, found, CANDIDATE)

    def _put_back(self, history: History, earlier: Path) -> Retraining:
        decisions, old = history.decisions(), facts_of(history.model)
        new = ModelFacts.of(SignalModel.load(earlier), digest_of(earlier))
        broken = "" if old else "; the model that was there is broken and not kept"
        found = Retraining(
            action=ROLLED_BACK,
            because=f"asked for: {earlier.name} is in the folder again{broken}",
            folder=history.model,
            when=now(),
            bars_until=max(
                (old or new).trained_until,
                *(pd.Timestamp(each["bars_until"]) for each in decisions[-1:]),
                new.trained_until,
            ),
            number=next_number(decisions),
            old=old,
            new=new,
        )
        if old:
            found = replace(found, earlier=name_of(found) + ROLLED_BACK_SUFFIX)
        return self._carried_out(history, found, earlier.name)

    def _carried_out(self, history: History, found: Retraining, source: str) -> Retraining:
        before = digest_of(history.model)
        change = Change(found.to_dict(), found.text, before, found.digest, source, self.keep)
        carry_out(history, change)
        return found


def decided_until(decisions: list[dict[str, Any]], facts: ModelFacts) -> pd.Timestamp:
    """Return the last bar of the last decision, or the training end of a model put there since.

    A decision counts while the folder still holds its model.
    """
    if decisions and decisions[-1]["digest"] == facts.digest:
        return max(pd.Timestamp(decisions[-1]["bars_until"]), facts.trained_until)
    return facts.trained_until


def next_number(decisions: list[dict[str, Any]]) -> int:
    """Return the number of the next decision."""
    return decisions[-1]["number"] + 1 if decisions else 1


def name_of(found: Retraining) -> str:
    """Return the history name of the model that a decision takes out."""
    assert found.old is not None
    return f"{found.number:04d}-{found.old.trained_until:%Y%m%d}"


def facts_of(folder: Path) -> ModelFacts | None:
    """Return the facts of a saved model from its card; None if its files are broken."""
    try:
        read_bundle(folder)
        card = describe(folder)
    except BundleError:
        return None
    trained = card["trained"]
    start, until = pd.Timestamp(trained["start"]), pd.Timestamp(trained["trained_until"])
    return ModelFacts(card["digest"], start, until, trained["rows"])


def now() -> pd.Timestamp:
    """Return the current time, naive UTC, in whole seconds."""
    return pd.Timestamp.now("UTC").tz_localize(None).floor("s")
