"""What a user might write in a plug-in: features and labels that look ahead, and honest ones."""

LEAKS = """
import numpy as np
import pandas as pd

from bt_fusion import feature


def series(values):
    return pd.Series(values)


@feature("next_close", lookback=1)
def next_close(bars):
    return series(bars.close).shift(-1).to_numpy() / bars.close


@feature("far_close", lookback=1)
def far_close(bars):
    return series(bars.close).shift(-50).to_numpy() / bars.close


@feature("centred_mean", lookback=5)
def centred_mean(bars):
    return series(bars.close).rolling(5, center=True).mean().to_numpy()


@feature("gradient", lookback=2)
def gradient(bars):
    return np.gradient(bars.close)


@feature("z_score", lookback=1)
def z_score(bars):
    return (bars.close - bars.close.mean()) / bars.close.std()


@feature("rank", lookback=1)
def rank(bars):
    return series(bars.close).rank(pct=True).to_numpy()


@feature("scaled", lookback=1)
def scaled(bars):
    return (bars.volume - bars.volume.min()) / (bars.volume.max() - bars.volume.min())


@feature("filled_start", lookback=20)
def filled_start(bars):
    return series(bars.close).rolling(20).mean().bfill().to_numpy()


@feature("filled_gaps", lookback=1)
def filled_gaps(bars):
    known = np.where(np.arange(len(bars)) % 9 == 0, bars.close, np.nan)
    return series(known).bfill().to_numpy()


@feature("interpolated", lookback=1, memory=30)
def interpolated(bars):
    known = np.where(np.arange(len(bars)) % 10 == 0, bars.close, np.nan)
    return series(known).interpolate().to_numpy()


@feature("fourier", lookback=1)
def fourier(bars):
    waves = np.fft.rfft(bars.close)
    waves[40:] = 0
    return np.fft.irfft(waves, len(bars))


@feature("bar_count", lookback=1)
def bar_count(bars):
    return np.full(len(bars), float(len(bars)))


@feature("bars_left", lookback=1)
def bars_left(bars):
    return np.arange(len(bars), 0, -1.0)


@feature("tiny_shift", lookback=1)
def tiny_shift(bars):
    later = np.append(bars.close[1:], bars.close[-1])
    return bars.close + 1e-9 * later


@feature("tiny_sign", lookback=1)
def tiny_sign(bars):
    rises = np.append(bars.close[1:] > bars.close[:-1], False)
    return bars.close * (1 + 1e-9 * rises)


@feature("tiny_mean", lookback=1)
def tiny_mean(bars):
    return bars.close + 1e-9 * bars.close.mean()


@feature("tiny_count", lookback=1)
def tiny_count(bars):
    return bars.close * (1 + 1e-9 * (len(bars) % 7))


@feature("every_hundredth", lookback=1)
def every_hundredth(bars):
    found = bars.close.copy()
    found[99:-1:100] = bars.close[100::100]
    return found


@feature("drawn_hundredth", lookback=1)
def drawn_hundredth(bars):
    picked = np.random.default_rng(5).random(100_000)[: len(bars) - 1] < 0.01
    found = bars.close.copy()
    found[:-1][picked] = bars.close[1:][picked]
    return found


@feature("weak_hundredth", lookback=20)
def weak_hundredth(bars):
    mean = series(bars.close).rolling(20).mean().to_numpy()
    rises = np.append(np.diff(bars.close), 0.0)
    return mean + np.where(np.arange(len(bars)) % 100 == 37, 0.01 * rises, 0.0)


@feature("last_of_day", lookback=1)
def last_of_day(bars):
    day = bars.time.astype("datetime64[D]")
    return np.append(day[1:] != day[:-1], False).astype(float)


@feature("high_of_day", lookback=1, memory=24)
def high_of_day(bars):
    day = bars.time.astype("datetime64[D]")
    return series(bars.high).groupby(day).transform("max").to_numpy() / bars.close


@feature("second_column", "second_column_leaks", lookback=1)
def second_column(bars):
    return bars.close - bars.open, np.append(bars.close[1:], np.nan)
"""

