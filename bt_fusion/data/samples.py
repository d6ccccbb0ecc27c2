"""Bars that need no file: two real index series and three synthetic ones."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from bt_fusion.data.bars import check_bars
from bt_fusion.errors import OptionError, unknown_name

__all__ = [
    "SAMPLES",
    "SYNTHETIC",
    "garch",
    "is_sample",
    "load_sample",
    "nasdaq",
    "planted_edge",
    "random_walk",
    "sp500",
]


def sp500() -> pd.DataFrame:
    """S&P 500, daily, 1999-2018, 5,031 bars (shipped with arch)."""
    from arch.data import sp500

    return _index_series(sp500.load())


def nasdaq() -> pd.DataFrame:
    """NASDAQ Composite, daily, 1999-2018, 5,031 bars (shipped with arch)."""
    from arch.data import nasdaq

    return _index_series(nasdaq.load())


def random_walk(bars: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Make 1-minute bars of a driftless random walk: nothing to predict.

    With c the last close, from 42,000: open = c + N(0, 0.0005 c), close = open + N(0, 0.005 c),
    high and low beyond the body by |N(0, 0.002 c)| each, prices whole numbers >= 1, volume
    uniform in 100..500.

    >>> random_walk(2, seed=1)["close"].tolist()
    [42076.0, 41819.0]
    """
    rng = np.random.default_rng(seed)
    gap, move, above, below = rng.normal(0, [[0.0005], [0.005], [0.002], [0.002]], (4, bars))
    rows = np.empty((bars, 4))
    last = 42_000.0
    for t in range(bars):
        open_ = _whole(last + gap[t] * last)
        close = _whole(open_ + move[t] * last)
        high = _whole(max(open_, close) + abs(above[t]) * last)
        low = _whole(min(open_, close) - abs(below[t]) * last)
        rows[t] = open_, high, low, close
        last = close
    return _synthetic(rows, rng.uniform(100, 500, bars))


def planted_edge(
    bars: int = 10_000,
    seed: int = 0,
    *,
    auc: float = 0.65,
    horizon: int = 5,
    persistence: float = 0.7,
    volatility: float = 0.005,
) -> pd.DataFrame:
    """Make 1-minute bars whose direction can be predicted, exactly this well and no better.

    A hidden pressure z follows z[t+1] = persistence z[t] + noise with unit variance. The bar
    shows it in the balance of its wicks, tanh(z / 2) = (lower - upper) / (lower + upper), and
    it drives the next log return: r[t+1] = b z[t] + volatility e. Given all bars up to t the sum
    of the next `horizon` returns is normal around m z[t], so the best score is z itself and b is
    solved for the given AUC.

    Parameters
    ----------
    bars, seed : int
    auc : float
        Best possible AUC of `direction(horizon)`, 0.5 (nothing to find) to 0.9.
    horizon : int
        Bars ahead, of that direction.
    persistence : float
        Autocorrelation of z from bar to bar, 0 <= persistence < 1.
    volatility : float
        Standard deviation of a bar's unpredictable log return.

    Notes
    -----
    With up = (z a + e > 0) and rho the correlation of z and z a + e, two independent bars, one
    up and one down, are ranked rightly with probability 1/2 + (2/pi) arcsin(rho / sqrt(2)): the
    orthant formula for three normals (Kendall and Stuart, The Advanced Theory of Statistics,
    vol. 1, 15.10) applied to (z1 - z2)/sqrt(2), u1 and -u2.

    >>> len(planted_edge(100, auc=0.7))
    100
    """
    if not 0.5 <= auc <= 0.9:
        raise OptionError(f"auc {auc} is outside 0.5..0.9")
    if not 0 <= persistence < 1:
        raise OptionError(f"persistence {persistence} is outside 0 <= persistence < 1")
    rng = np.random.default_rng(seed)
    pressure = _autoregression(rng.standard_normal(bars), persistence)
    drift = volatility * _drift_for(auc, horizon, persistence)
    returns = volatility * rng.standard_normal(bars)
    returns[1:] += drift * pressure[:-1]
    return _with_wicks(returns, pressure, volatility, rng)


