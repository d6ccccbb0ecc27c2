"""Bars: a DataFrame of OHLCV candles, checked once, and its arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = ["COLUMNS", "BarArrays", "bars_per_year", "check_bars", "repair_bars"]

COLUMNS = ("open", "high", "low", "close", "volume")
PRICES = COLUMNS[:4]
SHOWN = 3  # rows named in an error
REMEDY = "mend the source, or repair it (--repair, or repair_bars) to drop such rows"
CHECKED = "_bt_fusion_checked"  # attribute of a frame that was checked: its arrays at that time
TIDY = "tidy_bars(bars) brings names, time column and time zone into form"


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
        """Check a frame and take its columns; arrays pass as they are.

        Frames that were checked before and have not changed since give the same arrays again,
        read-only and independent of the frame.
        """
        return bars if isinstance(bars, BarArrays) else _arrays_of(bars, min_rows=1)

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
        return _read_only(np.log(self.close))

    @cached_property
    def span(self) -> np.ndarray:
        """High minus low, in price units."""
        return _read_only(self.high - self.low)

    @cached_property
    def body(self) -> np.ndarray:
        """Close minus open, in price units."""
        return _read_only(self.close - self.open)


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
    >>> from bt_fusion.data.samples import random_walk
    >>> check_bars(random_walk(3)).shape
    (3, 5)
    """
    arrays = _arrays_of(bars, min_rows)
    values = {name: getattr(arrays, name) for name in COLUMNS}
    checked = pd.DataFrame(values, index=_nanoseconds(pd.DatetimeIndex(bars.index)), copy=True)
    return _remember(checked, arrays)


def repair_bars(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Sort the bars, drop duplicates and rows `check_bars` refuses, and report each repair.

    Parameters
    ----------
    bars : DataFrame
        Lower-case columns and a naive UTC DatetimeIndex, which `tidy_bars` makes.

    Returns
    -------
    bars : DataFrame
    report : list of str
        One line for each kind of repair, with the first rows (positions in the bars given) and
        how many more. Of whole bars with the same stamp the last one is kept.

    Raises
    ------
    BarsError
        When columns or index are not of the form that can be repaired row by row.
    """
    index = _checked_index(bars)
    values, report = _numbers(bars), []
    kept = np.ones(len(bars), dtype=bool)
    for fault, rows in _faults(bars, values):
        if (rows & kept).any():
            report.append(f"dropped {fault} in {_named(index, rows & kept)}")
            kept &= ~rows
    positions = np.flatnonzero(kept)
    twins = positions[index[positions].duplicated(keep="last")]
    if len(twins):
        report.append(f"dropped duplicate time in {_named(index, twins)}")
        positions = np.setdiff1d(positions, twins)
    late = positions[1:][np.diff(index[positions].asi8) < 0]
    if len(late):
        report.append(f"sorted: out of order in {_named(index, late)}")
    positions = positions[np.argsort(index[positions].asi8)]
    repaired = {name: column[positions] for name, column in values.items()}
    return pd.DataFrame(repaired, index=_nanoseconds(index[positions])), report


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


def _arrays_of(bars: pd.DataFrame, min_rows: int) -> BarArrays:
    """Return the arrays of sound bars; a frame that is as it was when checked is not checked."""
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
    index = _checked_index(bars)
    _check_order(index)
    values = _numbers(bars)
    for fault, rows in _faults(bars, values):
        if rows.any():
            raise BarsError(f"{fault} in {_named(index, rows)}; {REMEDY}")
    columns = [np.array(_nanoseconds(index)), *(values[name].copy() for name in COLUMNS)]
    return BarArrays(*map(_read_only, columns))


def _read_only(column: np.ndarray) -> np.ndarray:
    """Return the array, locked: what a frame remembers must not change under another reader."""
    column.flags.writeable = False
    return column


def _remember(bars: pd.DataFrame, arrays: BarArrays) -> pd.DataFrame:
    # Unlike `attrs`, an attribute of the object is neither copied nor pickled nor saved with it
    vars(bars)[CHECKED] = arrays
    return bars


def _unchanged(bars: pd.DataFrame, arrays: BarArrays) -> bool:
    """Compare a frame with its arrays when it was checked: a fraction of the time of a check."""
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


def _checked_index(bars: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the index of bars that have the right columns and kind of index."""
    if not isinstance(bars, pd.DataFrame):
        raise BarsError(
            f"bars are a {type(bars).__name__}, not a DataFrame; read a file by read_bars"
        )
    missing = [name for name in COLUMNS if name not in bars.columns]
    if missing:
        has = ", ".join(map(str, bars.columns)) or "none"
        raise BarsError(
            f"bars lack the column(s) {', '.join(missing)}; they have {has}. Rename them "
            f"({TIDY}); where no volume is known, set it to 0"
        )
    for name in COLUMNS:
        if not isinstance(bars[name], pd.Series):
            raise BarsError(f"{bars[name].shape[1]} columns are called {name!r}; keep one")
        if bars[name].dtype.kind in "bcmM":
            raise BarsError(f"column {name} holds {bars[name].dtype}, not numbers; mend the source")
    index = bars.index
    if not isinstance(index, pd.DatetimeIndex):
        raise BarsError(
            f"bars have a {type(index).__name__}, not a DatetimeIndex; "
            f"set the time column as index ({TIDY})"
        )
    if index.tz is not None:
        raise BarsError(f"bars carry the time zone {index.tz}; turn them into naive UTC ({TIDY})")
    return index


def _check_order(index: pd.DatetimeIndex) -> None:
    if index.hasnans:
        return  # the rows without a time are named first
    steps = np.r_[1, np.diff(index.asi8)]
    for fault, rows, remedy in (
        ("bars out of order", steps < 0, "sort them"),
        ("duplicate time", steps == 0, "keep one"),
    ):
        if rows.any():
            raise BarsError(
                f"{fault} in {_named(index, rows)}; {remedy} (--repair, or repair_bars)"
            )


def _numbers(bars: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns as float64, NaN where a value is not a number."""
    numbers = {name: pd.to_numeric(bars[name], errors="coerce") for name in COLUMNS}
    return {name: n.to_numpy(np.float64, na_value=np.nan) for name, n in numbers.items()}


def _faults(bars: pd.DataFrame, values: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (what is wrong, boolean array of the rows) in the order to report them."""
    yield "no time", np.asarray(bars.index.isna())
    for name in COLUMNS:
        unknown = np.isnan(values[name])
        text = unknown & bars[name].notna().to_numpy() if unknown.any() else unknown
        if text.any():
            example = bars[name].to_numpy()[text][0]
            yield f"no plain number such as 1234.5 in column {name} ({example!r})", text
        yield f"NaN in column {name}", unknown
        yield f"infinity in column {name}", np.isinf(values[name])
    for name in PRICES:
        yield f"price <= 0 in column {name}", values[name] <= 0
    yield "negative volume", values["volume"] < 0
    yield "high below low", values["high"] < values["low"]


def _nanoseconds(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    try:
        return index.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        raise BarsError(f"{error}; stamps must lie in the years 1678..2261") from error


def _named(index: pd.Index, rows: np.ndarray) -> str:
    """Name the first few of the rows at fault (a mask, or positions): position from 0, stamp."""
    positions = np.flatnonzero(rows) if rows.dtype == bool else rows
    shown = ", ".join(f"{p} ({index[p]})" for p in positions[:SHOWN])
    more = f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else ""
    return f"row {shown}{more}"
