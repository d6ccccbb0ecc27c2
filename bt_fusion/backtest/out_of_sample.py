"""Unseen bars of each symbol, with their predictions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.timestamps import iso_time
from bt_fusion.errors import BarsError, BtFusionError, InSampleError
from bt_fusion.evaluation.drift import model_health, with_health
from bt_fusion.labels import Labels, labels_of
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.predictors import OnePredictor, Predictor, check_predictor, copy_for
from bt_fusion.models.refit import Refit
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.progress import step

__all__ = [
    "OnRefit",
    "OutOfSample",
    "out_of_sample_window",
    "predict_each",
    "predict_out_of_sample",
]

OnRefit = Callable[[int, int], None] | None


@dataclass(frozen=True)
class OutOfSample:
    """One symbol's traded window.

    Attributes
    ----------
    whole : DataFrame
        All bars of the symbol.
    bars : DataFrame
        Bars of the window.
    predictions : Predictions
        Of the window's bars.
    labels : Labels
        Actual labels of the window's bars.
    refits : tuple of Refit
        Refits of the walk-forward; empty for a fitted model.
    predictor : WalkForward or SignalModel, optional
    every : Predictions, optional
        Predictions of all bars.
    """

    whole: pd.DataFrame
    bars: pd.DataFrame
    predictions: Predictions
    labels: Labels
    refits: tuple[Refit, ...] = ()
    predictor: OnePredictor | None = None
    every: Predictions | None = None

    @classmethod
    def of(
        cls,
        bars: pd.DataFrame,
        predictor: OnePredictor,
        predictions: Predictions,
        fromdate: Any = None,
        todate: Any = None,
    ) -> "OutOfSample":
        """Select the window from all bars and predictions; raises as `out_of_sample_window`."""
        window = out_of_sample_window(predictions, fromdate, todate)
        walked = isinstance(predictor, WalkForward)
        labels = predictor.labels_ if walked else labels_of(predictor.label(), bars)
        assert len(labels.y) == len(bars)  # including the last prediction
        known = Labels(labels.y[window], labels.t1[window])
        refits = tuple(predictor.refits_) if walked else ()
        parts = bars.iloc[window], predictions[window], known
        return cls(bars, *parts, refits, predictor, predictions)

    def health(self) -> np.ndarray | None:
        """Return the models' health on each bar of the window, None if unknown.

        Taken from the predictions, or computed now.
        """
        if self.predictions.health is not None:
            return self.predictions.health
        if self.predictor is None or self.every is None:
            return None
        found = model_health(self.predictor, self.whole, self.every)
        first = int(found.index.get_indexer(self.predictions.index[:1])[0])
        return found.values[first : first + len(self.predictions)]

    @property
    def in_sample(self) -> int:
        """Number of the window's bars the model was trained on."""
        return int((self.predictions.index <= self.predictions.trained_until).sum())


def predict_out_of_sample(
    predictor: OnePredictor,
    bars: pd.DataFrame,
    on_refit: OnRefit = None,
    *,
    allow_in_sample: bool = False,
) -> Predictions:
    """Predict bars with a walk-forward, or the unseen bars with a fitted model.

    Raises
    ------
    InSampleError
        If a fitted model has seen all bars and `allow_in_sample` is False.
    """
    if isinstance(predictor, WalkForward):
        return predictor.predict(bars, on_refit)
    predictions = predictor.predict(bars, allow_in_sample=allow_in_sample)
    if not predictions.known.any():
        until = pd.Timestamp(predictor.trained_until_)
        raise InSampleError(
            f"the model was trained until {until}, the bars end at {bars.index[-1]}: none is "
            "unseen. Give later bars, or --allow-in-sample to trade those it knows"
        )
    return predictions


def predict_each(
    predictor: Predictor,
    bars: dict[str, pd.DataFrame],
    on_refit: OnRefit = None,
    *,
    fromdate: Any = None,
    todate: Any = None,
    allow_in_sample: bool = False,
    health: bool = False,
) -> dict[str, OutOfSample]:
    """Predict each symbol separately.

    Parameters
    ----------
    predictor : WalkForward, SignalModel, or dict of SignalModel
        A walk-forward is copied for each symbol; a fitted model predicts all symbols, or a
        dictionary holds one per symbol.
    bars : dict of DataFrame
        By symbol.
    on_refit : callable, optional
        Called with (refits done, total refits) over all symbols.
    fromdate, todate : optional
        Ends of each window.
    allow_in_sample : bool
    health : bool
        Whether to add the models' health to the predictions, see `with_health`.

    Raises
    ------
    OptionError
        As `check_predictor`.
    BarsError, InSampleError
        As for one symbol; with several, the message begins with the symbol.
    """
    check_predictor(predictor, bars)
    each = {symbol: copy_for(predictor, symbol, len(bars)) for symbol in bars}
    counts = {}
    for symbol, own in each.items():
        with named(symbol, len(bars)):
            fixed = isinstance(own, SignalModel)
            counts[symbol] = 0 if fixed else sum(1 for _ in own.schedule(len(bars[symbol])))
    found, before, total = {}, 0, sum(counts.values())
    with step("Refits" if total else "Predicting", report=on_refit) as report:
        for symbol, own in each.items():
            report_own = shifted(report, before, total)
            with named(symbol, len(bars)):
                known = predict_out_of_sample(
                    own, bars[symbol], report_own, allow_in_sample=allow_in_sample
                )
                if health:
                    known = with_health(own, bars[symbol], known)
                found[symbol] = OutOfSample.of(bars[symbol], own, known, fromdate, todate)
            before += counts[symbol]
    return found


def shifted(on_refit: Callable[[int, int], None], before: int, total: int) -> OnRefit:
    """Return a callback that reports a symbol's refits as part of all refits."""
    return lambda done, _: on_refit(before + done, total)


@contextmanager
def named(symbol: str, symbols: int) -> Iterator[None]:
    """Prefix an error message with the symbol if there are several."""
    try:
        yield
    except BtFusionError as error:
        if symbols < 2:
            raise
        raise type(error)(f"{symbol}: {error}") from error


def out_of_sample_window(
    predictions: Predictions, fromdate: Any = None, todate: Any = None
) -> slice:
    """Return the rows both runs trade: from the first prediction on, within the dates.

    Raises
    ------
    BarsError
        If no predicted bar lies within the dates.
    OptionError
        For text that is no ISO date.
    """
    inside = predictions.known.copy()
    if fromdate is not None:
        inside &= predictions.index >= iso_time("fromdate", fromdate)
    if todate is not None:
        inside &= predictions.index < iso_time("todate", todate)
    rows = np.flatnonzero(inside)
    if not len(rows):
        predicted = predictions.index[predictions.known]
        span = f"{predicted[0]} to {predicted[-1]}" if len(predicted) else "none"
        dates = f"between {fromdate} and {todate}"
        if fromdate is None or todate is None:
            dates = f"before {todate}" if fromdate is None else f"from {fromdate} on"
        dates = "" if fromdate is todate is None else f" {dates}"
        raise BarsError(f"no predicted bar{dates}; predicted bars: {span}")
    return slice(int(rows[0]), int(rows[-1]) + 1)
