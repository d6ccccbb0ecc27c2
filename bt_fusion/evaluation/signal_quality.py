"""Signal quality: how often signals hit, and how far the price went with and against them."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.statistics.excursions import excursions
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["sides", "signal_figures", "signal_quality"]


def signal_quality(
    predictions: Predictions,
    labels: Labels,
    bars: pd.DataFrame | BarArrays,
    horizon: int,
    high_confidence: float = 0.60,
) -> list[dict[str, Any]]:
    """Score the signals of all bars and of each regime, all of them and the confident ones.

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
        (share whose class was right), favourable and adverse (mean excursions as fractions of
        the close, adverse 0 or less). None where there is no signal.
    """
    arrays = BarArrays.of(bars)
    side = sides(predictions)
    moves = excursions(arrays, side, horizon)
    predicted = np.asarray(predictions.classes)[np.nan_to_num(predictions.proba).argmax(axis=1)]
    hit = predicted == labels.y
    counts = (side != 0) & np.isfinite(labels.y) & moves.favourable.notna().to_numpy()
    sure = counts & (np.nan_to_num(predictions.confidence) >= high_confidence)
    trend = regimes(arrays)
    within = {"all": np.ones(len(arrays), bool)}
    within |= {regime.name.lower(): trend == regime for regime in Regime}
    return [
        {"regime": regime, "signals": name, **signal_figures(rows & inside, hit, moves)}
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


def signal_figures(rows: np.ndarray, hit: np.ndarray, moves: pd.DataFrame) -> dict[str, Any]:
    """Return the count, hit rate and mean excursions of the signals on some of the bars."""
    if not rows.any():
        return {"count": 0, "hit_rate": None, "favourable": None, "adverse": None}
    return {
        "count": int(rows.sum()),
        "hit_rate": float(hit[rows].mean()),
        **{name: float(moves[name].to_numpy()[rows].mean()) for name in ("favourable", "adverse")},
    }
