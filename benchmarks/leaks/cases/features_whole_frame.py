"""Features that see the whole frame."""

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.signal import detrend
from scipy.sparse import diags, identity
from scipy.sparse.linalg import spsolve
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from benchmarks.leaks.registry import leak


def returns(bars) -> np.ndarray:
    """Return log returns, 0 at the first bar."""
    return np.diff(bars.log_close, prepend=bars.log_close[0])


@leak("feature", "a z-score over the whole frame")
def z_score(bars):
    return (bars.close - bars.close.mean()) / bars.close.std()


@leak("feature", "a rank over the whole frame")
def percentile(bars):
    return pd.Series(bars.close).rank(pct=True).to_numpy()


@leak("feature", "scaled from 0 to 1 by the lowest and highest close of all")
def min_max(bars):
    return (bars.close - bars.close.min()) / (bars.close.max() - bars.close.min())


@leak("feature", "an expanding high over a low of all", lookback=2, memory=400)
def mixed_range(bars):
    top = pd.Series(bars.high).rolling(300, min_periods=1).max()
    return ((bars.close - bars.low.min()) / (top - bars.low.min() + 1)).to_numpy()


@leak("feature", "returns clipped at quantiles of all")
def winsorised(bars):
    moves = returns(bars)
    return np.clip(moves, *np.quantile(moves, [0.01, 0.99]))


@leak("feature", "scikit-learn's StandardScaler fitted on all bars")
def scaled(bars):
    return StandardScaler().fit_transform(returns(bars)[:, None])[:, 0]


@leak("feature", "a quantile transformer fitted on all bars")
def to_normal(bars):
    quantiles = QuantileTransformer(n_quantiles=50, output_distribution="normal", subsample=None)
    return quantiles.fit_transform(bars.volume[:, None])[:, 0]


@leak("feature", "the first principal component of all bars", lookback=2)
def component(bars):
    moves = returns(bars)
    table = np.column_stack([moves, bars.body / bars.close, bars.span / bars.close])
    return PCA(1, svd_solver="full").fit_transform(table)[:, 0]


@leak("feature", "regimes by k-means over all bars", lookback=20)
def regimes(bars):
    volatility = pd.Series(returns(bars)).rolling(20).std()
    known = volatility.notna()
    means = KMeans(3, n_init=1, random_state=0).fit(volatility[known].to_numpy()[:, None])
    found = np.full(len(bars), np.nan)
    found[known] = means.cluster_centers_[means.labels_, 0]
    return found


@leak("feature", "a low-pass filter by Fourier transform")
def fourier(bars):
    spectrum = np.fft.rfft(bars.log_close)
    spectrum[len(spectrum) // 10 :] = 0
    return np.fft.irfft(spectrum, len(bars)) - bars.log_close


@leak("feature", "the cycle of a Hodrick-Prescott filter", lookback=2)
def hodrick_prescott(bars):
    count = len(bars)
    if count < 3:
        return np.zeros(count)
    second = diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(count - 2, count))
    trend = spsolve((identity(count) + 1_600 * second.T @ second).tocsc(), bars.log_close)
    return bars.log_close - trend


@leak("feature", "wavelet-like: means of blocks of eight bars", lookback=2)
def haar(bars):
    block = np.arange(len(bars)) // 8
    return (bars.close / pd.Series(bars.close).groupby(block).transform("mean") - 1).to_numpy()


@leak("feature", "wavelet shrinkage: thresholds by the median of all details", lookback=2)
def shrunk(bars):
    moves = returns(bars)
    limit = np.median(np.abs(moves)) / 0.6745
    return np.sign(moves) * np.maximum(np.abs(moves) - limit, 0)


@leak("feature", "scipy's detrend takes a line through all bars")
def detrended(bars):
    return detrend(bars.log_close)


@leak("feature", "the residual of a cubic fitted to all bars")
def cubic(bars):
    at = np.linspace(-1, 1, len(bars))
    return bars.log_close - np.polynomial.Polynomial.fit(at, bars.log_close, 3)(at)


@leak("feature", "how far through the frame it is: linspace over its length")
def progress(bars):
    return np.linspace(0, 1, len(bars))


@leak("feature", "bars until the end of the frame")
def until_the_end(bars):
    return np.arange(len(bars))[::-1].astype(float)


@leak("feature", "the deepest fall still to come")
def fall_to_come(bars):
    return np.minimum.accumulate(bars.low[::-1])[::-1] / bars.close - 1


@leak("feature", "gaps filled from behind: backfill", lookback=1)
def backfilled(bars):
    event = pd.Series(np.where(bars.body > 0, bars.close, np.nan))
    return (event.bfill() / bars.close).fillna(1).to_numpy()


@leak("feature", "gaps joined by a line: interpolate", lookback=1)
def interpolated(bars):
    event = pd.Series(np.where(np.arange(len(bars)) % 6 == 0, bars.close, np.nan))
    return (event.interpolate() / bars.close).to_numpy()


@leak("feature", "warm-up rows filled with the mean of later ones", lookback=30)
def filled_warm_up(bars):
    mean = bars.close / pd.Series(bars.close).rolling(30).mean()
    return mean.fillna(mean.mean()).to_numpy()


@leak("feature", "missing values filled with the median of all, nowhere else", lookback=2)
def filled_gaps(bars):
    ratio = pd.Series(np.where(bars.body == 0, np.nan, bars.span / np.abs(bars.body + 1e-300)))
    ratio[np.arange(len(bars)) % 41 == 7] = np.nan
    return ratio.fillna(ratio.median()).to_numpy()


@leak("feature", "a forest fitted on all bars tells the next return", lookback=6)
def forest(bars):
    table = np.column_stack([np.roll(returns(bars), lag) for lag in range(5)])[:-1]
    trees = RandomForestRegressor(3, max_depth=4, random_state=0, n_jobs=1)
    trees.fit(table, returns(bars)[1:])
    return np.append(trees.predict(table), 0.0)


@leak("feature", "features weighed by their correlation with the outcome, over all", lookback=12)
def selected(bars):
    moves = pd.Series(returns(bars))
    table = pd.DataFrame({lag: moves.rolling(lag).sum() for lag in (2, 4, 6, 8, 10, 12)})
    best = table.corrwith(moves.shift(-1)).abs().idxmax()
    return (table[best] * table.corrwith(moves.shift(-1))[best]).to_numpy()


@leak("feature", "the mean next return of each class of candle: target encoding over all")
def target_encoded(bars):
    moves = pd.Series(returns(bars))
    candle = (bars.body > 0) * 2 + (bars.volume > 1.5 * np.median(bars.volume))
    return moves.shift(-1).groupby(candle).transform("mean").to_numpy()


@leak("feature", "kernel smoothing that counts for one part in a thousand", lookback=2, memory=300)
def mostly_causal(bars):
    mean = pd.Series(bars.close).ewm(span=12, min_periods=2).mean()
    return 0.999 * (bars.close / mean).to_numpy() + 0.001 * gaussian_filter1d(bars.close, 4)
