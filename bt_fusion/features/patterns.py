"""Candle patterns: bodies and wicks as shares of the range, and TA-Lib's named patterns."""

from functools import partial

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.features.registry import feature
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import ratio

# name here, TA-Lib's function, bars until its first value
CANDLES = (
    ("engulfing", "CDLENGULFING", 3),
    ("harami", "CDLHARAMI", 12),
    ("hammer", "CDLHAMMER", 12),
    ("shooting_star", "CDLSHOOTINGSTAR", 12),
    ("doji", "CDLDOJI", 11),
    ("morning_star", "CDLMORNINGSTAR", 13),
    ("evening_star", "CDLEVENINGSTAR", 13),
)


@feature("body_share", lookback=1, family="patterns")
def body_share(bars: BarArrays) -> np.ndarray:
    """Size of the body as a share of the range, 0..1."""
    return np.minimum(ratio(np.abs(bars.body), bars.span), 1.0)


@feature("upper_wick", "lower_wick", "wick_balance", lookback=1, family="patterns")
def wicks(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Upper wick / close, lower wick / close, (lower - upper) / (lower + upper)."""
    upper = bars.high - np.maximum(bars.open, bars.close)
    lower = np.minimum(bars.open, bars.close) - bars.low
    balance = ratio(lower - upper, np.abs(lower) + np.abs(upper), floor=bars.close * 1e-9)
    upper /= bars.close
    lower /= bars.close
    return upper, lower, balance


@feature("inside_bar", lookback=2, family="patterns")
def inside_bar(bars: BarArrays) -> np.ndarray:
    """1 if the bar is inside the previous bar's range, else 0."""
    values = np.empty(len(bars))
    values[0] = np.nan
    values[1:] = (bars.high[1:] <= bars.high[:-1]) & (bars.low[1:] >= bars.low[:-1])
    return values


@feature("up_share_10", lookback=11, family="patterns")
def up_share_10(bars: BarArrays) -> np.ndarray:
    """Share of the last 10 bars with a close above the previous close, 0..1."""
    rose = np.empty(len(bars))
    rose[0] = np.nan
    rose[1:] = bars.close[1:] > bars.close[:-1]
    return talib.SMA(rose, 10)


def candle(bars: BarArrays, function: str, lookback: int) -> np.ndarray:
    """Candle pattern of TA-Lib: 1 bullish, -1 bearish, 0 none."""
    found = getattr(talib, function)(bars.open, bars.high, bars.low, bars.close)
    values = np.divide(found, 100.0, dtype=np.float32)
    values[: lookback - 1] = np.nan  # TA-Lib says 0 where it has not seen enough
    return values


for _name, _function, _lookback in CANDLES:
    feature(f"candle_{_name}", lookback=_lookback, family="patterns")(
        partial(candle, function=_function, lookback=_lookback)
    )
