"""Moving averages equal to Backtrader's in every bit: the state of two EMAs, and the ATR."""

from functools import cache
from math import fsum

import numpy as np

__all__ = ["atr", "ema", "ema_state"]


def ema(prices: np.ndarray, period: int) -> np.ndarray:
    """Return the exponential moving average that starts from the mean of the first values.

    Parameters
    ----------
    prices : ndarray of float64, shape (n_bars,)
    period : int
        In bars.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first `period` - 1 bars.

    Notes
    -----
    Uses Backtrader's order of operations, so that two averages are equal here exactly if they are
    equal there. TA-Lib's differ in the last bit, so flat prices would get a state.

    Examples
    --------
    >>> ema(np.array([1.0, 3.0, 2.0]), 2)
    array([nan,  2.,  2.])
    """
    return smoothed(prices, period, 2.0 / (1.0 + period))


def atr(high: np.ndarray, low: np.ndarray, close: np.ndarray, period: int = 14) -> np.ndarray:
    """Return the average true range, NaN for the first `period` bars.

    Examples
    --------
    >>> close = np.array([5.0, 6.0, 6.0, 8.0])
    >>> atr(close, close - 1, close, period=2)  # of true ranges of 1, 1 and 2
    array([nan, nan, 1. , 1.5])

    References
    ----------
    Wilder, New Concepts in Technical Trading Systems (1978).
    """
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    return np.append(np.nan, smoothed(ranges, period, 1.0 / period))[: len(close)]


def smoothed(values: np.ndarray, period: int, new: float) -> np.ndarray:
    """Return an average from the mean of the first values; each new value weighs `new`."""
    found = np.full(len(values), np.nan)
    if len(values) >= period:
        found[period - 1] = start = fsum(values[:period]) / period
        decayed = filtered if filters_exactly() else walked
        found[period:] = decayed(start, values[period:] * new, 1.0 - new)
    return found


def walked(start: float, shares: np.ndarray, old: float) -> list[float]:
    """Return a series from `start`; each step is the last value times `old` plus a share."""
    averages, last = [], start
    for share in shares.tolist():
        last = last * old + share
        averages.append(last)
    return averages


def filtered(start: float, shares: np.ndarray, old: float) -> np.ndarray:
    """Return the same as `walked`, in a twentieth of the time."""
    from scipy.signal import lfilter

    return lfilter([1.0, 0.0], [1.0, -old], shares, zi=[start * old])[0]


@cache
def filters_exactly() -> bool:
    """Return whether `filtered` equals `walked` bit by bit: a compiler may fuse * and +."""
    shares = np.random.default_rng(0).random(256)
    return np.array_equal(filtered(0.5, shares, 0.9), walked(0.5, shares, 0.9))


def ema_state(prices: np.ndarray, fast: int = 12, slow: int = 26) -> np.ndarray:
    """Return 1 where the fast average is above the slow one, -1 below, 0 equal or warming up.

    Returns
    -------
    ndarray of int64, shape (n_bars,)

    Examples
    --------
    >>> ema_state(np.array([5.0, 5.0, 6.0, 4.0]), fast=1, slow=2)
    array([ 0,  0,  1, -1])
    """
    distance = ema(prices, fast) - ema(prices, slow)
    return np.sign(np.nan_to_num(distance)).astype(np.int64)
