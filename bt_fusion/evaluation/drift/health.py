"""Health of models at each bar, from the bars up to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.evaluation.drift.levels import Drift
from bt_fusion.evaluation.drift.monitor import Monitor, State
from bt_fusion.evaluation.drift.references import references_of
from bt_fusion.labels import Labels, labels_of
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.predictors import OnePredictor
from bt_fusion.models.reference.feature_reference import drifting_columns
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["Health", "health_of", "model_health", "with_health"]

BET, WINDOW = 0, 1  # events at a bar, in this order


@dataclass(frozen=True, eq=False)
class Health:
    """Health of models on each bar.

    Attributes
    ----------
    index : DatetimeIndex, shape (n_bars,)
    values : ndarray of float64, shape (n_bars, 6)
        The columns of `State`; NaN before the first prediction.
    model : ndarray of int64, shape (n_bars,)
        Number of the model, -1 before the first.
    monitors : dict of int to Monitor
        By model, in its state after the last bar.
    """

    index: pd.DatetimeIndex
    values: np.ndarray
    model: np.ndarray
    monitors: dict[int, Monitor]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bar: datetime, the columns of `State`, model."""
        columns = dict(zip(State._fields, self.values.T, strict=True))
        return pd.DataFrame({"datetime": self.index, **columns, "model": self.model})

    @property
    def drifted(self) -> np.ndarray:
        """Bars on which the model is in alarm, shape (n_bars,)."""
        return self.values[:, State._fields.index("drifted")] > 0

    def alarms(self) -> list[dict[str, Any]]:
        """Return the first alarm of each model: model, bar (position), time, part."""
        return alarms_of(self.index, self.values, self.model)


def alarms_of(
    index: pd.DatetimeIndex, values: np.ndarray, model: np.ndarray
) -> list[dict[str, Any]]:
    """Return the first alarm of each model; see `Health.alarms`."""
    part = np.nan_to_num(values[:, State._fields.index("drifted")]).astype(int)
    model = np.maximum.accumulate(model)  # a bar without a prediction belongs to the last model
    raised = np.flatnonzero(part)
    _, first = np.unique(model[raised], return_index=True)
    return [
        {
            "model": int(model[bar]),
            "bar": int(bar),
            "time": index[bar],
            "part": Drift(int(part[bar])).words,
        }
        for bar in raised[np.sort(first)]
    ]


def model_health(
    predictor: OnePredictor,
    bars: pd.DataFrame | BarArrays,
    predictions: Predictions | None = None,
    *,
    since: Any = None,
) -> Health:
    """Compute the health of a fitted model, or of each refit, on the bars it predicts.

    Parameters
    ----------
    predictor : SignalModel or WalkForward
    bars : DataFrame or BarArrays
        Including bars before the first prediction, which warm up the features.
    predictions : Predictions, optional
        Its own, of these bars; computed if not given.
    since : date, optional
        Earlier bars do not count.

    Examples
    --------
    >>> from bt_fusion import SignalModel
    >>> from bt_fusion.data.samples import planted_edge
    >>> bars = planted_edge(6_000, auc=0.8)
    >>> model = SignalModel(["wick_balance", "return_1"]).fit(bars[:4_000])
    >>> health = model_health(model, bars)
    >>> health.alarms(), int(health.monitors[0].bets)
    ([], 399)
    """
    arrays = BarArrays.of(bars)
    if predictions is None:
        predictions = predictor.predict_arrays(arrays)
    walked = isinstance(predictor, WalkForward)
    model = predictor.signal_model() if isinstance(predictor, WalkForward) else predictor
    features = model.feature_set().on(arrays) if walked else model.feature_set_
    X, labels = features.transform(arrays), labels_of(model.label(), arrays)
    references = references_of(predictor, X, labels, predictions)
    watched = X[:, drifting_columns(features.names)]
    monitors = {n: Monitor(each, predictions.classes) for n, each in references.items()}
    first = 0 if since is None else int(np.searchsorted(arrays.time, np.datetime64(since, "ns")))
    return health_of(monitors, watched, labels, predictions, model.label().horizon, first)


def with_health(
    predictor: OnePredictor, bars: pd.DataFrame | BarArrays, predictions: Predictions
) -> Predictions:
    """Return predictions with their models' health on each bar."""
    return replace(predictions, health=model_health(predictor, bars, predictions).values)


def health_of(
    monitors: dict[int, Monitor],
    X: np.ndarray,
    labels: Labels,
    predictions: Predictions,
    horizon: int,
    first: int = 0,
) -> Health:
    """Run each monitor from its model's first bar to the next model's first bar.

    Parameters
    ----------
    monitors : dict of int to Monitor
        New monitors; they are updated.
    X : ndarray of float32, shape (n_bars, n_features)
        The watched features.
    labels : Labels
    predictions : Predictions
    horizon : int
        Maximum number of bars until a label is known.
    first : int
        Position of the first bar that counts.
    """
    count = len(predictions)
    values, model = np.full((count, len(State._fields)), np.nan), np.full(count, -1)
    known = predictions.known & (predictions.index > predictions.trained_until)
    known[:first] = False
    proba = predictions.proba
    for number, monitor in monitors.items():
        rows = np.flatnonzero(known & (predictions.model == number))
        if not len(rows):
            continue
        later = np.flatnonzero(known[rows[-1] + 1 :])
        end = count if not len(later) else rows[-1] + 1 + later[0]
        bars, states = [rows[0]], [monitor.state]
        for bar, kind, what in sorted(health_events(rows, labels, horizon, monitor.window)):
            if bar >= end:
                break
            if kind == BET:
                monitor.outcome(proba[what].tolist(), labels.y[what])
            else:
                monitor.features_of(X[rows[what : what + monitor.window]])
            bars.append(bar)
            states.append(monitor.state)
        places = np.searchsorted(bars, np.arange(rows[0], end), side="right") - 1
        values[rows[0] : end] = np.array(states)[places]
        model[rows[0] : end] = number
    return Health(predictions.index, values, model, monitors)


def health_events(
    rows: np.ndarray, labels: Labels, horizon: int, window: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (bar, BET, row of the prediction) and (bar, WINDOW, place of its first row).

    The next counted prediction is the first at or after the bar at which the last outcome was
    known: overlapping labels would count a move twice.
    """
    y, t1 = labels.y[rows], labels.t1[rows]
    at, place = rows.tolist(), 0
    while place < len(at):
        known = bool(np.isfinite(y[place]))
        over = int(t1[place]) if known else at[place] + horizon
        if known:
            yield over, BET, at[place]
        place = int(np.searchsorted(rows, over))
    for place in range(window, len(at) + 1, window) if window else ():
        yield at[place - 1], WINDOW, place - window
