"""Check a strategy for information from outside its bars: earlier runs, tables, fills."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from bt_fusion.audit.comparing import Compared, Finding, error_text, stamp_text
from bt_fusion.audit.futures import cut
from bt_fusion.audit.recording import Recording
from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.elsewhere import (
    DEVIATIONS,
    YEARS,
    how_far_predicted,
    other_bars,
    shifted,
)
from bt_fusion.models.causality.look_ahead_bars import how_many

__all__ = ["filled_too_early", "from_elsewhere"]

Run = Callable[[Mapping[str, pd.DataFrame]], Recording]
MOST = 3_000  # bars beyond the warm-up
SHARE = 0.7  # of the bars, for the first run with new timestamps
MARKETS = 4  # other markets to test, if orders depend on dates
FURTHEST = 10  # bars ahead that orders may predict
FEWEST = 20  # orders; fewer are not enough
EFFECT = 0.25  # mean rank of their moves above which it is not chance


def filled_too_early(plain: Recording) -> Iterator[Finding]:
    """Yield broker settings that fill orders at a price already known."""
    for cheat, price in plain.cheats.items():
        first = stamp_text(plain.orders[0][0]) if plain.orders else ""
        text = (
            f"orders fill at the {price} of the bar they are decided on ({cheat}), a price that is "
            "past by then; turn it off, or use orders of type Close, which fill at the next close"
        )
        yield Finding("look-ahead", "the broker", first, text)


def from_elsewhere(
    run: Run, bars: Mapping[str, pd.DataFrame], usual: Compared
) -> tuple[list[Finding], str]:
    """Find state kept from one run to the next, and values from a table or file.

    Parameters
    ----------
    run : callable
        Maps bars to a `Recording`.
    bars : mapping of DataFrame by symbol
    usual : Compared
        The original run; random parts are left out.

    Returns
    -------
    list of Finding
    str
        What could not be verified, and why, or "".
    """
    used = first_of(bars, usual.plain)
    moved = {name: _moved(own) for name, own in used.items()}
    longest = max(moved.values(), key=len)
    stamp = longest.index[int(SHARE * (len(longest) - 1))].to_datetime64()
    before, whole = run(cut(moved, stamp)), run(moved)
    findings = list(kept_from_a_run(before, whole, stamp, usual))
    unverified = follows_dates(before, whole, usual)
    findings += predicted_elsewhere(run, used, MARKETS if unverified else 1)
    return findings, unverified


def follows_dates(before: Recording, whole: Recording, usual: Compared) -> str:
    """Report if orders change, or the run fails, when the same bars are dated 28 years later.

    Causes are tables by timestamp, and rules by date.
    """
    error = before.error or whole.error
    if error is not None:
        text = error_text(error)
        what = f"the strategy: fails when the same bars are dated 28 years later ({text})"
    elif usual.orders_repeatable and _other_orders(whole, usual.plain):
        what = "orders: change when the same bars are dated 28 years later"
    else:
        return ""
    return f"{what}; this audit cannot check rules by date, or a table of dates"


def kept_from_a_run(
    before: Recording, whole: Recording, stamp: np.datetime64, usual: Compared
) -> Iterator[Finding]:
    """Yield differences if part of the bars was run before all of them, at new timestamps.

    Values kept in a class or module between runs would hide look-ahead.
    """
    failed = before.error is not None or whole.error is not None
    if failed or before.lines != usual.plain.lines:
        return
    compared = Compared(before, before)
    compared.repeatable, compared.orders_repeatable = usual.repeatable, usual.orders_repeatable
    for found in compared.until(stamp, whole, ended=False):
        first = stamp_text(shifted(np.array([np.datetime64(found.first)]), -YEARS)[0])
        text = "changes once a run has seen later bars: something is kept from run to run"
        yield replace(found, first=first, detail=text)


def predicted_elsewhere(
    run: Run, bars: Mapping[str, pd.DataFrame], markets: int
) -> Iterator[Finding]:
    """Yield lines and orders that predict these bars although computed from other bars."""
    others = [run({n: _other(own, seed) for n, own in bars.items()}) for seed in range(markets)]
    others = [other for other in others if other.error is None]
    for name, own in bars.items():
        stamps = own.index.to_numpy().astype("datetime64[ns]")
        close = own.close.to_numpy(float)
        for where, found, first in _predictive(others, stamps, close, name):
            text = (
                f"computed from other bars at these stamps, it still predicts your bars' move "
                f"{how_many(found[0])} later (correlation {found[1]:.2f}): it comes from a table "
                "or file that contains the future, or from an earlier run"
            )
            yield Finding("look-ahead", where, stamp_text(first), text)


def first_of(bars: Mapping[str, pd.DataFrame], plain: Recording) -> dict[str, pd.DataFrame]:
    """Return the first bars: the warm-up and 3,000 more."""
    last = plain.time[min(plain.first + MOST, len(plain.time)) - 1]
    return {name: own for name, own in cut(bars, last).items() if len(own)}


def _other_orders(whole: Recording, plain: Recording) -> bool:
    """Return whether orders differ at other dates, ignoring sizes and prices."""
    last = shifted(whole.time[-1:], -YEARS)[0]
    here = [(order[0], order[1], np.sign(order[2])) for order in plain.orders if order[0] <= last]
    stamps = shifted(np.array([order[0] for order in whole.orders], "datetime64[ns]"), -YEARS)
    there = [
        (stamp, order[1], np.sign(order[2]))
        for stamp, order in zip(stamps, whole.orders, strict=True)
    ]
    return here != there


def _predictive(
    others: list[Recording], stamps: np.ndarray, close: np.ndarray, feed: str
) -> Iterator[tuple[str, tuple[int, float], np.datetime64]]:
    """Yield lines and orders that predict the moves of a feed: how, and their first timestamp."""
    for other in others[:1]:
        at = np.searchsorted(other.time, stamps, side="right") - 1
        for column, name in enumerate(other.lines):
            values = np.where(at >= 0, other.values[np.maximum(at, 0), column], np.nan)
            found = how_far_predicted(values, close)
            if found is not None:
                yield name, found, stamps[int(np.isfinite(values).argmax())]
    ordered = {
        (order[0], np.sign(order[2]))
        for other in others
        for order in other.orders
        if order[1] == feed
    }
    for side in (1.0, -1.0):
        days = np.array(sorted(stamp for stamp, its in ordered if its == side), "datetime64[ns]")
        found = predicted_by_orders(days, stamps, close, side)
        if found is not None:
            yield "orders", found, days[0]


def predicted_by_orders(
    days: np.ndarray, stamps: np.ndarray, close: np.ndarray, side: float
) -> tuple[int, float] | None:
    """Return how many bars ahead orders predict moves to their side; None if it may be chance.

    Moves are ranked from -1 to 1 and averaged at the orders' bars: by chance the mean is 0 with a
    standard deviation of 1 / sqrt(3 n).
    """
    moves = np.diff(np.log(close))
    ranks = np.append(np.nan, 2 * rankdata(moves) / (len(moves) + 1) - 1)
    best: tuple[int, float] | None = None
    for ahead in range(1, FURTHEST + 1):
        rows = np.searchsorted(stamps, days) + ahead
        rows = rows[(rows > 0) & (rows < len(stamps))]
        if len(rows) < FEWEST:
            return None
        mean = side * float(ranks[rows].mean())
        certain = abs(mean) > max(EFFECT, DEVIATIONS / (3 * len(rows)) ** 0.5)
        if certain and (best is None or abs(mean) > abs(best[1])):
            best = ahead, mean
    return best


def _moved(own: pd.DataFrame) -> pd.DataFrame:
    stamps = shifted(own.index.to_numpy().astype("datetime64[ns]"), YEARS)
    return own.set_axis(pd.DatetimeIndex(stamps, name=own.index.name))


def _other(own: pd.DataFrame, seed: int) -> pd.DataFrame:
    made: Any = other_bars(BarArrays.of(own), seed)
    return own.assign(**{name: getattr(made, name) for name in own.columns})
