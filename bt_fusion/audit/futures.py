"""Bars with another future: cut off or replaced after a bar."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bt_fusion.audit.recording import Recording

__all__ = ["FUTURE_BARS", "cut", "other_future", "places_of"]

FUTURE_BARS = 100  # bars of the replaced future
FUTURE_FACTOR = 5  # multiple of the real moves, in the opposite direction


def cut(bars: Mapping[str, pd.DataFrame], stamp: np.datetime64) -> dict[str, pd.DataFrame]:
    """Return the bars up to a stamp."""
    return {name: own[:stamp] for name, own in bars.items()}


def other_future(
    bars: Mapping[str, pd.DataFrame],
    stamp: np.datetime64,
    rng: np.random.Generator,
    ahead: int = FUTURE_BARS,
) -> dict[str, pd.DataFrame]:
    """Return the bars up to a timestamp, then much larger moves opposite to the real ones.

    Code that looks one bar ahead decides differently on nearly every bar.
    """
    return {name: _mirrored(own, stamp, rng, ahead) for name, own in bars.items()}


def _mirrored(
    own: pd.DataFrame, stamp: np.datetime64, rng: np.random.Generator, count: int
) -> pd.DataFrame:
    known = own[:stamp]
    ahead = own[len(known) : len(known) + count].copy()
    if not len(known) or not len(ahead):
        return known
    base = float(known.close.iloc[-1])
    noise = 1 + 0.01 * rng.standard_normal((len(ahead), 1))
    prices = ahead[["open", "high", "low", "close"]].to_numpy()
    moved = base * np.exp(np.clip(-FUTURE_FACTOR * np.log(prices / base), -3, 3)) * noise
    ahead["open"], ahead["close"] = moved[:, 0], moved[:, 3]
    ahead["high"], ahead["low"] = moved.max(axis=1), moved.min(axis=1)
    ahead["volume"] = ahead.volume.to_numpy() * rng.uniform(0.1, 10, len(ahead)) + 1
    return pd.concat([known, ahead])


def places_of(recording: Recording, count: int, seed: int) -> np.ndarray:
    """Choose the bars after which the future changes.

    Three quarters are bars with an order, if there are enough, alternating sides and weekdays,
    because a rule may apply only on some days. The others are any bars with all indicators ready,
    and the second last.

    Returns
    -------
    ndarray of datetime64[ns], ascending
    """
    rng = np.random.default_rng(seed)
    time = np.unique(recording.time)
    free = time[time >= recording.ready][:-1]
    at_orders = order_places(recording, count - max(1, count // 4), rng)
    others = rng.choice(free, min(len(free), max(count - len(at_orders) - 1, 0)), replace=False)
    return np.unique(np.concatenate([at_orders, others, time[-2:-1]]))


def order_places(recording: Recording, count: int, rng: np.random.Generator) -> np.ndarray:
    """Choose bars with orders, alternating sides and weekdays, without the last bar."""
    last = recording.time[-1]
    requests = [order for order in recording.requests if order[0] < last]
    if not requests:
        return np.empty(0, dtype=recording.time.dtype)
    orders = pd.DataFrame({"stamp": [order[0] for order in requests]})
    orders["side"] = [np.sign(order[2]) for order in requests]
    orders["day"] = orders.stamp.dt.day_of_week
    orders = orders.drop_duplicates("stamp").sample(frac=1, random_state=int(rng.integers(2**31)))
    turn = orders.groupby(["side", "day"]).cumcount()
    chosen = orders.stamp[turn.sort_values(kind="stable").index[:count]]
    return chosen.to_numpy().astype(recording.time.dtype)
