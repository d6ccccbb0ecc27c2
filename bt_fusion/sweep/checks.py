"""Compare the best replayed variant and ten others with Backtrader, trade for trade."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.engine.runner import Run
from bt_fusion.errors import BtFusionError
from bt_fusion.sweep.runs import Outcome, RunTask, SentInputs, engine_run

__all__ = ["CHECKED", "Checked", "check_task", "checked_variants", "difference"]

CHECKED = 11  # variants: the best, and others drawn at random
CLOSE = 1e-9  # relative difference that counts as equal


@dataclass(frozen=True, eq=False)
class Checked:
    """Backtrader's version of a replayed run: its outcome, and the run or None."""

    outcome: Outcome
    run: Run | None


def check_task(sent: SentInputs, task: RunTask) -> Checked:
    """Make a run in Backtrader, and return it in full."""
    inputs = sent.inputs
    try:
        made = engine_run(inputs, task)
    except BtFusionError as error:
        return Checked(Outcome(task, error=str(error)), None)
    whole = Run(made.figures, made.trades, made.equity)
    return Checked(Outcome.of(task, made, inputs.slices), whole)


def checked_variants(sharpes: dict[int, float | None], seed: int) -> list[int]:
    """Choose the variant with the highest Sharpe ratio and ten others.

    Parameters
    ----------
    sharpes : dict of float or None
        Of replayed variants with ML, by their number.
    seed : int

    Examples
    --------
    >>> chosen = checked_variants({number: number / 10 for number in range(40)}, seed=0)
    >>> chosen[0], len(set(chosen))
    (39, 11)
    """
    numbers = np.array(list(sharpes))
    known = np.array([-np.inf if each is None else each for each in sharpes.values()])
    best = int(known.argmax())
    others = np.delete(numbers, best)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(others, min(CHECKED - 1, len(others)), replace=False)
    return [int(numbers[best]), *sorted(drawn.tolist())]


def difference(replayed: Run | None, made: Checked) -> str:
    """Return how a replayed run differs from Backtrader's, or "".

    Compares every column of every trade, then the account's value on each bar, then each figure:
    numbers to 1e-9 of their size, everything else exactly.
    """
    if replayed is None or made.run is None:
        return made.outcome.error or "an order that the replay cannot fill"
    ours, theirs = replayed.trades, made.run.trades
    if len(ours) != len(theirs):
        return f"{len(ours):,} trades instead of {len(theirs):,}"
    for name in theirs.columns:
        wrong = np.flatnonzero(~same(ours[name], theirs[name]))
        if len(wrong):
            row = int(wrong[0])
            return f"{name} of trade {row + 1:,}: {ours[name][row]} instead of {theirs[name][row]}"
    if not same(replayed.equity, made.run.equity).all():
        return "the account's value at some closes"
    figures = made.run.figures
    if replayed.figures.keys() != figures.keys():
        return "the names of its figures"
    wrong_names = [name for name in figures if not close(replayed.figures[name], figures[name])]
    return f"its figure {wrong_names[0]}" if wrong_names else ""


def same(ours: pd.Series, theirs: pd.Series) -> np.ndarray:
    """Return which values are equal, numbers up to `CLOSE`."""
    if pd.api.types.is_float_dtype(theirs):
        first, second = ours.to_numpy(dtype=float), theirs.to_numpy(dtype=float)
        return np.isclose(first, second, rtol=CLOSE, atol=0, equal_nan=True)
    return np.asarray(ours.to_numpy() == theirs.to_numpy())


def close(ours: Any, theirs: Any) -> bool:
    """Return whether two figures are equal, numbers up to `CLOSE`."""
    if ours is None or theirs is None:
        return ours is theirs
    return bool(np.isclose(ours, theirs, rtol=CLOSE, atol=0, equal_nan=True))
