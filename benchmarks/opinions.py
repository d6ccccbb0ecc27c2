"""Opinions without skill: P(side) that nothing to come could have told."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from bt_fusion import Predictions
from bt_fusion.data.bars import BarArrays

__all__ = ["lasting", "opinions", "predictions_of", "sided_probability"]

MANY = 500  # bars of a long average


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
