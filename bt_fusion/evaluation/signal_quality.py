"""Signal quality: how often signals hit, and how far the price went with and against them."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["excursions", "sides", "signal_quality"]


def signal_quality(
    predictions: Predictions,
    labels: Labels,
    bars: pd.DataFrame | BarArrays,
    horizon: int,
    high_confidence: float = 0.60,
) -> list[dict[str, Any]]:
    """Judge the signals of all bars and of each regime, all of them and the confident ones.

    A signal is a bar whose likeliest class is a side. It counts where its label is known and its
    horizon is over.

    Parameters
    ----------
    predictions : Predictions
    labels : Labels
    bars : DataFrame or BarArrays
        The same bars for all three.
    horizon : int
        Bars over which excursions are taken.
    high_confidence : float
        Least `Predictions.confidence` of a confident signal.

    Returns
    -------
    list of dict
        regime ("all", "ranging", "up", "down"), signals ("all", "high"), count, hit_rate
        (share whose class came), favourable and adverse (mean excursions, fractions of the
        close). None where there is no signal.
    """
    arrays = BarArrays.of(bars)
    side = sides(predictions)
    favourable, adverse = excursions(arrays, side, horizon)
    chosen = np.asarray(predictions.classes)[np.nan_to_num(predictions.proba).argmax(axis=1)]
    counts = (side != 0) & np.isfinite(labels.y) & np.isfinite(favourable)
    sure = counts & (np.nan_to_num(predictions.confidence) >= high_confidence)
    trend = regimes(arrays)
    within = {"all": np.ones(len(arrays), bool)}
    within |= {regime.name.lower(): trend == regime for regime in Regime}
    return [
        {"regime": regime, "signals": name, **_judged(rows & inside, chosen == labels.y, moves)}
        for moves in ((favourable, adverse),)
        for regime, inside in within.items()
        for name, rows in (("all", counts), ("high", sure))
    ]


def sides(predictions: Predictions) -> np.ndarray:
    """Return the side of each bar's likeliest class, shape (n_bars,): 1 long, -1 short, 0 none.

    The lower one of two classes is a short where falling prices are what it means.
    """
    classes = np.asarray(predictions.classes)
    meaning = np.where(classes == 1, 1, np.where(classes == -1, -1, 0))
    if predictions.two_sided:
        meaning[0] = -1
    best = np.nan_to_num(predictions.proba).argmax(axis=1)
    return np.where(predictions.known, meaning[best], 0)


def excursions(arrays: BarArrays, side: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the price went with and against each side within the horizon.

    Parameters
    ----------
    arrays : BarArrays
    side : ndarray, shape (n_bars,)
        1 long, -1 short.
    horizon : int
        Bars after each bar that count, the bar itself not among them.

    Returns
    -------
    favourable, adverse : ndarray of float64, shape (n_bars,)
        Fractions of the close, 0 or more; NaN where there is no side, or the bars end before
        the horizon.

    References
    ----------
    Sweeney, Maximum Adverse Excursion (1997).
    """
    up, down = np.full(len(arrays), np.nan), np.full(len(arrays), np.nan)
    if len(arrays) > horizon:
        windows = np.lib.stride_tricks.sliding_window_view
        close = arrays.close[:-horizon]
        highest = windows(arrays.high[1:], horizon).max(axis=1)
        lowest = windows(arrays.low[1:], horizon).min(axis=1)
        up[:-horizon] = np.maximum(highest / close - 1, 0)
        down[:-horizon] = np.maximum(1 - lowest / close, 0)
    long, short = side > 0, side < 0
    favourable = np.select([long, short], [up, down], np.nan)
    return favourable, np.select([long, short], [down, up], np.nan)


def _judged(
    rows: np.ndarray, hit: np.ndarray, moves: tuple[np.ndarray, np.ndarray]
) -> dict[str, Any]:
    if not rows.any():
        return {"count": 0, "hit_rate": None, "favourable": None, "adverse": None}
    favourable, adverse = (float(move[rows].mean()) for move in moves)
    return {
        "count": int(rows.sum()),
        "hit_rate": float(hit[rows].mean()),
        "favourable": favourable,
        "adverse": adverse,
    }
