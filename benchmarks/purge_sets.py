"""``python -m benchmarks.purge_sets``: random labels; no model learns from a bar it is judged by.

A member that notes the bars it is fitted on and asked about goes through everything that splits
rows: the walk-forward, the refits of a live feed, calibration, cross-validation and tuning. Bars,
gaps, labels, horizons, embargoes and schedules are random. What it notes is compared bar by bar,
in sets, with what the label's own bars allow.
"""

import argparse
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from bt_fusion import (
    BtFusionError,
    Direction,
    Ensemble,
    Gain,
    Labels,
    ProfitBeforeStop,
    SignalModel,
    StudyOptions,
    TripleBarrier,
    WalkForward,
)
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.errors import BtFusionWarning
from bt_fusion.evaluation.cross_validation import cross_validate
from bt_fusion.features import feature
from bt_fusion.features.registry import REGISTRY
from bt_fusion.models.splits import LabelledRows, purged_folds, time_series_folds
from bt_fusion.models.streaming.walk_forward_stream import fit_at
from bt_fusion.tuning.tuning import signal_search

POSITION = "bar_position"
MOST = 400  # bars
Rng = np.random.Generator
NOTES: list[tuple[set[int], set[int]]] = []  # bars learnt from, bars asked about


class Noting(ClassifierMixin, BaseEstimator):
    """A member that knows bars by their one feature, and notes what it is given."""

    def __init__(self, C: float = 1.0):
        self.C = C

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: Any = None) -> "Noting":
        """Note the rows to learn from."""
        self.classes_, self.learnt_ = np.unique(y), numbers(X)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Note the rows to predict, and say that every class is as likely."""
        NOTES.append((self.learnt_, numbers(X)))
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def numbers(X: np.ndarray) -> set[int]:
    """Return the positions among the bars that rows of features hold."""
    return set(np.asarray(X)[:, 0].astype(int).tolist())


def position(bars: BarArrays) -> np.ndarray:
    """Return the number of a bar, which is its volume; a half on top makes it unknown."""
    return np.where(bars.volume % 1 > 0, np.nan, bars.volume)


@contextmanager
def position_registered() -> Iterator[None]:
    """Let models use `position` as a feature."""
    feature(POSITION, lookback=1)(position)
    try:
        yield
    finally:
        REGISTRY.pop(POSITION)


@dataclass(frozen=True)
class RandomLabel:
    """Classes by chance, some unknown, each known at a bar by chance within the horizon."""

    horizon: int = 5
    seed: int = 0
    classes: ClassVar[tuple[int, ...]] = (0, 1)
    two_sided: ClassVar[bool] = True

    def __call__(self, bars: Any) -> Labels:
        """Return the label of every bar."""
        rng, count = np.random.default_rng(self.seed), len(BarArrays.of(bars))
        share = rng.uniform(0, 0.3)
        drawn = rng.random((MOST, 3))[:count].T  # more bars change nothing about the first
        y = (drawn[0] < 0.5).astype(float)
        t1 = np.arange(count) + (drawn[1] * (self.horizon + 1)).astype(int)
        unknown = (t1 >= count) | (drawn[2] < share)
        return Labels(np.where(unknown, np.nan, y), np.where(unknown, -1, t1))


def random_label(rng: Rng, horizon: int) -> Any:
    """Return one of the labels there are."""
    near, far = rng.uniform(0.2, 4, 2)
    return [
        RandomLabel(horizon, int(rng.integers(1 << 30))),
        Direction(horizon),
        Gain(horizon, near / 200),
        TripleBarrier(near, far, horizon, int(rng.integers(2, 15))),
        ProfitBeforeStop(near / 200, far / 200, horizon),
    ][int(rng.integers(5))]


def random_bars(rng: Rng) -> pd.DataFrame:
    """Return bars with gaps in time, of which some have no features."""
    bars = random_walk(int(rng.integers(150, MOST)), int(rng.integers(1 << 30)))
    kept = rng.random(len(bars)) >= rng.uniform(0, 0.5)
    kept[:120] = True
    bars = bars[kept].copy()
    unknown = rng.random(len(bars)) < rng.uniform(0, 0.2)
    bars["volume"] = np.arange(len(bars)) + 0.5 * unknown
    return bars


@dataclass(frozen=True)
class Case:
    """A random set of labels, and how it is split.

    Attributes
    ----------
    symbols : list of DataFrame
        The bars of each symbol.
    walk : WalkForward
    folds : int
    tuned : bool
        Whether a trial of a study is run, too; its folds are checked in any case.
    """

    symbols: list[pd.DataFrame]
    walk: WalkForward
    folds: int
    tuned: bool

    @classmethod
    def of(cls, seed: int) -> "Case":
        """Make a case by its seed."""
        rng = np.random.default_rng(seed)
        label = random_label(rng, int(rng.choice([1, 2, 5, 12, 30])))
        calibration = [None, None, "sigmoid"][int(rng.integers(3))]
        ensemble = Ensemble({"noting": Noting()}, calibration=calibration)
        model = SignalModel([POSITION], label, ensemble, causality_check=False)
        walk = WalkForward(
            model,
            int(rng.integers(60, 110)),
            int(rng.integers(10, 60)),
            window=str(rng.choice(["rolling", "expanding"])),
            embargo_bars=int(rng.choice([0, 0, 1, 3, 10])),
            cache=None,
        )
        symbols = [random_bars(rng) for _ in range(int(rng.choice([1, 1, 1, 2, 3])))]
        return cls(symbols, walk, int(rng.integers(2, 5)), seed % 10 == 0)


class Oracle:
    """What the labels' own bars allow, said in plain loops and sets.

    Parameters
    ----------
    walk : WalkForward
    bars : DataFrame
    counts : Counter
        To add to: fits, and pairs of rows that were compared.
    """

    def __init__(self, walk: WalkForward, bars: pd.DataFrame, counts: Counter[str]):
        self.walk, self.counts, self.wrong = walk, counts, list[str]()
        label, labels = walk.model.label(), walk.model.label()(bars)
        self.complete = [value % 1 == 0 for value in bars["volume"]]
        self.ends = {
            row: max(int(labels.t1[row]), row + label.horizon)
            for row in range(len(bars))
            if self.complete[row] and labels.y[row] == labels.y[row]
        }

    def span(self, row: int) -> range:
        """Return the bars a row's label may depend on."""
        return range(row, self.ends[row] + 1)

    def check(self, fine: bool, what: str) -> None:
        """Keep what is wrong."""
        if not fine:
            self.wrong.append(what)

    def note(self, where: str, learnt: set[int], asked: set[int], labelled: bool) -> None:
        """Check that no bar of a label that was learnt is a bar that is judged."""
        self.counts["fits"] += 1
        self.counts["pairs"] += len(learnt) * len(asked)
        used = {bar for row in learnt for bar in self.span(row)}
        judged = {bar for row in asked for bar in self.span(row)} if labelled else asked
        self.check(not used & judged, f"{where}: bars {sorted(used & judged)[:3]} are in both")

    def refit(self, refit: Any, notes: list[tuple[set[int], set[int]]]) -> None:
        """Check the notes of one refit: its rows, its calibration, its block."""
        limit = refit.bar - self.walk.embargo_bars
        allowed = {row for row in self.ends if row >= refit.start and self.ends[row] < limit}
        block = {bar for bar in range(refit.bar, refit.stop) if self.complete[bar]}
        for learnt, asked in notes:
            inner = max(asked) < refit.bar
            self.note(f"refit {refit.bar}", learnt, asked, labelled=inner)
            if inner:
                self.check(learnt | asked <= allowed, f"refit {refit.bar}: calibration beyond it")
            else:
                self.check(learnt == allowed, f"refit {refit.bar}: learnt other rows")
                self.check(asked == block, f"refit {refit.bar}: predicted other bars")

    def fold(self, where: str, learnt: set[int], asked: set[int], embargo: int) -> None:
        """Check one fold, the embargo after its last label included."""
        self.note(where, learnt, asked, labelled=True)
        last = max(self.ends[row] for row in asked)
        late = {row for row in learnt if min(asked) < row <= last + embargo}
        self.check(not late, f"{where}: rows {sorted(late)[:3]} lie in the embargo")


