"""Bars: a DataFrame of OHLCV candles, checked once, and its arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import (
    COLUMNS,
    REMEDY,
    check_order,
    checked_index,
    faults,
    named_rows,
    nanoseconds,
    numbers,
)
from bt_fusion.errors import BarsError

__all__ = ["BarArrays", "bars_per_year", "check_bars", "repair_bars", "shared"]

CHECKED = "_bt_fusion_checked"  # attribute of a frame that was checked: its arrays at that time


@dataclass(frozen=True, eq=False)
class BarArrays:
    """The columns of checked bars as contiguous arrays of one length.

    Attributes
    ----------
    time : ndarray of datetime64[ns], shape (n_bars,)
    open, high, low, close, volume : ndarray of float64, shape (n_bars,)
    """

    time: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    @classmethod
    def of(cls, bars: "pd.DataFrame | BarArrays") -> "BarArrays":
        """Check a frame and return its columns; arrays are returned unchanged.

        A frame that was checked before and has not changed returns the same arrays, read-only and
        independent of the frame.
        """
        return bars if isinstance(bars, BarArrays) else _arrays_of(bars, min_rows=1)

    def __len__(self) -> int:
        return len(self.close)

    def __getstate__(self) -> dict[str, np.ndarray]:
        """Return the columns only; another process computes derived values again."""
        return {name: getattr(self, name) for name in ("time", *COLUMNS)}

    def __getitem__(self, rows: slice) -> "BarArrays":
        return BarArrays(
            self.time[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
        )

    def tail(self, count: int) -> "BarArrays":
        """Return the last `count` bars, or all if there are fewer."""
        return self[max(0, len(self) - count) :]

    @cached_property
    def log_close(self) -> np.ndarray:
        """Natural logarithm of the close."""
        return _read_only(np.log(self.close))

    @cached_property
    def span(self) -> np.ndarray:
        """High minus low, in price units."""
        return _read_only(self.high - self.low)

    @cached_property
    def body(self) -> np.ndarray:
        """Close minus open, in price units."""
        return _read_only(self.close - self.open)

    @cached_property
    def derived(self) -> dict[Any, np.ndarray]:
        """Columns derived from these bars, by function and arguments; see `shared`."""
        return {}


def shared(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Cache a function of bars for the same bars and named arguments.

    The result is read-only because several features use it.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> @shared
    ... def middle(bars, share):
    ...     return bars.low + share * bars.span
    >>> bars = BarArrays.of(random_walk(3))
    >>> middle(bars, share=0.5) is middle(bars, share=0.5)
    True
    """

    @wraps(make)
    def once(bars: BarArrays, **named: Any) -> np.ndarray:
        key = make, *named.items()
        known = bars.derived.get(key)
        if known is None:
            known = bars.derived[key] = _read_only(make(bars, **named))
        return known

    return once


def check_bars(bars: pd.DataFrame, min_rows: int = 1) -> pd.DataFrame:
    """Check bars and return them in the project's form, or raise an error.

    Parameters
    ----------
    bars : DataFrame
        Columns open, high, low, close, volume (others are dropped); a DatetimeIndex, UTC and
        naive, strictly increasing. Stamps are not changed.
    min_rows : int
        Fewest bars to accept.

    Returns
    -------
    DataFrame
        float64 columns in the order of `COLUMNS`, index in nanoseconds.

    Raises
    ------
    BarsError
        With the first faulty rows and the remedy.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> check_bars(random_walk(3)).shape
    (3, 5)
    """
    arrays = _arrays_of(bars, min_rows)
    table = np.stack([getattr(arrays, name) for name in COLUMNS])  # one copy; a dict makes two
    index = nanoseconds(pd.DatetimeIndex(bars.index))
    checked = pd.DataFrame(table.T, columns=list(COLUMNS), index=index, copy=False)
    return _remember(checked, arrays)


