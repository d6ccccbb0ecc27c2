"""Trend: averages relative to the price, their spreads and slopes, MACD, ADX, Aroon.

Averages and oscillators are TA-Lib's; each is divided by the close, so that a model trained at
one price level reads another.
"""

from functools import partial

import numpy as np

from bt_fusion.data.bars import BarArrays, shared
from bt_fusion.features.registry import feature
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import changes, ema_memory, no_event, wilder_memory

SMA_PERIODS = (5, 10, 20, 50, 100)
EMA_PERIODS = (12, 26, 50)
SLOPE_PERIODS = (10, 20, 50)


@shared
def sma(bars: BarArrays, period: int) -> np.ndarray:
    """Simple moving average of the close."""
    return talib.SMA(bars.close, period)


@shared
def ema(bars: BarArrays, period: int) -> np.ndarray:
    """Exponential moving average of the close."""
    return talib.EMA(bars.close, period)


def sma_ratio(bars: BarArrays, period: int) -> np.ndarray:
    """SMA(period) / close - 1."""
    return _relative(sma(bars, period=period), bars.close)


def ema_ratio(bars: BarArrays, period: int) -> np.ndarray:
    """EMA(period) / close - 1."""
    return _relative(ema(bars, period=period), bars.close)


def slope(bars: BarArrays, period: int) -> np.ndarray:
    """Slope per bar of the regression line through the last `period` closes / close."""
    return talib.LINEARREG_SLOPE(bars.close, period) / bars.close


for _period in SMA_PERIODS:
    feature(f"sma_ratio_{_period}", lookback=_period, family="trend")(
        partial(sma_ratio, period=_period)
    )
for _period in EMA_PERIODS:
    feature(f"ema_ratio_{_period}", lookback=_period, memory=ema_memory(_period), family="trend")(
        partial(ema_ratio, period=_period)
    )
for _period in SLOPE_PERIODS:
    feature(f"slope_{_period}", lookback=_period, family="trend")(partial(slope, period=_period))


@feature("sma_10_over_20", lookback=20, family="trend")
def sma_10_over_20(bars: BarArrays) -> np.ndarray:
    """SMA(10) / SMA(20) (system A)."""
    return sma(bars, period=10) / sma(bars, period=20)


@feature("sma_spread_20_50", lookback=50, family="trend")
def sma_spread_20_50(bars: BarArrays) -> np.ndarray:
    """SMA(20) / SMA(50) - 1."""
    return _relative(sma(bars, period=20), sma(bars, period=50))


@feature("ema_spread_12_26", lookback=26, memory=ema_memory(26), family="trend")
def ema_spread_12_26(bars: BarArrays) -> np.ndarray:
    """EMA(12) / EMA(26) - 1."""
    return _relative(ema(bars, period=12), ema(bars, period=26))


def sma_slope(bars: BarArrays, period: int) -> np.ndarray:
    """Change of SMA(period) over the last five bars, as a fraction (system B)."""
    average = sma(bars, period=period)
    values = np.empty(len(bars))
    values[:5] = np.nan
    np.divide(average[5:], average[:-5], out=values[5:])
    values -= 1.0
    return values


for _period in (20, 50):
    feature(f"sma_slope_{_period}", lookback=_period + 5, family="trend")(
        partial(sma_slope, period=_period)
    )


@feature("macd", "macd_signal", "macd_hist", lookback=34, memory=2 * ema_memory(26), family="trend")
def macd(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """MACD(12, 26, 9), its signal line and their difference, each / close."""
    lines = talib.MACD(bars.close, 12, 26, 9)
    for line in lines:
        line /= bars.close
    return lines


@feature("adx_14", lookback=28, memory=2 * wilder_memory(14), family="trend")
def adx_14(bars: BarArrays) -> np.ndarray:
    """Average directional index, 0..100 (Wilder 1978)."""
    return talib.ADX(bars.high, bars.low, bars.close, 14)


@feature("di_spread_14", lookback=15, memory=wilder_memory(14), family="trend")
def di_spread_14(bars: BarArrays) -> np.ndarray:
    """+DI minus -DI, -100..100 (Wilder 1978); 0 on flat prices."""
    values = talib.PLUS_DI(bars.high, bars.low, bars.close, 14)
    values -= talib.MINUS_DI(bars.high, bars.low, bars.close, 14)
    values[no_event(changes(bars.close) | (bars.span > 0), 3 * 14)] *= 0.0
    return values


@feature("aroon_osc_25", lookback=26, family="trend")
def aroon_osc_25(bars: BarArrays) -> np.ndarray:
    """Aroon oscillator over 25 bars, -100..100."""
    return talib.AROONOSC(bars.high, bars.low, 25)


def _relative(average: np.ndarray, base: np.ndarray) -> np.ndarray:
    values = average / base
    values -= 1.0
    return values
