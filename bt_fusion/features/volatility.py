"""Volatility: true range, Bollinger bands, realised and range-based estimates."""

from functools import partial

import numpy as np

from bt_fusion.data.bars import BarArrays, shared
from bt_fusion.features.price import log_return_1
from bt_fusion.features.registry import feature
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import ratio, wilder_memory

FLAT = 1e-9  # log returns below this are rounding, not movement
UNIT = 2.0**40  # TA-Lib treats a variance below 1e-14 as zero; prices of 1e-5 have such variances


@feature("atr_14", lookback=15, memory=wilder_memory(14), family="volatility")
def atr_14(bars: BarArrays) -> np.ndarray:
    """Average true range / close (Wilder 1978)."""
    return talib.ATR(bars.high, bars.low, bars.close, 14) / bars.close


@feature("true_range", lookback=2, family="volatility")
def true_range(bars: BarArrays) -> np.ndarray:
    """True range of the bar / close."""
    return talib.TRANGE(bars.high, bars.low, bars.close) / bars.close


@feature("bb_width_20", "bb_percent_20", lookback=20, family="volatility")
def bollinger(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Bollinger bands (20, 2): width / middle, and %B clipped to -1..2.

    %B is 0 on the lower band, 1 on the upper, 0.5 when the price has not moved.
    """
    close = bars.close * UNIT
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    upper -= lower
    close -= lower
    place = ratio(close, upper, empty=0.5, floor=middle * FLAT)
    upper /= middle
    return upper, place.clip(-1.0, 2.0, out=place)


@shared
def realised(bars: BarArrays, period: int) -> np.ndarray:
    """Standard deviation of one-bar log returns over `period` bars, per bar."""
    return talib.STDDEV(log_return_1(bars), period)


for _period in (10, 20, 60):
    feature(f"volatility_{_period}", lookback=_period + 1, family="volatility")(
        partial(realised, period=_period)
    )


@feature("volatility_ratio_10_60", lookback=61, family="volatility")
def volatility_ratio(bars: BarArrays) -> np.ndarray:
    """Volatility over 10 bars / volatility over 60, clipped to 10; 1 on flat prices."""
    values = ratio(realised(bars, period=10), realised(bars, period=60), empty=1.0, floor=FLAT)
    return values.clip(0.0, 10.0, out=values)


@feature("parkinson_20", lookback=20, family="volatility")
def parkinson_20(bars: BarArrays) -> np.ndarray:
    """Volatility per bar from the high-low range over 20 bars (Parkinson 1980)."""
    span = np.log(bars.high / bars.low)
    span *= span
    values = talib.SMA(span, 20)
    values /= 4 * np.log(2)
    return np.sqrt(np.maximum(values, 0.0, out=values), out=values)


@feature("range_ratio_20", lookback=20, family="volatility")
def range_ratio_20(bars: BarArrays) -> np.ndarray:
    """Range of the bar / mean range of 20 bars, clipped to 20; 1 without any range."""
    values = ratio(bars.span, talib.SMA(bars.span, 20), empty=1.0, floor=bars.close * FLAT)
    return values.clip(0.0, 20.0, out=values)


@feature("channel_20", lookback=20, family="volatility")
def channel_20(bars: BarArrays) -> np.ndarray:
    """Position of the close in the 20-bar channel: 0 at its low, 1 at its high."""
    low = talib.MIN(bars.low, 20)
    high = talib.MAX(bars.high, 20)
    high -= low
    return ratio(bars.close - low, high, empty=0.5)
