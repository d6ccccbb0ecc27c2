"""Opinions without skill: P(side) that nothing to come could have told."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.signal import lfilter

from bt_fusion import Predictions
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.technical.ema_state import ema_state

__all__ = [
    "gathered",
    "lasting",
    "opinions",
    "predictions_of",
    "seen_edge",
    "share_below",
    "sided_probability",
]

MANY = 500  # bars of a long average
EDGE_LASTS = 0.9  # autocorrelation of what drives a planted edge


def opinions(bars: BarArrays, state: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield P(side) of opinions without skill."""
    rng = np.random.default_rng([seed, 3])
    count = len(bars)
    for persistence in (0.9, 0.99):
        coin = lasting(rng.standard_normal(count), persistence)
        yield f"coin {persistence}", sided_probability(coin, state)
    returns = np.diff(np.log(bars.close), prepend=np.log(bars.close[0]))
    momentum = standard(np.convolve(returns, np.ones(10))[:count])
    yield "momentum", sided_probability(momentum, state)
    volatility = standard(np.log(lfilter([0.06], [1, -0.94], returns**2 + 1e-8)))
    yield "volatility", 0.5 + 0.1 * np.clip(volatility, -4, 4)
    noise = 0.3 * rng.standard_normal(count)
    yield "long", sided_probability(1 + noise, state)
    yield "stale", sided_probability(np.append(np.zeros(60), momentum[:-60]), state)
    average = lfilter(np.full(MANY, 1 / MANY), 1, bars.close - bars.close[0]) + bars.close[0]
    yield "low", sided_probability(-standard(bars.close / average - 1), state)
    hour = np.sin(2 * np.pi * np.arange(count) / 24) + noise
    yield "hour", 0.5 + 0.1 * hour


def seen_edge(
    count: int, seed: int, auc: float, horizon: int
) -> tuple[BarArrays, np.ndarray, np.ndarray]:
    """Return bars with a planted edge that lasts, their EMA 12/26 state, and P(side) as it is."""
    bars = BarArrays.of(planted_edge(count, seed, auc=auc, horizon=horizon, persistence=EDGE_LASTS))
    upper = bars.high - np.maximum(bars.open, bars.close)
    lower = np.minimum(bars.open, bars.close) - bars.low
    balance = (lower - upper) / (lower + upper)
    pressure = 2 * np.arctanh(np.clip(balance, -0.999, 0.999))
    state = ema_state(bars.close, 12, 26)
    return bars, state, sided_probability(pressure, state)


def gathered(calls: Iterable[Any], jobs: int) -> dict[Hashable, list[float]]:
    """Make calls that return pairs of a test and its p-value; return the p-values by test."""
    found: dict[Hashable, list[float]] = defaultdict(list)
    for each in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(calls):
        for test, p_value in each:
            found[test].append(p_value)
    return found


def share_below(p_values: Any, level: float) -> float:
    """Return the share of p-values at a level or below."""
    return float((np.asarray(p_values) <= level).mean())


def standard(values: np.ndarray) -> np.ndarray:
    """Return values less their mean, in deviations."""
    return (values - values.mean()) / values.std()


def sided_probability(up: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return P(side) of an opinion of the rise, a tenth a deviation."""
    return 0.5 + 0.1 * np.where(state < 0, -1, 1) * np.clip(up, -4, 4)


def lasting(noise: np.ndarray, persistence: float = 0.9) -> np.ndarray:
    """Return noise of unit variance in which each value keeps much of the last one."""
    return lfilter([np.sqrt(1 - persistence**2)], [1, -persistence], noise)


def predictions_of(index: pd.Index, up: np.ndarray) -> Predictions:
    """Return predictions with these P(up), by one member."""
    count = len(index)
    return Predictions(
        index=pd.DatetimeIndex(index),
        classes=(0, 1),
        two_sided=True,
        votes=np.stack([1 - up, up], axis=1)[:, None, :],
        members=("opinion",),
        weights=np.ones(1),
        voting="soft",
        vote_threshold=0.633,
        model=np.zeros(count, dtype=np.int64),
        trained_until=np.full(count, np.datetime64("1900-01-01"), dtype="datetime64[ns]"),
    )