def check_case(case: Case, counts: Counter[str]) -> list[str]:
    """Return what is wrong in a case."""
    wrong = []
    for bars in case.symbols:
        oracle = Oracle(case.walk, bars, counts)
        for part in (check_walk, check_folds):
            NOTES.clear()
            try:
                part(case, bars, oracle)
            except BtFusionError:  # too few rows, or of a single class
                counts["refused"] += 1
        wrong += oracle.wrong
    return wrong


def check_walk(case: Case, bars: pd.DataFrame, oracle: Oracle) -> None:
    """Run the walk-forward, and fit at each of its refits as a live feed does."""
    starts: list[int] = []  # of the notes of each refit
    case.walk.predict(bars, lambda done, total: starts.append(len(NOTES)))
    notes = [*NOTES]
    for number, refit in enumerate(case.walk.refits_):
        oracle.refit(refit, notes[starts[number] : starts[number + 1]])
    arrays = BarArrays.of(bars)
    for refit in case.walk.refits_:
        live = fit_at(case.walk, arrays[: refit.bar], refit.start)
        learnt = live.ensemble_.members_["noting"].learnt_
        block = {bar for bar in range(refit.bar, refit.stop) if oracle.complete[bar]}
        oracle.refit(refit, [(learnt, block)] if block else [])


