"""Features that know nothing too early."""

import numpy as np
import pandas as pd
import talib
from scipy.signal import fftconvolve, lfilter

from benchmarks.leaks.registry import honest
from bt_fusion.features import ema_memory, wilder_memory


@honest("feature", "a slow exponential mean", lookback=500, memory=ema_memory(500))
def ema_500(bars):
    return bars.close / talib.EMA(bars.close, 500) - 1


@honest("feature", "a recursion with a declared memory", lookback=2, memory=ema_memory(60))
def recursion(bars):
    moves = np.diff(bars.log_close, prepend=bars.log_close[0])
    return lfilter([2 / 61], [1, -59 / 61], moves)


@honest("feature", "RSI, which warms up with NaN", lookback=15, memory=wilder_memory(14))
def rsi(bars):
    return talib.RSI(bars.close, 14)


@honest("feature", "rare events", lookback=60)
def breakout(bars):
    high = pd.Series(bars.high).rolling(59).max().shift(1)
    return np.where(high.isna(), np.nan, bars.close > 1.005 * high).astype(float)


@honest("feature", "ranks within the last hundred bars, with ties", lookback=100)
def rolling_rank(bars):
    return pd.Series(np.round(bars.close / 10)).rolling(100).rank(pct=True).to_numpy()


@honest("feature", "the hour and the weekday")
def clock(bars):
    stamps = pd.DatetimeIndex(bars.time)
    return np.sin(2 * np.pi * (stamps.hour + 24 * stamps.dayofweek) / 168).to_numpy()


@honest("feature", "a convolution with the past by Fourier transform", lookback=30)
def by_fourier(bars):
    moves = np.diff(bars.log_close, prepend=bars.log_close[0])
    past = fftconvolve(moves, np.linspace(1, 0, 30))[: len(bars)]
    past[:29] = np.nan
    return past


@honest("feature", "closed longer bars alone, merged when they are over", lookback=9)
def merged_when_closed(bars):
    blocks = bars.time.astype("int64") // (4 * 3_600 * 10**9)
    changed = np.append(False, blocks[1:] != blocks[:-1])
    before = np.where(changed, np.append(np.nan, bars.close[:-1]), np.nan)
    last = pd.Series(before).ffill(limit=7).to_numpy()
    return np.where(np.isfinite(last), bars.close / last - 1, 0.0)


@honest("feature", "a seeded random number for each bar's prices")
def seeded(bars):
    bits = bars.close.view(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (bits >> np.uint64(11)).astype(float) / 2.0**53


@honest("feature", "a random number of its own", random=True)
def unseeded(bars):
    return np.random.default_rng().random(len(bars))


@honest("feature", "missing values left as they are", lookback=2)
def with_gaps(bars):
    return np.where(np.abs(bars.body) < 0.1 * bars.span, np.nan, bars.body / (bars.span + 1e-9))


@honest("feature", "skewness of fifty returns, which pandas rounds", lookback=51)
def skewness(bars):
    return pd.Series(bars.log_close).diff().rolling(50).skew().to_numpy()


@honest("feature", "the session's high so far", lookback=1, memory=3_000)
def high_so_far(bars):
    daily = np.median(np.diff(bars.time)) >= np.timedelta64(1, "D") if len(bars) > 1 else False
    day = pd.DatetimeIndex(bars.time).to_period("M" if daily else "D")
    return (bars.close / pd.Series(bars.high).groupby(day).cummax()).to_numpy()
