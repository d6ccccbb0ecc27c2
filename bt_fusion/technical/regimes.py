"""Regimes by rule: ranging, trending up, trending down. A filter, not a feature."""

from enum import IntEnum

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import wilder_memory

__all__ = ["MEMORY", "Regime", "regimes"]

PERIOD = 14
MEMORY = 2 * wilder_memory(PERIOD)  # bars until the start-up effect is below 1e-9, less `confirm`


class Regime(IntEnum):
    """What the market is doing."""

    RANGING = 0
    UP = 1
    DOWN = 2


def regimes(
    bars: pd.DataFrame | BarArrays, *, threshold: float = 20.0, confirm: int = 3
) -> np.ndarray:
    """Return the regime of every bar.

    A bar trends if ADX(14) reaches `threshold`: up if +DI is above -DI, otherwise down. A trend
    counts once it has lasted `confirm` bars; until then, and while the ADX warms up, the market is
    ranging. Row t depends only on bars up to t.

    Parameters
    ----------
    bars : DataFrame or BarArrays
    threshold : float
        ADX from which a market trends; 20 to 25 is usual.
    confirm : int
        Bars a trend must have lasted, including its first.

    Returns
    -------
    ndarray of int64, shape (n_bars,)
        Values of `Regime`.

    References
    ----------
    Wilder, New Concepts in Technical Trading Systems (1978): ADX and directional indicators.

    Examples
    --------
    >>> from bt_fusion.data.samples import sp500
    >>> np.bincount(regimes(sp500()))
    array([2535, 1220, 1276])
    """
    if confirm < 1:
        raise OptionError(f"confirm {confirm} must be 1 or more bars")
    arrays = BarArrays.of(bars)
    return _confirmed(_raw(arrays, threshold), confirm)


def _raw(arrays: BarArrays, threshold: float) -> np.ndarray:
    if len(arrays) < 2 * PERIOD:
        return np.zeros(len(arrays), dtype=np.int64)
    prices = arrays.high, arrays.low, arrays.close
    rising = talib.PLUS_DI(*prices, PERIOD) > talib.MINUS_DI(*prices, PERIOD)
    trend = np.where(rising, Regime.UP, Regime.DOWN)
    return np.where(talib.ADX(*prices, PERIOD) >= threshold, trend, Regime.RANGING)


def _confirmed(raw: np.ndarray, confirm: int) -> np.ndarray:
    """Keep a regime only if the last `confirm` bars agree on it.

    >>> _confirmed(np.array([1, 1, 1, 2, 2, 1, 0]), 2)
    array([0, 1, 1, 0, 2, 0, 0])
    """
    bars = np.arange(len(raw))
    begun = np.maximum.accumulate(np.where(np.r_[True, raw[1:] != raw[:-1]], bars, 0))
    return np.where(bars - begun + 1 >= confirm, raw, Regime.RANGING)
