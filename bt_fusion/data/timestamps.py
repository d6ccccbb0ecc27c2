"""Stamps: the time column of a table, whatever it is called and however it is written."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError, OptionError

__all__ = [
    "TIME_COLUMNS",
    "bar_length",
    "bar_seconds",
    "index_by_time",
    "iso_time",
    "length_seconds",
    "length_text",
]

TIME_COLUMNS = (
    "open_time",
    "open time",
    "opentime",
    "datetime",
    "date",
    "timestamp",
    "time",
    "index",
    "unnamed: 0",
)
# Epoch stamps are told apart by size, row by row (an exchange's dumps changed from milli- to
# microseconds in 2025): below 1e11 they are seconds (1e11 s is the year 5138), and so on. Where
# most of the rows of one size would lie past 2261, they are of the next smaller unit, of 1970..73.
MICROSECONDS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))
ROW_NUMBERS = 1e8  # as seconds 1973: a column all below counts rows, not time
LATEST = 9.2e15  # microseconds: the year 2261, about where nanosecond stamps end
DAYS = (19_000_101, 22_001_231)  # whole numbers in between are dates, 20240131
SHOWN = 12  # column names listed in an error
MOST_DIGITS = 6  # of a bar length
UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60))


def index_by_time(frame: pd.DataFrame, *, coerce: bool = False) -> pd.DataFrame:
    """Return the frame (lower-case column names) indexed by naive UTC stamps.

    Parameters
    ----------
    frame : DataFrame
        With a DatetimeIndex, or one of `TIME_COLUMNS` as a column or index: ISO text, dates as
        20240131, or an epoch in seconds, milli-, micro- or nanoseconds. A column `date` of days
        and a column `time` of clock times are put together.
    coerce : bool
        Leave NaT where a value is no time, for `repair_bars` to drop and report.

    Raises
    ------
    BarsError
        When no time column is found or its values are no times.
    """
    values = _time_values(frame)
    index = pd.DatetimeIndex(_parsed(values))
    broken = index.isna() & values.notna().to_numpy()
    if broken.any() and not coerce:
        row = int(np.flatnonzero(broken)[0])
        value = str(values.iloc[row])
        raise BarsError(
            f"column {values.name} holds no time in row {row} ({value!r}); write ISO "
            "dates or an epoch in s, ms or us (--repair drops such rows)"
        )
    index = index.tz_convert("UTC").tz_localize(None)
    return frame.set_axis(index.rename("datetime"), axis="index")


def _time_values(frame: pd.DataFrame) -> pd.Series:
    if isinstance(frame.index, pd.DatetimeIndex):
        return pd.Series(frame.index, name="index")
    found = [name for name in TIME_COLUMNS if name in frame.columns]
    if found[:1] == ["date"] and "time" in found:
        dates, times = frame["date"].astype(str), frame["time"].astype(str)
        if times.str.contains(":").all() and not dates.str.contains(":").any():
            return (dates + " " + times).rename("date and time")
    if found:
        return frame[found[0]]
    name = frame.index.name
    if isinstance(frame.index, pd.RangeIndex) or str(name or "index").lower() not in TIME_COLUMNS:
        names = [str(column)[:40] for column in frame.columns]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise BarsError(
            f"no time column among {', '.join(names[:SHOWN])}{more}; call it one of "
            f"{', '.join(TIME_COLUMNS[:-1])}"
        )
    return pd.Series(frame.index, name=name or "index")


def _parsed(values: pd.Series) -> pd.Series:
    """Return UTC stamps, NaT for what is none."""
    if values.dtype.kind == "M":
        return pd.to_datetime(values, utc=True)
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    if numbers.notna().any() and numbers.notna().sum() * 2 >= values.notna().sum():
        return _from_numbers(numbers)
    return _from_text(values)


def _from_numbers(numbers: pd.Series) -> pd.Series:
    size = numbers.abs().to_numpy()
    given = numbers.dropna()
    if given.between(*DAYS).all() and (given % 1 == 0).all():
        text = numbers.astype("Int64").astype("string")
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce", utc=True)
    if not np.nanmax(size) >= ROW_NUMBERS:
        size = np.full(len(size), np.nan)
    factor = _factors(size)
    micro = np.round(numbers.to_numpy() * factor)
    micro[~(np.abs(micro) < LATEST) | np.isnan(size)] = np.nan
    return pd.to_datetime(pd.Series(micro).astype("Int64"), unit="us", utc=True)


def _factors(size: np.ndarray) -> np.ndarray:
    """Return by what each stamp's size is multiplied to give microseconds."""
    limits, factors = map(np.array, zip(*MICROSECONDS, strict=True))
    unit = np.searchsorted(limits[:-1], size, side="right")
    for each in range(len(factors) - 2, -1, -1):  # from the smaller units, so that shifts add up
        rows = size[unit == each]
        if len(rows) and np.mean(rows * factors[each] >= LATEST) > 0.5:
            factors[each] = factors[each + 1]
    return factors[unit]


