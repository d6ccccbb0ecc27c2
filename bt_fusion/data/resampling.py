"""Build closed bars of a longer timeframe from shorter ones."""

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays, check_bars
from bt_fusion.data.timestamps import bar_seconds, length_seconds, length_text
from bt_fusion.errors import BarsError

__all__ = ["SECOND", "bar_numbers", "closed_bars", "epoch_nanoseconds", "resample_bars"]

SECOND = 1_000_000_000
WEEK = 7 * 86_400
MONDAY = 4 * 86_400  # 1970-01-05, in seconds; the epoch began on a Thursday


def closed_bars(bars: BarArrays, seconds: int, bar_seconds: int) -> tuple[BarArrays, np.ndarray]:
    """Combine bars into longer ones, aligned to UTC midnight, weeks to Monday.

    A bar belongs to the longer one in which it closes, so later bars never change a closed longer
    bar. The first longer bar counts only if the bars begin at its start.

    Parameters
    ----------
    bars : BarArrays
        Stamped at their opens.
    seconds : int
        Length of the longer bars.
    bar_seconds : int
        Length of the bars.

    Returns
    -------
    bars : BarArrays
        Also stamped at their opens; the last may still be open.
    closes : ndarray of int64, shape (n_longer,)
        The end of each, nanoseconds since 1970: it is closed for every bar that closes then or
        later.

    Examples
    --------
    >>> hour = np.timedelta64(1, "h")
    >>> time = np.datetime64("2024-01-01T00:00", "ns") + hour * np.arange(6)
    >>> price = np.arange(1.0, 7.0)
    >>> longer, closes = closed_bars(BarArrays(time, *[price] * 5), 4 * 3_600, 3_600)
    >>> longer.open, longer.close, longer.volume
    (array([1., 5.]), array([4., 6.]), array([10., 11.]))
    >>> closes.astype("datetime64[ns]").astype("datetime64[h]")
    array(['2024-01-01T04', '2024-01-01T08'], dtype='datetime64[h]')
    """
    length, number = seconds * SECOND, bar_numbers(bars, seconds, bar_seconds)
    first = np.flatnonzero(np.diff(number, prepend=number[:1] - 1))
    closes = number[first] * length + _anchor(seconds)
    if len(first) and epoch_nanoseconds(bars.time[:1])[0] != closes[0] - length:
        first, closes = first[1:], closes[1:]
    if not len(first):
        return bars[:0], closes
    last = np.append(first[1:], len(bars)) - 1
    longer = BarArrays(
        (closes - length).astype("datetime64[ns]"),
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
    )
    return longer, closes


def resample_bars(bars: pd.DataFrame, length: str) -> pd.DataFrame:
    """Return complete bars of a longer length, see `closed_bars`.

    If some shorter bars are missing, the longer bar uses the others, as an exchange does.

    Parameters
    ----------
    bars : DataFrame
    length : str
        Such as 4h.

    Raises
    ------
    OptionError
        If it is not a length.
    BarsError
        If the given bars are not shorter, do not fit into the length, or make no complete bar.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> list(resample_bars(random_walk(70), "15m").index.strftime("%H:%M"))
    ['00:00', '00:15', '00:30', '00:45']
    """
    arrays, seconds = BarArrays.of(bars), length_seconds(length)
    given = bar_seconds(arrays.time)
    if not given:
        raise BarsError(f"{len(bars)} bars do not tell how long they are; give more of them")
    if given >= seconds or seconds % given:
        raise BarsError(
            f"bars of {length_text(given)} do not make bars of {length}; give a length that is a "
            "multiple of theirs"
        )
    longer, closes = closed_bars(arrays, seconds, given)
    whole = closes <= epoch_nanoseconds(arrays.time[-1:]) + given * SECOND
    if not whole.any():
        raise BarsError(f"{len(bars):,} bars hold no whole bar of {length}; give more of them")
    columns = {name: getattr(longer, name)[whole] for name in COLUMNS}
    index = pd.DatetimeIndex(longer.time[whole], name=bars.index.name)
    return check_bars(pd.DataFrame(columns, index=index))


def bar_numbers(bars: BarArrays, seconds: int, bar_seconds: int) -> np.ndarray:
    """Return for each bar the number of the longer bar in which it closes."""
    closes = epoch_nanoseconds(bars.time) + bar_seconds * SECOND
    return -((_anchor(seconds) - closes) // (seconds * SECOND))  # rounded up


def epoch_nanoseconds(time: np.ndarray) -> np.ndarray:
    """Return stamps as int64 nanoseconds since 1970."""
    return time.astype("datetime64[ns]").astype(np.int64)


def _anchor(seconds: int) -> int:
    return MONDAY * SECOND if seconds % WEEK == 0 else 0
