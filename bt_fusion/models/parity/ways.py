"""The ways of predicting the same bars."""

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.ensemble.onnx_export import DIGITS
from bt_fusion.errors import BtFusionError
from bt_fusion.features import complete_rows
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.parity.compared_bars import ComparedBars
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.streaming.model_stream import ModelStream

__all__ = [
    "StreamFails",
    "by_libraries",
    "from_bars",
    "from_rows",
    "in_onnx",
    "streamed_features",
]


class StreamFails(BtFusionError):
    """An error of a bar-by-bar prediction.

    Parameters
    ----------
    time : datetime64[ns]
        Of the bar.
    error : Exception
    """

    def __init__(self, time: np.datetime64, error: Exception):
        super().__init__(f"{type(error).__name__}: {str(error)[:200]}")
        self.time = time


def from_rows(model: Any, bars: ComparedBars) -> Predictions:
    """Predict in one batch, from features computed over all training bars."""
    known = complete_rows(bars.X)[-bars.count :]
    predictions = empty_predictions(model, bars.time)
    predictions.votes[known] = model.ensemble_.member_proba(bars.X, bars.rows[known])
    predictions.model[known] = 0
    return predictions


def from_bars(model: Any, bars: ComparedBars) -> Predictions:
    """Predict bar by bar, with each feature over its own memory, as a live strategy does.

    Raises
    ------
    StreamFails
        If a feature or member fails on a bar.
    """
    stream, arrays = ModelStream(model, allow_in_sample=True), bars.arrays
    values = list(zip(*(getattr(arrays, name).tolist() for name in COLUMNS), strict=True))
    before = len(arrays) - bars.count
    for time, each in zip(arrays.time[:before], values[:before], strict=True):
        stream.buffer.push(time, each)
    predicted = []
    for time, each in zip(arrays.time[before:], values[before:], strict=True):
        try:
            predicted.append(stream.push(time, each))
        except Exception as error:  # user-defined features and members may raise anything
            raise StreamFails(time, error) from error
    return replace(
        empty_predictions(model, bars.time),
        votes=np.concatenate([each.votes for each in predicted]),
        model=np.concatenate([each.model for each in predicted]),
    )


def streamed_features(model: Any, bars: ComparedBars, bar: int) -> np.ndarray:
    """Return the features of a compared bar and of its context, as a stream computes them.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_features)
        The compared bar is the last row.
    """
    stop = len(bars.arrays) - bars.count + bar + 1
    return model.feature_set_.latest(bars.arrays[:stop], model.ensemble_.context)


def in_onnx(model: Any, bars: ComparedBars) -> Predictions:
    """Predict by the ONNX forms of the members that have one, before calibration."""
    return from_rows(_with_ensemble(model, calibrators_={}), bars)


def by_libraries(model: Any, bars: ComparedBars) -> Predictions:
    """Predict by the members' libraries, before calibration, rounded like ONNX forms."""
    raw = _with_ensemble(model, calibrators_={}, onnx_={})
    predictions = from_rows(raw, bars)
    exported = [name in model.ensemble_.onnx_ for name in raw.ensemble_.members_]
    predictions.votes[:, exported] = predictions.votes[:, exported].round(DIGITS)
    return predictions


def _with_ensemble(model: Any, **instead: Any) -> Any:
    other, ensemble = copy(model), copy(model.ensemble_)
    for name, value in instead.items():
        setattr(ensemble, name, value)
    other.ensemble_ = ensemble
    return other