def check_folds(case: Case, bars: pd.DataFrame, oracle: Oracle) -> None:
    """Cross-validate in both ways, and run a trial of a study over its own folds."""
    model, embargo = case.walk.model, case.walk.embargo_bars
    data = LabelledRows.of(model, bars)
    known = {row for row, end in oracle.ends.items() if end < len(bars)}
    oracle.check(set(data.rows.tolist()) == known, "other labelled rows")
    for name, splits, gap in (
        ("purged fold", purged_folds(data, case.folds, embargo), embargo),
        ("time series fold", time_series_folds(data, case.folds), 0),
    ):
        for split in splits:
            oracle.fold(name, *(set(rows.tolist()) for rows in split), gap)
        check_notes(
            oracle, name, lambda splits=splits: cross_validate(model.new_ensemble(), data, splits)
        )
    mixed = Ensemble({"noting": Noting(), "lr": "lr"})
    tuned = SignalModel([POSITION], model.label(), mixed, causality_check=False)
    options = StudyOptions(folds=case.folds, embargo_bars=embargo)
    search = signal_search(tuned, bars, options)
    for split in search.splits:
        oracle.fold("tuning", *(set(rows.tolist()) for rows in split), embargo)
    if case.tuned:
        check_notes(oracle, "tuning", lambda: search.run(1, None))


def check_notes(oracle: Oracle, where: str, work: Any) -> None:
    """Check all that the member notes while it works."""
    NOTES.clear()
    work()
    for learnt, asked in NOTES:
        oracle.note(where, learnt, asked, labelled=True)


def run(sets: int, seed: int = 0) -> tuple[list[str], Counter[str]]:
    """Return what is wrong in so many random sets, and what was compared."""
    found, counts = [], Counter[str]()
    with position_registered(), warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)  # windows of a single class
        warnings.simplefilter("ignore", UserWarning)
        for number in range(seed, seed + sets):
            found += [f"set {number}: {what}" for what in check_case(Case.of(number), counts)]
    return found, counts


def main(argv: list[str] | None = None) -> int:
    """Run so many sets and print what overlaps."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(argv)
    found, counts = run(given.sets, given.seed)
    for line in found:
        print(line)
    print(
        f"{given.sets} sets of labels, {counts['fits']:,} fits, {counts['pairs']:,} pairs of rows "
        f"({counts['refused']} splits refused for too few rows): {len(found)} overlaps"
    )
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
