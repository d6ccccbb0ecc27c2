"""Features that see a few bars ahead."""

import numpy as np
import pandas as pd
import talib
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import argrelextrema, filtfilt, savgol_filter

from benchmarks.leaks.registry import leak


@leak("feature", "the return of the next bar: shift(-1)")
def next_return(bars):
    close = pd.Series(bars.close)
    return (close.shift(-1) / close - 1).to_numpy()


@leak("feature", "a centred mean of seven bars", lookback=7)
def centred_mean(bars):
    close = pd.Series(bars.close)
    return (close / close.rolling(7, center=True).mean() - 1).to_numpy()


@leak("feature", "a mean moved back by half its window", lookback=10)
def shifted_mean(bars):
    close = pd.Series(bars.close)
    return (close / close.rolling(10).mean().shift(-5) - 1).to_numpy()


@leak("feature", "np.convolve(..., mode='same') centres its window", lookback=9)
def convolved(bars):
    return np.convolve(bars.log_close, np.ones(9) / 9, mode="same") - bars.log_close


@leak("feature", "np.gradient takes central differences", lookback=2)
def slope(bars):
    return np.gradient(bars.log_close)


@leak("feature", "a Savitzky-Golay filter", lookback=11)
def savitzky_golay(bars):
    return savgol_filter(bars.log_close, 11, 3) - bars.log_close


@leak("feature", "scipy's filtfilt runs forwards and backwards", lookback=13)
def forward_backward(bars):
    return filtfilt([0.1], [1, -0.9], bars.log_close) - bars.log_close


@leak("feature", "a Gaussian smoother", lookback=2)
def gaussian(bars):
    return gaussian_filter1d(bars.log_close, 3) - bars.log_close


@leak("feature", "a centred median filter", lookback=2)
def median(bars):
    return bars.close / median_filter(bars.close, 5) - 1


@leak("feature", "an average of exponential means, forwards and backwards", lookback=2, memory=900)
def both_ways(bars):
    close = pd.Series(bars.close)
    backwards = close[::-1].ewm(span=10).mean()[::-1]
    return (close / ((close.ewm(span=10).mean() + backwards) / 2) - 1).to_numpy()


@leak("feature", "pivots stamped at the pivot, not when confirmed", lookback=2)
def pivots(bars):
    found = np.zeros(len(bars))
    found[argrelextrema(bars.high, np.greater_equal, order=5)[0]] = 1
    return found


@leak("feature", "distance from the last swing low, known five bars early", lookback=2, memory=400)
def swing_low(bars):
    lows = np.full(len(bars), np.nan)
    at = argrelextrema(bars.low, np.less_equal, order=5)[0]
    lows[at] = bars.low[at]
    return (bars.close / pd.Series(lows).ffill(limit=300) - 1).fillna(0).to_numpy()


@leak("feature", "a zigzag of two percent, its turning points joined by lines", lookback=2)
def zigzag(bars):
    turns, way = [0], 1
    for bar, close in enumerate(bars.close):
        if way * (close - bars.close[turns[-1]]) > 0:
            turns[-1] = bar
        elif way * (close / bars.close[turns[-1]] - 1) < -0.02:
            turns.append(bar)
            way = -way
    return bars.close / np.interp(np.arange(len(bars)), turns, bars.close[turns]) - 1


@leak("feature", "newest bars first, so that TA-Lib looks into the future", lookback=15, memory=500)
def newest_first(bars):
    return talib.RSI(np.ascontiguousarray(bars.close[::-1]), 14)[::-1]


@leak("feature", "whether the next five bars reach one percent, one part in 1e9", lookback=5)
def faint(bars):
    close = pd.Series(bars.close)
    later = close[::-1].rolling(5).max()[::-1] > 1.01 * close
    return (close.rolling(5).mean() * (1 + 1e-9 * later)).to_numpy()


@leak("feature", "the next close, on one bar in a hundred", lookback=5)
def rarely(bars):
    close = pd.Series(bars.close)
    mean = (close / close.rolling(5).mean()).to_numpy().copy()
    rows = np.arange(37, len(bars) - 1, 100)
    mean[rows] = bars.close[rows + 1] / bars.close[rows]
    return mean


@leak("feature", "the next close, after bars of unusual volume alone", lookback=100)
def after_volume(bars):
    volume = pd.Series(bars.volume)
    busy = ((volume > 1.5 * volume.rolling(100).median()) & (bars.body > 0)).to_numpy()
    following = np.append(bars.close[1:], bars.close[-1])
    return np.where(busy, following / bars.close - 1, 0.0)


@leak("feature", "an off-by-one: the window ends one bar late", lookback=20)
def window_one_late(bars):
    highs = pd.Series(bars.high).rolling(20).max()
    return (bars.close / highs.shift(-1).fillna(highs)).to_numpy()


@leak("feature", "a volume's share in the twenty bars around it", lookback=2)
def volume_share(bars):
    volume = pd.Series(bars.volume)
    around = volume.rolling(21, center=True, min_periods=1).sum()
    return (volume / np.maximum(around, 1e-9)).to_numpy()
