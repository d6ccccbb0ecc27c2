"""HealthStream: `model_health` computed bar by bar."""

import numpy as np

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.evaluation.drift.monitor import UNKNOWN, Monitor, State
from bt_fusion.evaluation.drift.references import refit_reference
from bt_fusion.labels import Label, Labels, labels_of
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.predictors import OnePredictor
from bt_fusion.models.reference import Reference
from bt_fusion.models.reference.feature_reference import drifting_columns
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import Stream
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["HealthStream"]

LABEL_MEMORY = 1_000  # bars before a prediction that its label may use


class HealthStream:
    """Track a model's health on live bars.

    Parameters
    ----------
    predictor : SignalModel or WalkForward
    stream : Stream
        The predictor's stream, which also gets other markets' bars.
    """

    def __init__(self, predictor: OnePredictor, stream: Stream):
        self.predictor, self.stream = predictor, stream
        walked = isinstance(predictor, WalkForward)
        model = predictor.signal_model() if isinstance(predictor, WalkForward) else predictor
        self.model: SignalModel = model
        self.label: Label = model.label()
        self.watched = drifting_columns(model.feature_set().names)
        self.bars = BarBuffer(keep=None if walked else LABEL_MEMORY + self.label.horizon)
        self.proba: dict[int, np.ndarray] = {}  # by bar, kept for later refits
        self.monitor: Monitor | None = None
        self.number = -1
        self.pending: tuple[int, list[float]] | None = None  # bar and probabilities of an open bet
        self.rows: list[np.ndarray] = []  # rows of the current window

    def push(
        self,
        time: np.datetime64,
        values: tuple[float, ...],
        predictions: Predictions,
        row: np.ndarray | None,
    ) -> State:
        """Add a finished bar; return the current state.

        Parameters
        ----------
        time : datetime64[ns]
        values : tuple of float
            Open, high, low, close, volume.
        predictions : Predictions
            Of the bar, one row.
        row : ndarray, shape (n_features,), or None
            All features of its prediction.
        """
        bar = self.bars.count
        self.bars.push(time, values)
        number = int(predictions.model[0])
        known = number >= 0 and time > predictions.trained_until[0]
        if known and number != self.number:
            self._begin(number, bar, predictions.classes)
        if self.monitor is None:
            return UNKNOWN
        self._settle(bar)
        if known:
            proba = predictions.proba[0]
            self._watch(row)
            if self.pending is None:
                self.pending = bar, proba.tolist()
            if isinstance(self.predictor, WalkForward):
                self.proba[bar] = proba
        return self.monitor.state

    def _begin(self, number: int, bar: int, classes: tuple[int, ...]) -> None:
        self.number, self.pending = number, None
        self.rows.clear()
        self.monitor = Monitor(self._reference(bar), classes)

    def _reference(self, bar: int) -> Reference | None:
        """Return the reference of the model that begins at a bar."""
        if not isinstance(self.predictor, WalkForward):
            return getattr(self.predictor, "reference_", None)
        walk = self.predictor
        train, refit = walk.sizes(None)
        fitted = train + (bar - train) // refit * refit
        start = 0 if walk.window == "expanding" else fitted - train
        seen = self.bars.arrays()[:fitted]
        model = walk.signal_model().signal_part().with_others(self.stream.other_bars())
        X, labels = model.feature_set().on(seen).transform(seen), labels_of(self.label, seen)
        proba = np.full((fitted, len(self.label.classes)), np.nan)
        for each in [each for each in self.proba if each < start]:
            del self.proba[each]
        for each, known in self.proba.items():
            proba[each] = known
        return refit_reference(model, X, labels, proba, (start, fitted), walk.embargo_bars)

    def _settle(self, bar: int) -> None:
        """Count the pending prediction once its outcome is known."""
        assert self.monitor is not None
        if self.pending is None:
            return
        at, proba = self.pending
        labels, place = self._labels(bar - at)
        if np.isfinite(labels.y[place]):
            self.monitor.outcome(proba, labels.y[place])
        if np.isfinite(labels.y[place]) or bar - at >= self.label.horizon:
            self.pending = None

    def _labels(self, ago: int) -> tuple[Labels, int]:
        """Return the labels of the last bars, and the index of the one `ago` bars back."""
        bars = self.bars.arrays().tail(LABEL_MEMORY + self.label.horizon)
        return labels_of(self.label, bars), len(bars) - 1 - ago

    def _watch(self, row: np.ndarray | None) -> None:
        """Add the features of a bar, and test the window once it is full."""
        assert self.monitor is not None
        if row is None or not self.monitor.window:
            return
        self.rows.append(row[self.watched])
        if len(self.rows) == self.monitor.window:
            self.monitor.features_of(np.stack(self.rows))
            self.rows.clear()
