"""Predictions of a fitted model bar by bar, equal to those of one batch.

A stream keeps the bars it needs, computes each feature over its own memory and lets the members
predict one row. It agrees with the batch up to the effect of the limited memory.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import bar_seconds, distances
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.single_row import single_row_ensemble
from bt_fusion.features import FeatureSet
from bt_fusion.features.views import Spacing
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.payoff import Payoff
from bt_fusion.models.predictions import NO_MODEL, NOT_TRAINED, Predictions
from bt_fusion.technical.series import wilder_memory

__all__ = ["NO_TIME", "ModelStream", "Stream", "one_bar", "predict_last"]

CHECKED = (6, 50)  # numbers of bars after which their spacing is checked
NO_TIME = np.empty(0, dtype="datetime64[ns]")
UNKNOWN_PAYOFF = np.full((1, 2), np.nan)


class Stream:
    """Predictions of one bar after another, from a buffer of the bars needed.

    Attributes
    ----------
    buffer : BarBuffer
    markets : dict of str to BarBuffer
        Bars of other markets received so far, by name; without any, those of the model.
    """

    buffer: BarBuffer

    def __init__(self) -> None:
        self.markets: dict[str, BarBuffer] = {}
        self.memo: dict[Any, Any] = {}  # features of closed longer bars
        self.row: np.ndarray | None = None  # features of the last predicted bar

    def push_other(
        self,
        market: str,
        time: np.datetime64,
        values: tuple[float, ...],
        still_open: bool = False,
    ) -> None:
        """Add a new bar of another market, or replace its last one."""
        self.expect(market)
        buffer = self.markets[market]
        take = buffer.replace if still_open else buffer.push
        take(time, values)
        self.check_spacing(market, buffer)

    def expect(self, *markets: str) -> None:
        """Set which markets will send bars: until they do, their features are unknown."""
        for market in markets:
            if market not in self.markets:
                self.markets[market] = BarBuffer(keep=self.market_memory(market))

    def spacing(self) -> Mapping[str, Spacing]:
        """Return the required distance of bars, by market; empty if it does not matter."""
        return {}

    def check_spacing(self, market: str, buffer: BarBuffer) -> None:
        """Refuse bars of another length, after a few bars and after many.

        Raises
        ------
        ModelCompatibilityError
        """
        if buffer.count not in CHECKED or market not in self.spacing():
            return
        time, wanted = buffer.arrays().time[-buffer.count :], self.spacing()[market].seconds
        enough = buffer.count == CHECKED[0] and wanted in distances(time)
        usual = wanted if enough else bar_seconds(time)
        self.spacing()[market].check(usual, market)

    def market_memory(self, market: str) -> int | None:
        """Return how many bars of a market are kept, None for all."""
        return None

    def other_bars(self) -> dict[str, BarArrays]:
        """Return the bars of other markets received so far."""
        return {name: buffer.arrays() for name, buffer in self.markets.items()}

    def push(self, time: np.datetime64, values: tuple[float, ...]) -> Predictions:
        """Add a new bar and return its prediction, one row."""
        self.buffer.push(time, values)
        self.check_spacing("", self.buffer)
        return self.current()

    def replace(self, time: np.datetime64, values: tuple[float, ...]) -> Predictions:
        """Replace the last bar and return its prediction, one row."""
        self.buffer.replace(time, values)
        return self.current()

    def current(self) -> Predictions:
        """Return the prediction of the last bar."""
        raise NotImplementedError


class ModelStream(Stream):
    """A fitted SignalModel, bar by bar.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    allow_in_sample : bool
        Also predict bars at or before `trained_until_`.
    """

    def __init__(self, model: Any, *, allow_in_sample: bool = False):
        super().__init__()
        self.model = model
        self.allow_in_sample = allow_in_sample
        self.ensemble = single_row_ensemble(model.ensemble_)
        self.blank = empty_predictions(model, NO_TIME)
        if model.payoff_ is None:
            self.blank = replace(self.blank, payoff=None)
        memory = model.feature_set_.memory + model.ensemble_.context - 1
        self.buffer = BarBuffer(keep=max(memory, payoff_memory(model.payoff_)))

    def market_memory(self, market: str) -> int | None:
        """Return how many bars of a market are kept; all if members look back."""
        features = self.model.feature_set_
        if market not in features.markets:
            return 1
        return features.memory_of(market) if self.model.ensemble_.context == 1 else None

    def spacing(self) -> Mapping[str, Spacing]:
        """Return the distance of the bars that the model was trained on."""
        return self.model.feature_set_.spacing

    def features(self) -> FeatureSet:
        """Return the model's features, with the bars of other markets received so far."""
        features = self.model.feature_set_
        return features.with_others(self.other_bars()) if self.markets else features

    def current(self) -> Predictions:
        """Return the prediction of the last bar, unknown if it is in-sample."""
        arrays = self.buffer.arrays()
        if not self.allow_in_sample and arrays.time[-1] <= self.model.trained_until_:
            return one_bar(self.blank, arrays.time[-1])
        X = self.features().latest(arrays, self.ensemble.context, self.memo)
        self.row = X[-1]
        return predict_last(self.model, self.ensemble, arrays, self.blank, 0, X)


def predict_last(
    model: Any,
    ensemble: Ensemble,
    arrays: BarArrays,
    blank: Predictions,
    number: int,
    X: np.ndarray,
) -> Predictions:
    """Return the prediction of the last bar, unknown if its features are incomplete.

    Parameters
    ----------
    model : SignalModel
    ensemble : Ensemble
        The model's own, after `single_row_ensemble`.
    arrays : BarArrays
    blank : Predictions
        Without bars: the common part of all predictions of a stream.
    number : int
        Of the model.
    X : ndarray of float32, shape (n_rows, n_features)
        Features of the last bars.
    """
    if not np.isfinite(X[-1]).all():
        return one_bar(blank, arrays.time[-1])
    votes = ensemble.member_proba(X, np.array([len(X) - 1]))
    payoff = UNKNOWN_PAYOFF
    if model.payoff_ is not None:
        payoff = model.payoff_.per_bar(arrays.tail(payoff_memory(model.payoff_)))[-1:]
    return one_bar(blank, arrays.time[-1], votes, number, model.trained_until_, payoff)


def one_bar(
    blank: Predictions,
    time: np.datetime64,
    votes: np.ndarray | None = None,
    number: int = NO_MODEL,
    trained_until: np.datetime64 = NOT_TRAINED,
    payoff: np.ndarray = UNKNOWN_PAYOFF,
) -> Predictions:
    """Return the predictions of one bar; without votes, unknown ones."""
    return replace(
        blank,
        index=pd.DatetimeIndex(np.array([time])),  # from a list it takes five times as long
        votes=np.full((1, *blank.votes.shape[1:]), np.nan) if votes is None else votes,
        model=np.array([number]),
        trained_until=np.array([trained_until], dtype="datetime64[ns]"),
        payoff=None if blank.payoff is None else payoff,
    )


def payoff_memory(payoff: Payoff | None) -> int:
    """Return how many bars the payoff of a bar needs, until the ATR has forgotten its start."""
    period = payoff and payoff.atr_period
    return wilder_memory(period) if period else 1
