"""Markets that stay as they are, and markets that break at a bar."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.data.samples import load_sample

__all__ = ["BREAKS", "EDGE", "STATIONARY", "Market", "made"]

VOLATILITY = 0.005
PERSISTENCE = 0.7  # of the pressure that moves prices
DRIFT = 0.301  # pressure to return, in units of volatility: direction(5) has a best AUC of 0.65
TREND = 0.25  # volatilities a bar: probabilities of direction(5) are off by 0.2
BLOCK = 200  # candles, the mean length of what is taken from a real market in one piece


@dataclass(frozen=True)
class Market:
    """How returns come about; pressure z shows in the wicks and moves the next return.

    Attributes
    ----------
    drift : float
        Return of a unit of pressure, in units of volatility.
    trend : float
        Return of every bar, likewise.
    scale : float
        Factor of the volatility.
    clusters : bool
        Whether volatility comes in spells (GARCH) of which the edge knows nothing.
    tails : bool
        Whether returns have the tails of a t distribution of three degrees.
    """

    drift: float = DRIFT
    trend: float = 0.0
    scale: float = 1.0
    clusters: bool = False
    tails: bool = False


EDGE = Market()
STATIONARY: dict[str, Market | str] = {
    "edge": EDGE,
    "edge, volatility in spells": Market(clusters=True),
    "edge, heavy tails": Market(tails=True),
    "random walk": Market(drift=0.0),
    "nasdaq, resampled": "nasdaq",
}
BREAKS = {
    "edge vanishes": Market(drift=0.0),
    "edge turns round": Market(drift=-DRIFT),
    "volatility triples": Market(scale=3.0),
    "a trend sets in": Market(trend=TREND),
}


def made(
    market: Market | str, bars: int, seed: int, after: Market | None = None, at: int = 0
) -> pd.DataFrame:
    """Make bars of a market, or of a real one by name resampled; from `at` on of another."""
    rng = np.random.default_rng(seed)
    if isinstance(market, str):
        return resampled(load_sample(market), bars, rng)
    noise = returns_of(market, bars, rng)
    pressure = autoregression(rng.standard_normal(bars))
    returns, spread = moved(market, noise, pressure)
    if after is not None:
        later, wide = moved(after, noise, pressure)
        returns[at:], spread[at:] = later[at:], wide[at:]
    return candles(returns, spread, pressure, rng)


def returns_of(market: Market, bars: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise of variance 1."""
    noise = rng.standard_t(3, bars) / np.sqrt(3) if market.tails else rng.standard_normal(bars)
    if not market.clusters:
        return noise
    variance, last = np.ones(bars), noise[0]
    for t in range(1, bars):
        variance[t] = 0.02 + 0.05 * last**2 + 0.93 * variance[t - 1]
        last = noise[t] * np.sqrt(variance[t])
    return noise * np.sqrt(variance)


def moved(market: Market, noise: np.ndarray, pressure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return log returns, and how wide each bar's wicks are."""
    pushed = np.r_[0.0, pressure[:-1]]
    unit = VOLATILITY * market.scale
    return unit * (market.drift * pushed + market.trend + noise), np.full(len(noise), unit)


def candles(
    returns: np.ndarray, spread: np.ndarray, pressure: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return bars whose wicks show the pressure, as `planted_edge` makes them."""
    close = 1_000 * np.exp(np.cumsum(returns))
    open_ = np.r_[1_000.0, close[:-1]]
    balance = np.tanh(pressure / 2)
    wicks = close * spread * rng.uniform(0.5, 1.5, len(close))
    high = np.maximum(open_, close) + wicks * (1 - balance) / 2
    low = np.minimum(open_, close) - wicks * (1 + balance) / 2
    volume = rng.uniform(100, 500, len(close))
    return framed(np.column_stack([open_, high, low, close, volume]))


def resampled(bars: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return candles of a market drawn in blocks of random length (stationary bootstrap).

    Politis and Romano, The stationary bootstrap (1994); each candle keeps its shape against the
    close before it.
    """
    before = bars.close.to_numpy()[:-1, None]
    shapes = np.log(bars[["open", "high", "low", "close"]].to_numpy()[1:] / before)
    volume = bars.volume.to_numpy()[1:]
    starts = rng.random(count) < 1 / BLOCK
    starts[0] = True
    first = np.flatnonzero(starts)
    place = rng.integers(0, len(shapes), len(first))[np.cumsum(starts) - 1]
    rows = (place + np.arange(count) - first[np.cumsum(starts) - 1]) % len(shapes)
    close = np.cumsum(shapes[rows, 3])
    prices = 1_000 * np.exp(np.r_[0.0, close[:-1]][:, None] + shapes[rows])
    return framed(np.column_stack([prices, volume[rows]]))


def framed(values: np.ndarray) -> pd.DataFrame:
    """Return 1-minute bars."""
    index = pd.date_range("2024-01-01", periods=len(values), freq="min", name="datetime")
    return pd.DataFrame(values, index, ["open", "high", "low", "close", "volume"])


def autoregression(noise: np.ndarray) -> np.ndarray:
    """Return a pressure of variance 1 that lasts."""
    values = np.empty_like(noise)
    last = values[0] = noise[0]
    scale = np.sqrt(1 - PERSISTENCE**2)
    for t in range(1, len(noise)):
        last = values[t] = PERSISTENCE * last + scale * noise[t]
    return values
