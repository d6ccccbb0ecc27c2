"""Predictions of a walk-forward bar by bar, with refits; and the choice of a stream."""

from collections.abc import Mapping

import numpy as np

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.single_row import single_row_ensemble
from bt_fusion.errors import TrainingError
from bt_fusion.features.views import Spacing
from bt_fusion.models.causality import check_own
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import (
    NO_TIME,
    ModelStream,
    Stream,
    one_bar,
    predict_last,
)
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["WalkForwardStream", "open_stream"]


def open_stream(model: "SignalModel | WalkForward") -> "ModelStream | WalkForwardStream":
    """Return the stream for a fitted SignalModel or a WalkForward."""
    return WalkForwardStream(model) if isinstance(model, WalkForward) else ModelStream(model)


class WalkForwardStream(Stream):
    """A WalkForward bar by bar: it refits on the bars so far when a refit is due.

    Parameters
    ----------
    walk : WalkForward
        Requires `train_bars`, since the number of future bars is unknown.
    """

    def __init__(self, walk: WalkForward):
        super().__init__()
        self.walk = walk
        self.train, self.refit = walk.sizes(None)
        self.blank = empty_predictions(walk.signal_model(), NO_TIME)
        self.buffer = BarBuffer()
        self.model: SignalModel | None = None
        self.ensemble: Ensemble | None = None
        self.number = -1

    def push(self, time: np.datetime64, values: tuple[float, ...]) -> Predictions:
        """Add a new bar, refit if due, and return the bar's prediction, one row."""
        bar = self.buffer.count  # position of the next bar
        if bar >= self.train and (bar - self.train) % self.refit == 0:
            self._refit_before(bar)
        return super().push(time, values)

    def current(self) -> Predictions:
        """Return the prediction of the last bar, unknown before the first refit."""
        arrays = self.buffer.arrays()
        if self.model is None or self.ensemble is None:
            return one_bar(self.blank, arrays.time[-1])
        features = self.model.feature_set_.with_others(self.other_bars())
        X = features.latest(arrays, self.ensemble.context, self.memo)
        self.row = X[-1]
        return predict_last(self.model, self.ensemble, arrays, self.blank, self.number, X)

    def spacing(self) -> Mapping[str, Spacing]:
        """Return the distance of the bars of the last refit."""
        return {} if self.model is None else self.model.feature_set_.spacing

    def _refit_before(self, bar: int) -> None:
        start = 0 if self.walk.window == "expanding" else bar - self.train
        self.number += 1
        self.memo.clear()
        seen = self.buffer.arrays()
        if self.number == 0:
            check_own(self.walk.signal_model(), seen, self.walk.cache)
        try:
            self.model = fit_at(self.walk, seen, start, self.other_bars())
            self.ensemble = single_row_ensemble(self.model.ensemble_)
        except TrainingError:
            self.model = None


def fit_at(
    walk: WalkForward,
    seen: BarArrays,
    start: int,
    others: Mapping[str, BarArrays] | None = None,
) -> SignalModel:
    """Fit a copy of the walk-forward's model on the bars so far, from row `start`.

    `others` are bars of other markets that replace the model's own.
    """
    template = walk.signal_model().signal_part().with_others(others or {})
    return template.fit_arrays(seen[: len(seen) - walk.embargo_bars], start)