def _with_wicks(
    returns: np.ndarray, pressure: np.ndarray, volatility: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return bars of these log returns whose wicks show the pressure."""
    bars = len(returns)
    close = 1_000.0 * np.exp(np.cumsum(returns))
    open_ = np.r_[1_000.0, close[:-1]]
    balance = np.tanh(pressure / 2)
    wicks = close * volatility * rng.uniform(0.5, 1.5, bars)
    high = np.maximum(open_, close) + wicks * (1 - balance) / 2
    low = np.minimum(open_, close) - wicks * (1 + balance) / 2
    volume = rng.uniform(100, 500, bars)
    return _synthetic(np.column_stack([open_, high, low, close]), volume)


def garch(bars: int = 10_000, seed: int = 0, *, volatility: float = 0.005) -> pd.DataFrame:
    """Make 1-minute bars of calm and volatile spells: risk is predictable, direction is not.

    Log returns are volatility s[t] e[t] with e ~ N(0, 1) and, for r[t] = s[t] e[t], GARCH(1, 1)
    s[t+1]^2 = 0.02 + 0.05 r[t]^2 + 0.93 s[t]^2, of mean 1. A bar opens at the last close, from
    1,000, and its wicks are |N(0, 0.4 volatility s[t])| of the close each; volume is uniform in
    100..500.

    Parameters
    ----------
    bars, seed : int
    volatility : float
        Standard deviation of a bar's log return over all bars.

    References
    ----------
    Bollerslev, T. (1986): Generalized autoregressive conditional heteroskedasticity. Journal of
    Econometrics 31, 307-327.

    >>> len(garch(50))
    50
    """
    from arch.univariate import GARCH, Normal, ZeroMean

    rng = np.random.default_rng(seed)
    model = ZeroMean(volatility=GARCH(), distribution=Normal(seed=rng))
    made = model.simulate([0.02, 0.05, 0.93], bars)
    spread = volatility * made["volatility"].to_numpy()
    close = 1_000.0 * np.exp(volatility * np.cumsum(made["data"].to_numpy()))
    open_ = np.r_[1_000.0, close[:-1]]
    above, below = np.abs(rng.normal(0, 0.4, (2, bars))) * spread * close
    high, low = np.maximum(open_, close) + above, np.minimum(open_, close) - below
    return _synthetic(np.column_stack([open_, high, low, close]), rng.uniform(100, 500, bars))


SAMPLES: dict[str, Callable[..., pd.DataFrame]] = {
    "sp500": sp500,
    "nasdaq": nasdaq,
    "random-walk": random_walk,
    "planted-edge": planted_edge,
    "garch": garch,
}


SYNTHETIC = ("random-walk", "planted-edge", "garch")
MOST_BARS = 10_000_000  # 19 years of minutes; making them takes some 2 GB


def load_sample(name: str, seed: int = 0) -> pd.DataFrame:
    """Return a sample by name; `seed` only matters to the synthetic ones.

    Parameters
    ----------
    name : str
        A name of `SAMPLES`; a synthetic one may say how many bars, as ``random-walk:500``.
    seed : int

    Raises
    ------
    OptionError
        For a name that is not in `SAMPLES`, or an impossible size.

    Examples
    --------
    >>> len(load_sample("planted-edge:300"))
    300
    """
    kind, colon, size = name.partition(":")
    if kind not in SAMPLES:
        raise unknown_name("sample", kind, SAMPLES)
    make = SAMPLES[kind]
    if not colon:
        return make(seed=seed) if kind in SYNTHETIC else make()
    if kind not in SYNTHETIC:
        raise OptionError(
            f"sample {name!r}: {kind} has the bars it has; a size is for {', '.join(SYNTHETIC)}"
        )
    return make(bars=_bar_count(name, size), seed=seed)


def is_sample(text: str) -> bool:
    """Return whether a text names a sample, with or without a size.

    >>> is_sample("sp500"), is_sample("random-walk:500"), is_sample("candles.csv")
    (True, True, False)
    """
    return text.partition(":")[0] in SAMPLES


def _bar_count(name: str, size: str) -> int:
    if not (size.isascii() and size.isdigit()) or not size.strip("0"):
        raise OptionError(
            f"sample {name!r}: {size!r} is not a number of bars; write {name.partition(':')[0]}:500"
        )
    if len(size) > len(str(MOST_BARS)) or int(size) > MOST_BARS:
        raise OptionError(f"sample {name!r}: at most {MOST_BARS:,} bars are made; give fewer")
    return int(size)


def _index_series(frame: pd.DataFrame) -> pd.DataFrame:
    return check_bars(frame.rename(columns=str.lower).rename_axis("datetime"))


def _whole(price: float) -> float:
    return max(1.0, float(round(price)))


def _autoregression(noise: np.ndarray, persistence: float) -> np.ndarray:
    scale = np.sqrt(1 - persistence**2)
    values = np.empty_like(noise)
    last = values[0] = noise[0]
    for t in range(1, len(noise)):
        last = values[t] = persistence * last + scale * noise[t]
    return values


def _drift_for(auc: float, horizon: int, persistence: float) -> float:
    """Solve for b / volatility so that the best AUC of direction(horizon) is `auc`.

    The sum of the next returns has mean b m z[t] and variance b^2 v + horizon (volatility 1),
    where m adds up persistence^j and v is the variance of the shocks to z after t.
    """
    rho = np.sqrt(2) * np.sin(np.pi / 2 * (auc - 0.5))
    odds = rho**2 / (1 - rho**2)
    powers = persistence ** np.arange(horizon)
    mean = powers.sum()
    shocks = np.cumsum(powers)[:-1] * np.sqrt(1 - persistence**2)
    remaining = mean**2 - odds * float(shocks @ shocks)
    if remaining <= 0:
        raise OptionError(
            f"no drift reaches auc {auc} at persistence {persistence}; raise the persistence"
        )
    return float(np.sqrt(odds * horizon / remaining))


def _synthetic(prices: np.ndarray, volume: np.ndarray) -> pd.DataFrame:
    """Return bars of these prices, in single precision.

    The last bit of exp and tanh depends on the processor; a seed must give the same bars
    everywhere.
    """
    prices = prices.astype(np.float32).astype(float)
    index = pd.date_range("2024-01-01", periods=len(prices), freq="min", name="datetime")
    frame = pd.DataFrame(prices, columns=["open", "high", "low", "close"], index=index)
    return check_bars(frame.assign(volume=volume))