def _from_text(values: pd.Series) -> pd.Series:
    """Read ISO text, or the one other way of writing dates that fits the whole column."""
    iso = pd.to_datetime(values, utc=True, format="ISO8601", errors="coerce")
    if not (iso.isna() & values.notna()).any():
        return iso
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pandas tells how it guessed
        month, day = (
            pd.to_datetime(values, utc=True, dayfirst=dayfirst, errors="coerce")
            for dayfirst in (False, True)
        )
    best = min((iso, month, day), key=lambda parsed: parsed.isna().sum())
    if best is month and month.notna().any() and day.isna().sum() == month.isna().sum():
        differ = np.flatnonzero((month != day) & month.notna())
        if len(differ):
            raise BarsError(
                f"column {values.name} may be day/month or month/day: {values.iloc[differ[0]]!r}; "
                "write ISO dates, 2024-01-31"
            )
    return best


def iso_time(name: str, given: Any) -> pd.Timestamp:
    """Return a date or time as a naive UTC stamp; of text ISO alone, since 12/03 has two meanings.

    >>> iso_time("bar", "2020-03-12T05:00+01:00")
    Timestamp('2020-03-12 04:00:00')
    """
    try:
        text = isinstance(given, str)
        stamp = pd.to_datetime(given, format="ISO8601") if text else pd.Timestamp(given)
    except (TypeError, ValueError):
        stamp = pd.NaT
    if stamp is pd.NaT:
        raise OptionError(f"{name} {given!r} is no ISO date; write 2020-01-31 or 2020-01-31T05:00")
    return stamp.tz_convert(None) if stamp.tz else stamp


def bar_length(time: np.ndarray) -> str | None:
    """Return the commonest distance of stamps, such as 1h or 1d; None for fewer than two.

    Parameters
    ----------
    time : ndarray of datetime64[ns], shape (n_bars,)

    Examples
    --------
    >>> bar_length(pd.date_range("2024-01-01", periods=3, freq="4h").to_numpy())
    '4h'
    """
    seconds = bar_seconds(time)
    return None if seconds is None else length_text(seconds)


def bar_seconds(time: np.ndarray) -> int | None:
    """Return the commonest distance of stamps in seconds, None for fewer than two.

    Of several that are as common the smallest: two bars a day, four hours apart, are of 4h.
    """
    if len(time) < 2:
        return None
    distances = np.diff(time).astype("timedelta64[s]").astype(np.int64)
    values, counts = np.unique(distances, return_counts=True)
    return int(values[counts.argmax()])


def length_seconds(text: str) -> int:
    """Return the seconds of a bar length such as 30m, 4h, 1d or 1w.

    Raises
    ------
    OptionError
        For other text.

    Examples
    --------
    >>> length_seconds("4h")
    14400
    """
    units = {**dict(UNITS), "s": 1}
    count, unit = text[:-1], text[-1:]
    known = count.isascii() and count.isdigit() and len(count) <= MOST_DIGITS and int(count) > 0
    if not known or unit not in units:
        hint = f"; write {text.lower()}" if unit in "HDW" and known else ""
        raise OptionError(f"timeframe {text[:20]!r} is no length such as 30m, 4h, 1d or 1w{hint}")
    return int(count) * units[unit]


def length_text(seconds: int) -> str:
    """Write a bar length in its largest whole unit.

    >>> length_text(14_400)
    '4h'
    """
    for unit, length in UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