def repair_bars(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Sort the bars, drop duplicates and rows that `check_bars` refuses; report each repair.

    Parameters
    ----------
    bars : DataFrame
        Lower-case columns and a naive UTC DatetimeIndex, as `tidy_bars` returns.

    Returns
    -------
    bars : DataFrame
    report : list of str
        One line per kind of repair, with the first rows (positions in the input) and how many more.
        Of sound bars with the same stamp the last is kept.

    Raises
    ------
    BarsError
        If columns or index cannot be repaired row by row.
    """
    index = checked_index(bars)
    values, report = numbers(bars), []
    kept = np.ones(len(bars), dtype=bool)
    for fault, rows in faults(bars, values):
        if (rows & kept).any():
            report.append(f"dropped {fault} in {named_rows(index, rows & kept)}")
            kept &= ~rows
    positions = np.flatnonzero(kept)
    duplicates = positions[index[positions].duplicated(keep="last")]
    if len(duplicates):
        report.append(f"dropped duplicate time in {named_rows(index, duplicates)}")
        positions = np.setdiff1d(positions, duplicates)
    late = positions[1:][np.diff(index[positions].asi8) < 0]
    if len(late):
        report.append(f"sorted: out of order in {named_rows(index, late)}")
    positions = positions[np.argsort(index[positions].asi8)]
    repaired = {name: column[positions] for name, column in values.items()}
    return pd.DataFrame(repaired, index=nanoseconds(index[positions])), report


def bars_per_year(index: pd.DatetimeIndex) -> float:
    """Return the number of bars per year, from the spacing and trading calendar of the data.

    Markets that trade through weekends count 365.25 days; others 252 trading days, each with
    its usual number of bars. Bars of a week and longer are counted by their length alone.

    >>> bars_per_year(pd.date_range("2024-01-01", periods=400, freq="D"))
    365.25
    >>> bars_per_year(pd.bdate_range("2024-01-01", periods=400))
    252.0
    """
    if len(index) < 2:
        return float("nan")
    day = pd.Timedelta(days=1)
    length = pd.Series(index).diff().median()
    if length >= 5 * day:
        return 365.25 * day / length
    weekend = (index.day_of_week >= 5).mean()
    if weekend > 0.2:  # 2/7 of the bars of a market that never closes
        return 365.25 * day / length
    per_day = index.normalize().value_counts().median() if length < day else 1.0
    return 252.0 * float(per_day)


def _arrays_of(bars: pd.DataFrame, min_rows: int) -> BarArrays:
    """Return the arrays of sound bars; an unchanged frame is not checked again."""
    arrays = getattr(bars, "__dict__", {}).get(CHECKED)
    if arrays is None or not _unchanged(bars, arrays):
        arrays = _check(bars)
        _remember(bars, arrays)
    if len(arrays) < min_rows:
        raise BarsError(
            f"{len(arrays)} bars are too few, {min_rows} are needed; give a longer file"
        )
    return arrays


def _check(bars: pd.DataFrame) -> BarArrays:
    """Check every row and return copies of the columns."""
    index = checked_index(bars)
    check_order(index)
    values = numbers(bars)
    for fault, rows in faults(bars, values):
        if rows.any():
            raise BarsError(f"{fault} in {named_rows(index, rows)}; {REMEDY}")
    columns = [np.array(nanoseconds(index)), *(values[name].copy() for name in COLUMNS)]
    return BarArrays(*map(_read_only, columns))


def _read_only(column: np.ndarray) -> np.ndarray:
    """Return the array as read-only: a cached array must not change for another user."""
    column.flags.writeable = False
    return column


def _remember(bars: pd.DataFrame, arrays: BarArrays) -> pd.DataFrame:
    # Unlike `attrs`, an attribute of the object is not copied, pickled or saved with it
    vars(bars)[CHECKED] = arrays
    return bars


def _unchanged(bars: pd.DataFrame, arrays: BarArrays) -> bool:
    """Compare a frame with its checked arrays; much faster than a new check."""
    index, columns = bars.index, [bars.get(name) for name in COLUMNS]
    return (
        isinstance(index, pd.DatetimeIndex)
        and index.tz is None
        and np.array_equal(index.values, arrays.time)
        and all(
            isinstance(column, pd.Series)
            and column.dtype in (np.float64, np.int64)
            and np.array_equal(column.to_numpy(), getattr(arrays, name))
            for name, column in zip(COLUMNS, columns, strict=True)
        )
    )
