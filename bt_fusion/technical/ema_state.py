"""The state of two exponential moving averages, to the bits of Backtrader's EMA."""

from itertools import accumulate
from math import fsum

import numpy as np

__all__ = ["ema", "ema_state"]


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
    In the order of operations of Backtrader, so that two averages are equal here where they are
    equal there. TA-Lib's differ in the last bit, which gives flat prices a state.

    Examples
    --------
    >>> ema(np.array([1.0, 3.0, 2.0]), 2)
    array([nan,  2.,  2.])
    """
    values = np.full(len(prices), np.nan)
    if len(prices) >= period:
        new = 2.0 / (1.0 + period)
        old = 1.0 - new
        seed = fsum(prices[:period]) / period
        later = prices[period:].tolist()
        averages = accumulate(later, lambda last, price: last * old + price * new, initial=seed)
        values[period - 1 :] = list(averages)
    return values


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
    away = ema(prices, fast) - ema(prices, slow)
    return np.sign(np.nan_to_num(away)).astype(np.int64)
