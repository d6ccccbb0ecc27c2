"""Bars: a DataFrame of OHLCV candles, checked once at the door, and its arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = ["COLUMNS", "BarArrays", "bars_per_year", "check_bars", "repair_bars"]

COLUMNS = ("open", "high", "low", "close", "volume")
PRICES = COLUMNS[:4]
SHOWN = 3  # rows named in an error


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
    def from_frame(cls, bars: pd.DataFrame) -> "BarArrays":
        """Take the columns of a frame that `check_bars` has passed."""
        columns = (np.ascontiguousarray(bars[name], dtype=np.float64) for name in COLUMNS)
        return cls(np.asarray(bars.index.values, dtype="datetime64[ns]"), *columns)

    def __len__(self) -> int:
        return len(self.close)

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
        """Return the last `count` bars (all of them when there are fewer)."""
        return self[max(0, len(self) - count) :]

    @cached_property
    def log_close(self) -> np.ndarray:
        """Natural logarithm of the close."""
        return np.log(self.close)

    @cached_property
    def span(self) -> np.ndarray:
        """High minus low, in price units."""
        return self.high - self.low

    @cached_property
    def body(self) -> np.ndarray:
        """Close minus open, in price units."""
        return self.close - self.open


def check_bars(bars: pd.DataFrame, min_rows: int = 1) -> pd.DataFrame:
    """Return `bars` in the one form the project works on, or say what is wrong.

    Parameters
    ----------
    bars : DataFrame
        Columns open, high, low, close, volume (others are dropped); a DatetimeIndex, UTC and
        naive, strictly increasing. Stamps are kept as they come.
    min_rows : int
        Fewest bars to accept.

    Returns
    -------
    DataFrame
        float64 columns in the order of `COLUMNS`, index in nanoseconds.

    Raises
    ------
    BarsError
        Naming the first rows at fault and the remedy.

    Examples
    --------
    >>> from bt_fusion.samples import random_walk
    >>> check_bars(random_walk(3)).shape
    (3, 5)
    """
    missing = [name for name in COLUMNS if name not in bars.columns]
    if missing:
        raise BarsError(
            f"bars lack the column(s) {', '.join(missing)}; they have "
            f"{', '.join(map(str, bars.columns))}. Rename them, or read the file with read_bars"
        )
    _check_index(bars.index)
    bars = _as_floats(bars)
    for fault, rows in _faults(bars):
        if rows.any():
            raise BarsError(f"{fault} in {_named(bars.index, rows)}; {REMEDY}")
    if len(bars) < min_rows:
        raise BarsError(f"{len(bars)} bars are too few, {min_rows} are needed; give a longer file")
    return bars


REMEDY = "mend the source, or repair it (--repair, or repair_bars) to drop such rows"


def repair_bars(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Sort the bars, drop duplicates and rows `check_bars` refuses, and report each repair.

    Returns
    -------
    bars : DataFrame
    report : list of str
        One line for each kind of repair, with the count and the first rows. Of bars with the
        same stamp the last one is kept.
    """
    report = []
    if not bars.index.is_monotonic_increasing:
        disorder = np.r_[False, np.diff(pd.DatetimeIndex(bars.index).asi8) < 0]
        report.append(f"sorted: out of order at {_named(bars.index, disorder)}")
        bars = bars.sort_index(kind="stable")
    duplicated = bars.index.duplicated(keep="last")
    if duplicated.any():
        report.append(f"dropped duplicates of {_named(bars.index, duplicated)}")
        bars = bars[~duplicated]
    bars = _as_floats(bars)
    for fault, rows in list(_faults(bars)):
        rows = rows.reindex(bars.index).to_numpy()
        if rows.any():
            report.append(f"dropped {fault} in {_named(bars.index, rows)}")
            bars = bars[~rows]
    return bars, report


def bars_per_year(index: pd.DatetimeIndex) -> float:
    """Return how many bars make a year, from the data's own spacing and trading calendar.

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


def _check_index(index: pd.Index) -> None:
    if not isinstance(index, pd.DatetimeIndex):
        raise BarsError(
            f"bars have a {type(index).__name__}, not a DatetimeIndex; "
            "set the time column as index (pandas: bars.set_index(pd.to_datetime(...)))"
        )
    if index.tz is not None:
        raise BarsError(
            f"bars carry the time zone {index.tz}; turn them into naive UTC "
            "(bars.tz_convert('UTC').tz_localize(None))"
        )
    if index.hasnans:
        raise BarsError(f"no time in {_named(index, index.isna())}; {REMEDY}")
    steps = np.diff(index.asi8)
    if (steps < 0).any():
        rows = np.r_[False, steps < 0]
        raise BarsError(
            f"bars out of order in {_named(index, rows)}; sort them (--repair, or repair_bars)"
        )
    if (steps == 0).any():
        rows = np.r_[False, steps == 0]
        raise BarsError(
            f"duplicate time in {_named(index, rows)}; keep one (--repair, or repair_bars)"
        )


def _as_floats(bars: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name in COLUMNS:
        numbers = pd.to_numeric(bars[name], errors="coerce").astype(np.float64)
        broken = (numbers.isna() & bars[name].notna()).to_numpy()
        if broken.any():
            value = bars[name].to_numpy()[broken][0]
            raise BarsError(
                f"column {name} is not a number ({value!r}) in {_named(bars.index, broken)}; "
                "mend the source"
            )
        columns[name] = numbers.to_numpy()
    return pd.DataFrame(columns, index=pd.DatetimeIndex(bars.index).as_unit("ns"))


def _faults(bars: pd.DataFrame):
    """Yield (what is wrong, boolean Series of the rows) in the order to report them."""
    for name in COLUMNS:
        yield f"NaN in column {name}", bars[name].isna()
        yield f"infinity in column {name}", np.isinf(bars[name])
    for name in PRICES:
        yield f"price <= 0 in column {name}", bars[name] <= 0
    yield "negative volume", bars["volume"] < 0
    yield "high below low", bars["high"] < bars["low"]


def _named(index: pd.Index, rows) -> str:
    """Name the first few of the rows at fault: position counted from 0, and stamp."""
    positions = np.flatnonzero(np.asarray(rows))
    shown = ", ".join(f"{p} ({index[p]})" for p in positions[:SHOWN])
    more = f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else ""
    return f"row {shown}{more}"
