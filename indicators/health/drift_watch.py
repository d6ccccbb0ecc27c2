"""DriftWatch: the health of an MLEnsemble's model, for all bars or bar by bar."""

from warnings import warn

import numpy as np

from bt_fusion.errors import BtFusionWarning
from bt_fusion.evaluation.drift import Drift, HealthStream, State, model_health
from bt_fusion.evaluation.drift.health import alarms_of
from bt_fusion.evaluation.drift.monitor import UNKNOWN
from bt_fusion.evaluation.drift.words import BEFORE_DRIFT, alarm_text
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel

__all__ = ["ON_DRIFT", "DriftWatch"]

ON_DRIFT = ("ignore", "warn", "stop")
DRIFTED = State._fields.index("drifted")
NO_HEALTH = (
    "ready Predictions do not tell how healthy their model is; give the model itself, or "
    "predictions from bt_fusion.evaluation.drift.with_health(model, bars, predictions)"
)


class DriftWatch:
    """
    Health of a model, and the action on drift.

    ``on_drift``: ``ignore``, ``warn`` (once for each model) or ``stop`` using the model from that
    bar on until it is replaced. ``failure`` is the reason of the last stop.
    """

    def __init__(self, on_drift):
        self.stops = on_drift == "stop"
        self.warns = on_drift != "ignore"
        self.failure = None
        self._rows = None  # of all bars, if preloaded
        self._state = UNKNOWN  # of the last bar, if not preloaded
        self._stream = None
        self._open = None  # a bar that is still growing, and its prediction
        self._warned = set()  # numbers of the models already warned about

    def compute(self, model, bars, predictions):
        """Compute the health on all bars; row t uses only bars up to t"""
        if isinstance(model, Predictions):
            rows, numbers = predictions.health, predictions.model
        else:
            self._warn_unknown(model)
            found = model_health(model, bars, predictions)
            rows, numbers = found.values, found.model
        if rows is None:
            warn(NO_HEALTH, BtFusionWarning, stacklevel=2)
            rows = np.full((len(predictions), len(UNKNOWN)), np.nan)
        self._rows = rows
        for alarm in alarms_of(predictions.index, rows, numbers):
            self._warn(alarm, State(*rows[alarm["bar"]]))

    def push(self, model, stream, bar, predictions, late, still_open):
        """Update the health by one bar (timestamp, values); if ``late``, once it is finished"""
        if isinstance(model, Predictions):
            self._take(State(*predictions.health[0]) if predictions.health is not None else None)
        elif not late:
            self._move(model, stream, (*bar, predictions, stream.row))
        else:
            if self._open is not None and not still_open:
                self._move(model, stream, self._open)
            self._open = (*bar, predictions, stream.row)
        if self._state.drifted > 0:
            number = int(predictions.model[0]) if self._stream is None else self._stream.number
            part = Drift(int(self._state.drifted)).words
            self._warn({"model": number, "time": bar[0], "part": part}, self._state)

    def known(self, bars):
        """Return the ``State`` after ``bars`` bars"""
        if self._rows is None:
            return self._state
        return self._rows[bars - 1] if bars > 0 else UNKNOWN  # -1 would be a future bar

    def stopped(self, bars):
        """Return whether the model is stopped on the last of ``bars`` bars"""
        return self.stops and self.known(bars)[DRIFTED] > 0

    def stopped_bars(self):
        """Return whether the model is stopped, for all preloaded bars"""
        return self._rows[:, DRIFTED] > 0 if self.stops else np.zeros(len(self._rows), bool)

    def columns(self):
        """Return the columns of ``State`` for all preloaded bars"""
        return self._rows.T

    def _move(self, model, stream, bar):
        if self._stream is None:
            self._warn_unknown(model)
            self._stream = HealthStream(model, stream)
        self._state = self._stream.push(*bar)

    def _take(self, state):
        if state is None and not self._warned:
            self._warned.add(None)
            warn(NO_HEALTH, BtFusionWarning, stacklevel=2)
        self._state = UNKNOWN if state is None else state

    def _warn_unknown(self, model):
        if isinstance(model, SignalModel) and getattr(model, "reference_", None) is None:
            warn(BEFORE_DRIFT, BtFusionWarning, stacklevel=2)

    def _warn(self, alarm, state):
        if alarm["model"] in self._warned or alarm["model"] < 0:  # -1: a bar without a prediction
            return
        self._warned.add(alarm["model"])
        self.failure = alarm_text(alarm, state)
        if self.warns:
            then = "; it is not used until there is another one" if self.stops else ""
            warn(f"MLEnsemble: {self.failure}{then}", BtFusionWarning, stacklevel=2)
