"""Convert between Backtrader's lines and arrays, and between timestamps."""

from array import array

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays

__all__ = [
    "bar_values",
    "feed_names",
    "fill",
    "float_days",
    "keep_bar_before",
    "preloaded",
    "stamps",
    "whole",
]

EPOCH_DAY = 719_163  # Backtrader counts days from year 1, numpy from 1970
MS_PER_DAY = 86_400_000


def feed_names(datas) -> dict:
    """Return the name of each data feed; unnamed feeds of several are data0, data1, ..."""
    few = len(datas) == 1
    return {data: data._name or ("" if few else f"data{i}") for i, data in enumerate(datas)}


def keep_bar_before(*lines) -> None:
    """Make lines keep the previous bar as well: under exactbars=1 they keep one bar.

    An order placed at a bar's open needs it. Call it before the run begins.
    """
    for line in lines:
        line.updateminperiod(2)


def stamps(days) -> np.ndarray:
    """Turn Backtrader's float days into datetime64[ns].

    Rounded to the millisecond: a float of days is accurate to a few microseconds, and 10:00 must
    not become 9:59:59.999995.
    """
    ms = np.rint((np.asarray(days, dtype=np.float64) - EPOCH_DAY) * MS_PER_DAY)
    return ms.astype(np.int64).astype("datetime64[ms]").astype("datetime64[ns]")


def float_days(time: np.ndarray) -> np.ndarray:
    """Turn datetime64[ns] into Backtrader's float days, bit for bit as bt.date2num.

    Whole days and the microseconds of the day are added last, as bt.date2num does.
    """
    days = time.astype("datetime64[D]")
    micros = (time - days).astype("timedelta64[us]").astype(np.int64)
    hours, rest = np.divmod(micros, 3_600_000_000)
    minutes, rest = np.divmod(rest, 60_000_000)
    seconds, micros = np.divmod(rest, 1_000_000)
    parts = (hours / 24.0, minutes / 1440.0, seconds / 86400.0, micros / 86400e6)
    part_of_day = parts[0] + parts[1] + parts[2] + parts[3]
    return (days.astype(np.int64) + EPOCH_DAY).astype(np.float64) + part_of_day


def whole(line, count: int) -> np.ndarray:
    """Copy the first `count` values of a line (a view would keep the line from growing)."""
    return np.array(line.array[:count], dtype=np.float64)


def fill(line, values: np.ndarray) -> None:
    """Overwrite the beginning of a line's array."""
    line.array[: len(values)] = array("d", np.ascontiguousarray(values, np.float64).tobytes())


def preloaded(data) -> BarArrays:
    """Return all bars of a data feed, including future ones: the caller must be causal."""
    count = data.buflen()
    columns = (whole(getattr(data.lines, name), count) for name in COLUMNS)
    return BarArrays(stamps(whole(data.lines.datetime, count)), *columns)


def bar_values(data, ago=0) -> tuple[np.datetime64, tuple[float, ...]]:
    """Return timestamp, open, high, low, close and volume of the bar at ``ago`` (0, -1, ...)."""
    line = data.lines
    values = (line.open[ago], line.high[ago], line.low[ago], line.close[ago], line.volume[ago])
    return stamps(line.datetime[ago])[()], values
