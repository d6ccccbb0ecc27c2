"""What a strategy knows from elsewhere than its bars: earlier runs, tables, cheating fills."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import Compared, Finding, stamp_text
from bt_fusion.audit.futures import cut
from bt_fusion.audit.recording import Recording
from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.elsewhere import YEARS, foretold, other_bars, shifted

__all__ = ["filled_too_early", "foretelling", "kept_from_a_run"]

Run = Callable[[Mapping[str, pd.DataFrame]], Recording]
MOST = 3_000  # bars beyond the warm-up
SHARE = 0.7  # of the bars that the first run at new stamps is given


def filled_too_early(plain: Recording) -> Iterator[Finding]:
    """Yield what the broker lets orders know: the price they fill at when they are given."""
    for cheat, price in plain.cheats.items():
        first = stamp_text(plain.orders[0][0]) if plain.orders else ""
        text = (
            f"orders fill at the {price} of the bar they were decided on ({cheat}), which is past "
            "by then; leave it out, or give orders of the type Close for the close of the next bar"
        )
        yield Finding("look-ahead", "the broker", first, text)


def kept_from_a_run(
    run: Run, bars: Mapping[str, pd.DataFrame], usual: Compared
) -> Iterator[Finding]:
    """Yield what differs where a part of the bars is run before all of them, at other stamps.

    What a class or module keeps from one run to the next would hide what is to come.

    Parameters
    ----------
    run : callable
        Bars to their `Recording`.
    bars : mapping of DataFrame by symbol
    usual : Compared
        What is random is left aside.
    """
    moved = {name: _moved(own, -YEARS) for name, own in first_of(bars, usual.plain).items()}
    longest = max(moved.values(), key=len)
    stamp = longest.index[int(SHARE * (len(longest) - 1))].to_datetime64()
    before = run(cut(moved, stamp))
    whole = run(moved)
    if before.error is not None or whole.error is not None:
        return
    compared = Compared(before, before)
    compared.steady, compared.orders_steady = usual.steady, usual.orders_steady
    if before.lines != usual.plain.lines:
        return
    for found in compared.until(stamp, whole, ended=False):
        first = stamp_text(shifted(np.array([np.datetime64(found.first)]), YEARS)[0])
        text = "it is another one once the bars after it have been run: it is kept between runs"
        yield replace(found, first=first, detail=text)


def foretelling(run: Run, bars: Mapping[str, pd.DataFrame], plain: Recording) -> Iterator[Finding]:
    """Yield what tells the moves of these bars though it was made from others at their stamps."""
    used = first_of(bars, plain)
    other = run({name: _other(own) for name, own in used.items()})
    if other.error is not None:
        return
    for name, own in used.items():
        stamps = own.index.to_numpy().astype("datetime64[ns]")
        close = own.close.to_numpy(float)
        for where, values in _told(other, stamps, name):
            found = foretold(values, close)
            if found is not None:
                first = stamp_text(stamps[int(np.isfinite(values).argmax())])
                text = (
                    f"made from other bars at the same stamps, it still tells the move {found[0]} "
                    f"bars later (rank correlation {found[1]:.2f}): it comes from a table or file "
                    "that knows what comes, or from an earlier run"
                )
                yield Finding("look-ahead", where, first, text)


def first_of(bars: Mapping[str, pd.DataFrame], plain: Recording) -> dict[str, pd.DataFrame]:
    """Return the first bars: the warm-up and 3,000 more."""
    last = plain.time[min(plain.first + MOST, len(plain.time)) - 1]
    return {name: own for name, own in cut(bars, last).items() if len(own)}


def _told(other: Recording, stamps: np.ndarray, feed: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield lines and order sides by stamp, NaN where there is none."""
    at = np.searchsorted(other.time, stamps, side="right") - 1
    for column, name in enumerate(other.lines):
        values = np.where(at >= 0, other.values[np.maximum(at, 0), column], np.nan)
        yield name, values
    sides = pd.Series(
        {order[0]: np.sign(order[2]) for order in other.orders if order[1] == feed}, dtype=float
    )
    yield "orders", sides.reindex(pd.DatetimeIndex(stamps)).to_numpy()


def _moved(own: pd.DataFrame, years: int) -> pd.DataFrame:
    stamps = shifted(own.index.to_numpy().astype("datetime64[ns]"), years)
    return own.set_axis(pd.DatetimeIndex(stamps, name=own.index.name))


def _other(own: pd.DataFrame) -> pd.DataFrame:
    made: Any = other_bars(BarArrays.of(own))
    return own.assign(**{name: getattr(made, name) for name in own.columns})
