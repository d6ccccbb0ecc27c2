"""Momentum: RSI, stochastics and other oscillators (TA-Lib), scale-free as they come."""

from functools import partial

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.features.registry import feature
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import changes, ema_memory, no_event, ratio, wilder_memory


def rsi(bars: BarArrays, period: int) -> np.ndarray:
    """Relative strength index, 0..100 (Wilder 1978); 50 on flat prices."""
    values = talib.RSI(bars.close, period)
    values[no_event(changes(bars.close), 3 * period)] = 50.0
    values[:period] = np.nan
    return values


for _period in (7, 14):
    feature(
        f"rsi_{_period}", lookback=_period + 1, memory=wilder_memory(_period), family="momentum"
    )(partial(rsi, period=_period))


@feature("rsi_14_simple", lookback=15, family="momentum")
def rsi_14_simple(bars: BarArrays) -> np.ndarray:
    """RSI from simple means (Cutler; system A); 50 on flat prices."""
    move = np.empty(len(bars))
    move[0] = np.nan
    np.subtract(bars.close[1:], bars.close[:-1], out=move[1:])
    share = ratio(talib.SUM(move, 14), talib.SUM(np.abs(move), 14), floor=_noise(bars))
    share *= 50.0
    share += 50.0
    return share.clip(0.0, 100.0, out=share)


@feature("stoch_k", "stoch_d", lookback=18, family="momentum")
def stochastic(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Slow stochastic %K and %D (14, 3, 3), 0..100."""
    return talib.STOCH(
        bars.high, bars.low, bars.close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA
    )


@feature("willr_14", lookback=14, family="momentum")
def willr_14(bars: BarArrays) -> np.ndarray:
    """Williams %R, -100..0."""
    return talib.WILLR(bars.high, bars.low, bars.close, 14)


@feature("cci_20", lookback=20, family="momentum")
def cci_20(bars: BarArrays) -> np.ndarray:
    """Commodity channel index, clipped to +-500."""
    values = talib.CCI(bars.high, bars.low, bars.close, 20)
    return values.clip(-500.0, 500.0, out=values)


@feature("ultosc", lookback=29, family="momentum")
def ultosc(bars: BarArrays) -> np.ndarray:
    """Ultimate oscillator (7, 14, 28), 0..100."""
    return talib.ULTOSC(bars.high, bars.low, bars.close)


@feature("trix_15", lookback=44, memory=3 * ema_memory(15), family="momentum")
def trix_15(bars: BarArrays) -> np.ndarray:
    """One-bar change of a triple exponential average, in percent."""
    return talib.TRIX(bars.close, 15)


@feature("bop", lookback=1, family="momentum")
def bop(bars: BarArrays) -> np.ndarray:
    """Balance of power, body over range, -1..1; 0 for a bar without range."""
    return talib.BOP(bars.open, bars.high, bars.low, bars.close)


def _noise(bars: BarArrays) -> np.ndarray:
    """What a running sum of prices leaves over when all its terms are zero."""
    return bars.close * 1e-9
