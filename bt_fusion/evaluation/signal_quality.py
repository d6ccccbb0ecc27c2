"""Signal quality: hit rates, and price excursions for and against signals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.statistics.excursions import excursions
from bt_fusion.technical.regimes import Regime, regimes

__all__ = [
    "CONFIDENCES",
    "labelled_signals",
    "quality_by_confidence",
    "sides",
    "signal_figures",
    "signal_quality",
]

CONFIDENCES = (0.50, 0.55, 0.60, 0.65, 0.70)
REGIMES = pd.Index([regime.name.lower() for regime in Regime])


def labelled_signals(
    predictions: Predictions, labels: Labels, bars: pd.DataFrame | BarArrays, horizon: int
) -> pd.DataFrame:
    """Return the signals whose label is known and whose horizon is over.

    Parameters
    ----------
    predictions : Predictions
    labels : Labels
    bars : DataFrame or BarArrays
        The same bars for all three.
    horizon : int
        Bars over which excursions are taken.

    Returns
    -------
    DataFrame, one row per signal, indexed by the bar's position
        side (a category: long, and short if the label covers falling prices), regime (a
        category: ranging, up, down), confidence (of `Predictions`), hit (whether the label is
        the side's class), and favourable, adverse and move of `excursions`.
    """
    arrays = BarArrays.of(bars)
    side = sides(predictions)
    long, short = labels.y == 1, labels.y == predictions.classes[0]
    table = excursions(arrays, side, horizon).assign(
        side=side_names(side, predictions.two_sided),
        regime=pd.Categorical.from_codes(regimes(arrays), REGIMES),
        confidence=predictions.confidence,
        hit=np.where(side > 0, long, short),
    )
    return table[(side != 0) & np.isfinite(labels.y) & table.move.notna().to_numpy()]


def sides(predictions: Predictions) -> np.ndarray:
    """Return the side of each bar, shape (n_bars,): 1 long, -1 short, 0 none.

    Soft voting: that of the most likely class, none for a tie. The lower of two classes is a short
    if it means falling prices. Majority voting: the sign of the signal.
    """
    if predictions.voting == "majority":
        return np.sign(np.nan_to_num(predictions.signal())).astype(np.int64)
    classes = np.asarray(predictions.classes)
    meaning = np.where(classes == 1, 1, np.where(classes == -1, -1, 0))
    if predictions.two_sided:
        meaning[0] = -1
    proba = np.nan_to_num(predictions.proba)
    clear = (proba == proba.max(axis=1, keepdims=True)).sum(axis=1) == 1
    return np.where(predictions.known & clear, meaning[proba.argmax(axis=1)], 0)


def side_names(side: np.ndarray, two_sided: bool) -> "pd.Categorical[str]":
    """Return sides by name; a label of one side has no category short."""
    codes = np.select([side > 0, side < 0], [0, 1], -1)
    return pd.Categorical.from_codes(codes, pd.Index(["long", "short"][: 1 + two_sided]))


def signal_quality(signals: pd.DataFrame, high_confidence: float = 0.60) -> list[dict[str, Any]]:
    """Summarise the signals of each side and regime, all and confident ones.

    Parameters
    ----------
    signals : DataFrame
        See `labelled_signals`.
    high_confidence : float
        Lowest confidence of a confident signal.

    Returns
    -------
    list of dict
        side ("long", "short"), regime ("all", "ranging", "up", "down"), signals ("all",
        "high"), and `signal_figures`.
    """
    return [
        {"side": side, "regime": regime, "signals": name, **signal_figures(part)}
        for side, own in _by_side(signals)
        for regime in ("all", *REGIMES)
        for name, part in _all_and_high(own, regime, high_confidence)
    ]


def quality_by_confidence(
    signals: pd.DataFrame, confidences: Sequence[float] = CONFIDENCES
) -> list[dict[str, Any]]:
    """Return the number and hit rate of signals of each side above each confidence.

    Returns
    -------
    list of dict
        confidence (the lower limit), side, and `signal_figures`.
    """
    return [
        {"confidence": least, "side": side, **signal_figures(own[own.confidence >= least])}
        for least in confidences
        for side, own in _by_side(signals)
    ]


def signal_figures(signals: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of some signals.

    Returns
    -------
    dict
        count, hit_rate (share whose label was the predicted one), favourable and adverse (mean
        excursions as fractions of the close, adverse 0 or less). None without signals.
    """
    if signals.empty:
        return {"count": 0, "hit_rate": None, "favourable": None, "adverse": None}
    means = {name: float(signals[name].mean()) for name in ("hit", "favourable", "adverse")}
    return {"count": len(signals), "hit_rate": means.pop("hit"), **means}


def _by_side(signals: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(side, signals[signals.side == side]) for side in signals.side.cat.categories]


def _all_and_high(
    signals: pd.DataFrame, regime: str, high_confidence: float
) -> list[tuple[str, pd.DataFrame]]:
    inside = signals if regime == "all" else signals[signals.regime == regime]
    return [("all", inside), ("high", inside[inside.confidence >= high_confidence])]
