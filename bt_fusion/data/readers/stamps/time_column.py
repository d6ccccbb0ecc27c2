"""Find and read the time column of a table, under any usual name and format."""

import numpy as np
import pandas as pd

from bt_fusion.data.readers.names import TIME_COLUMNS
from bt_fusion.data.readers.stamps.date_text import stamps_of_text
from bt_fusion.data.readers.stamps.epochs import stamps_of_numbers
from bt_fusion.errors import BarsError

__all__ = ["index_by_time"]

SHOWN = 12  # column names listed in an error
DIGITS = 6  # of a time such as 093000


def index_by_time(
    frame: pd.DataFrame, *, coerce: bool = False, assumed: list[str] | None = None
) -> pd.DataFrame:
    """Return the frame (lower-case column names) indexed by naive UTC stamps.

    Parameters
    ----------
    frame : DataFrame
        With a DatetimeIndex, or one of `TIME_COLUMNS` as a column or index: ISO text, another
        unambiguous date format, dates as 20240131, or an epoch in seconds, milli-, micro- or
        nanoseconds. A column `date` of days and a column `time` of clock times are combined.
    coerce : bool
        Leave NaT for values that are not times; `repair_bars` drops and reports them.
    assumed : list of str, optional
        Receives a line for each assumption beyond the text.

    Raises
    ------
    BarsError
        If there is no time column, or its values are not times or have two readings.
    """
    values = _time_values(frame)
    notes: list[str] = []
    index = pd.DatetimeIndex(_parsed(values, notes))
    broken = index.isna() & values.notna().to_numpy()
    if broken.any() and not coerce:
        row = int(np.flatnonzero(broken)[0])
        value = str(values.iloc[row])
        raise BarsError(
            f"column {values.name} holds no time in row {row} ({value!r}); write ISO "
            "dates or an epoch in s, ms or us (--repair drops such rows)"
        )
    if assumed is not None:
        assumed += notes
    index = index.tz_convert("UTC").tz_localize(None)
    return frame.set_axis(index.rename("datetime"), axis="index")


def _time_values(frame: pd.DataFrame) -> pd.Series:
    if isinstance(frame.index, pd.DatetimeIndex):
        return pd.Series(frame.index, name="index")
    found = [name for name in TIME_COLUMNS if name in frame.columns]
    if found[:1] == ["date"] and "time" in found:
        joined = _date_and_time(frame["date"], frame["time"])
        if joined is not None:
            return joined
    if found:
        return frame[found[0]]
    name = frame.index.name
    if isinstance(frame.index, pd.RangeIndex) or str(name or "index").lower() not in TIME_COLUMNS:
        names = [str(column)[:40] for column in frame.columns]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise BarsError(
            f"no time column among {', '.join(names[:SHOWN])}{more}; call it open_time, "
            "datetime, date, timestamp or time"
        )
    return pd.Series(frame.index, name=name or "index")


def _date_and_time(dates: pd.Series, times: pd.Series) -> pd.Series | None:
    """Return `date time` texts of days and clock times (09:30, 093000), None for other columns.

    Rows with neither have no time.
    """
    known = dates.notna() & times.notna()
    days, clocks = dates.astype("string").str.strip(), times.astype("string").str.strip()
    if not known.any() or days[known].str.contains(":").any():
        return None
    digits = clocks[known].str.fullmatch(r"\d{1,6}").all()
    if not digits and not clocks[known].str.contains(":").mean() > 0.5:
        return None
    if digits:  # a program that read them as numbers lost the leading zeros
        longest = int(clocks[known].str.len().max())
        if longest < 3 and (clocks[known] != "0").any():
            return None
        clocks = clocks.str.zfill(DIGITS if longest != 3 and longest != 4 else 4)
        clocks = clocks.str.slice(0, 2) + ":" + clocks.str.slice(2, 4) + _seconds(clocks)
    return (days + " " + clocks).where(known).rename("date and time")


def _seconds(clocks: pd.Series) -> pd.Series:
    seconds = clocks.str.slice(4, DIGITS)
    return (":" + seconds).where(seconds.str.len() > 0, "")


def _parsed(values: pd.Series, assumed: list[str]) -> pd.Series:
    """Return UTC stamps, NaT if not a time."""
    if values.dtype.kind == "M":
        return pd.to_datetime(values, utc=True)
    numbers = pd.to_numeric(values, errors="coerce").astype("Float64").astype(np.float64)
    if numbers.notna().any() and numbers.notna().sum() * 2 >= values.notna().sum():
        return stamps_of_numbers(numbers)
    return stamps_of_text(values, assumed)
