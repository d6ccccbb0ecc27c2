"""Models an MLEnsemble accepts: load them, predict all bars or one by one."""

from pathlib import Path

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import ModelStream
from bt_fusion.models.streaming.walk_forward_stream import WalkForwardStream
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["in_sample_text", "loaded", "open_stream", "predict_all", "vote_rule_of"]


def no_model(given) -> OptionError:
    """Return the error for a value that is not a model."""
    return OptionError(
        f"model is {given!r}; give a fitted SignalModel or the folder of a saved one, a "
        "WalkForward or Predictions"
    )


def in_sample_text(model: SignalModel, known: int, bars: int, allowed: bool) -> str:
    """Return the warning about bars that a model was trained on."""
    start, end = (
        str(t)[:16].replace("T", " ") for t in (model.trained_from_, model.trained_until_)
    )
    those = f"{known:,} of {bars:,} bars are" if bars > 1 else f"bars until {end} are"
    then = "its predictions of them prove nothing" if allowed else "it makes no prediction of them"
    return (
        f"{those} in-sample: the model was trained on {start} to {end}, {then}. Give bars after "
        "that, or a WalkForward"
    )


def predict_all(model, arrays: BarArrays, allow_in_sample: bool) -> Predictions:
    """Predict preloaded bars with any model a user may pass."""
    if isinstance(model, Predictions):
        return model.at(arrays.time)
    if isinstance(model, SignalModel):
        return model.predict_arrays(arrays, allow_in_sample=allow_in_sample)
    if isinstance(model, WalkForward):
        return model.predict_arrays(arrays)
    raise no_model(model)


def loaded(model):
    """Return the saved model at a path; any other value unchanged."""
    return SignalModel.load(model) if isinstance(model, str | Path) else model


def vote_rule_of(model) -> tuple[str, float] | None:
    """Return voting and vote threshold of a model, None for a path or no model."""
    if isinstance(model, WalkForward):
        model = model.signal_model()
    rule = model.new_ensemble() if isinstance(model, SignalModel) else model
    return (rule.voting, rule.vote_threshold) if isinstance(rule, Ensemble | Predictions) else None


def open_stream(model, allow_in_sample: bool):
    """Return a stream that predicts bar by bar."""
    if isinstance(model, Predictions):
        return PredictionsStream(model)
    if isinstance(model, SignalModel):
        return ModelStream(model, allow_in_sample=allow_in_sample)
    if isinstance(model, WalkForward):
        return WalkForwardStream(model)
    raise no_model(model)


class PredictionsStream:
    """Existing predictions, looked up by timestamp."""

    def __init__(self, predictions: Predictions):
        self.predictions = predictions

    def push(self, time, values):
        return self.predictions.at(np.array([time]))

    replace = push