HONEST = """
import numpy as np
import pandas as pd
import talib
from scipy.signal import fftconvolve, lfilter

from bt_fusion import feature
from bt_fusion.features import ema_memory, wilder_memory


def series(values):
    return pd.Series(values)


@feature("long_mean", lookback=1000, memory=ema_memory(1000))
def long_mean(bars):
    return talib.EMA(bars.close, 1000)


@feature("weighted_mean", lookback=1, memory=700)
def weighted_mean(bars):
    return series(bars.close).ewm(span=50).mean().to_numpy()


@feature("loop", lookback=1, memory=80)
def loop(bars):
    level, found = bars.close[0], np.empty(len(bars))
    for row, close in enumerate(bars.close):
        level += 0.3 * (close - level)
        found[row] = level
    return found


@feature("filtered", lookback=1, memory=260)
def filtered(bars):
    return lfilter([0.1], [1, -0.9], bars.close)


@feature("strength", lookback=15, memory=wilder_memory(14))
def strength(bars):
    return talib.RSI(bars.close, 14)


@feature("skewness", lookback=30)
def skewness(bars):
    return series(bars.close).rolling(30).skew().to_numpy()


@feature("rolling_z", lookback=30)
def rolling_z(bars):
    close = series(bars.close)
    return ((close - close.rolling(30).mean()) / close.rolling(30).std()).to_numpy()


@feature("correlation", lookback=40)
def correlation(bars):
    return series(bars.close).rolling(40).corr(series(bars.volume)).to_numpy()


@feature("rolling_rank", lookback=50)
def rolling_rank(bars):
    return series(bars.close).rolling(50).rank(pct=True).to_numpy()


@feature("matrix_product", lookback=20)
def matrix_product(bars):
    windows = np.lib.stride_tricks.sliding_window_view(bars.close, 20)
    mean = windows @ np.linspace(0, 0.1, 20)
    return np.concatenate([np.full(19, np.nan), mean]) - bars.close


@feature("convolved", lookback=10)
def convolved(bars):
    return fftconvolve(bars.close, np.full(10, 0.1))[: len(bars)]


@feature("hour", lookback=1)
def hour(bars):
    return pd.DatetimeIndex(bars.time).hour.to_numpy()


@feature("midnight_close", lookback=24)
def midnight_close(bars):
    at = pd.DatetimeIndex(bars.time).hour == 0
    return series(np.where(at, bars.close, np.nan)).ffill().to_numpy() / bars.close


@feature("seldom", lookback=1)
def seldom(bars):
    return np.where(bars.close > bars.open, np.log(bars.close / bars.open), np.nan)


@feature("flag", lookback=2)
def flag(bars):
    return np.append(False, bars.close[1:] > bars.close[:-1])


@feature("drawn_alike", lookback=1)
def drawn_alike(bars):
    return bars.close * np.random.default_rng(1).normal()


@feature("refuses_nan", lookback=1)
def refuses_nan(bars):
    if not np.isfinite(bars.close).all():
        raise ValueError("no NaN, please")
    return bars.high - bars.low


@feature("two", "columns", lookback=3)
def two(bars):
    return bars.close - bars.open, series(bars.volume).rolling(3).sum().to_numpy()
"""

DECLARED = {
    "window": ("lookback=10", "series(bars.close).rolling(20).mean().to_numpy()", "lookback", 20),
    "first": (
        "lookback=5",
        "series(bars.close).rolling(20, min_periods=1).mean().to_numpy()",
        "memory",
        20,
    ),
    "average": ("lookback=50", "talib.EMA(bars.close, 50)", "memory", 250),
    "smoothed": ("lookback=50, memory=120", "talib.EMA(bars.close, 50)", "memory", 250),
}

LABELS = '''
from dataclasses import dataclass

import numpy as np

from bt_fusion import Labels, label


@dataclass(frozen=True)
class Rise:
    """1 where the close some bars ahead is higher."""

    horizon: int = 5
    classes = (0, 1)
    two_sided = True

    def outcome(self, bars, known):
        return bars.close[known + self.horizon] > bars.close[known]

    def __call__(self, bars):
        y, t1 = np.full(len(bars), np.nan), np.full(len(bars), -1)
        known = np.arange(len(bars) - self.horizon)
        y[known], t1[known] = self.outcome(bars, known), known + self.horizon
        return Labels(y, t1)


@label("rise")
@dataclass(frozen=True)
class HonestRise(Rise):
    pass


@label("rise_over_spread")
@dataclass(frozen=True)
class RiseOverSpread(Rise):
    """Whether the rise is above the usual range of the 20 bars before."""

    def outcome(self, bars, known):
        total = np.cumsum(np.append(np.zeros(21), bars.high - bars.low))
        usual = (total[21:] - total[1:-20]) / 20
        return bars.close[known + self.horizon] > bars.close[known] + usual[known]


@label("early_t1")
@dataclass(frozen=True)
class EarlyT1(Rise):
    """Known a bar later than it says."""

    def __call__(self, bars):
        found = super().__call__(bars)
        return Labels(found.y, np.where(found.t1 > 0, found.t1 - 1, found.t1))


@label("above_mean")
@dataclass(frozen=True)
class AboveMean(Rise):
    def outcome(self, bars, known):
        rises = np.log(bars.close[self.horizon :] / bars.close[: -self.horizon])
        return rises > rises.mean()


@label("seldom_early")
@dataclass(frozen=True)
class SeldomEarly(Rise):
    """Looks one bar further than t1 on one bar in a hundred."""

    def outcome(self, bars, known):
        further = self.horizon + (known % 100 == 37)
        return bars.close[np.minimum(known + further, len(bars) - 1)] > bars.close[known]
'''
