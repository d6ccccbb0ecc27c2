"""Bars of a longer timeframe, made of shorter ones: only what is closed."""

import numpy as np

from bt_fusion.data.bars import BarArrays

__all__ = ["SECOND", "bar_numbers", "closed_bars", "epoch_nanoseconds"]

SECOND = 1_000_000_000
WEEK = 7 * 86_400
MONDAY = 4 * 86_400  # 1970-01-05, in seconds; the epoch began on a Thursday


def closed_bars(bars: BarArrays, seconds: int, bar_seconds: int) -> tuple[BarArrays, np.ndarray]:
    """Put bars together to longer ones, aligned to UTC midnight, weeks to Monday.

    A bar belongs to the longer one in which it closes, so that none that comes later can change a
    longer bar that is closed. The first one counts only if the bars begin where it begins.

    Parameters
    ----------
    bars : BarArrays
        Stamped by their opens.
    seconds : int
        Length of the longer bars.
    bar_seconds : int
        Length of the bars.

    Returns
    -------
    bars : BarArrays
        Stamped by their opens too; the last may still be open.
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


def bar_numbers(bars: BarArrays, seconds: int, bar_seconds: int) -> np.ndarray:
    """Return the number of the longer bar in which each bar closes, counted by their ends."""
    closes = epoch_nanoseconds(bars.time) + bar_seconds * SECOND
    return -((_anchor(seconds) - closes) // (seconds * SECOND))  # rounded up


def epoch_nanoseconds(time: np.ndarray) -> np.ndarray:
    """Return stamps as int64 nanoseconds since 1970."""
    return time.astype("datetime64[ns]").astype(np.int64)


def _anchor(seconds: int) -> int:
    return MONDAY * SECOND if seconds % WEEK == 0 else 0
