"""MLEnsemble: what a model predicts for each bar, as Backtrader lines."""

from pathlib import Path
from warnings import warn

import backtrader as bt
import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning, OptionError, unknown_name
from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.models.predictions import Predictions, confidence_level, confidence_levels
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming import ModelStream, WalkForwardStream
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["MLEnsemble", "find_ensembles"]

ON_MISSING = ("warn", "raise", "quiet")
NO_OPINION = np.full(4, np.nan)
SOFT = ("soft", 1.0)


class MLEnsemble(BarLines):
    '''
    The prediction of an ML ensemble for each bar. Where Backtrader holds all bars, one call makes
    them all, else they come bar by bar; the lines are the same.

    Formula:
      - probability = P(up), or P(long) with three classes
      - probability_down = P(down), or P(short); NaN for one-sided labels
      - signal = a ``bt_fusion.Signal``: 2 strong buy, 1 buy, 0 neutral, -1 sell, -2 strong sell
      - confidence = probability of the likeliest class (soft vote), or the winner's share of
        the votes (majority)

    Params:
      - ``model``: a fitted ``SignalModel`` or the folder of a saved one, a ``WalkForward``
        (with ``train_bars`` given where bars arrive one by one), or ``Predictions`` made before,
        matched by their stamps; or a dictionary of them by the name of the data feed
      - ``entry``, ``strong``: probabilities from which the signal is 1 and 2 (soft vote)
      - ``allow_in_sample``: predict bars the model was trained on, too
      - ``on_missing``: what to do without a usable model, ``warn`` (once), ``raise`` or
        ``quiet``, for a strategy that says itself what ``failure`` tells

    Note:
      NaN means that there is no prediction: no model yet, warm-up, or a bar the model was
      trained on. The minimum period is 1: the indicator never delays a strategy. ``usable`` is
      False without a model, and from the bar on at which one failed.
    '''

    alias = ("MLSignal",)
    lines = ("probability", "probability_down", "signal", "confidence")
    params = (
        ("model", None),
        ("entry", 0.60),
        ("strong", 0.70),
        ("allow_in_sample", False),
        ("on_missing", "warn"),
    )
    plotinfo = dict(plotyhlines=[0.5])
    plotlines = dict(
        probability=dict(color="tab:blue"),
        probability_down=dict(_plotskip=True),
        signal=dict(_plotskip=True),
        confidence=dict(color="tab:gray", ls="--"),
    )

    def _plotlabel(self):
        return [self.p.entry, self.p.strong]

    of_strategy = True  # whether the strategy asks it; those of analyzers only watch

    def __init__(self):
        super().__init__()
        if self.p.on_missing not in ON_MISSING:
            raise unknown_name("on_missing", self.p.on_missing, ON_MISSING)
        self.usable = True
        self.failure = None  # what made the model unusable
        self._model = model_for(self.data, self.p.model)  # once used, what a path leads to
        self._rule = None  # how its members vote
        self._stream = None  # what predicts bar by bar, where bars are not preloaded

    @property
    def voting(self):
        '''``soft`` or ``majority``; of a model that is not loaded yet ``soft``'''
        return self._vote_rule[0]

    @property
    def label(self):
        '''What the model predicts, None where that is not known'''
        model = self._model
        if isinstance(model, WalkForward):
            model = model.signal_model()
        return model.label() if isinstance(model, SignalModel) else getattr(model, "label", None)

    def levels(self, confidence):
        '''Return the ``bt_fusion.Confidence`` of each value of the confidence line, None if NaN'''
        return confidence_levels(confidence, *self._vote_rule)

    def level(self, confidence):
        '''Return the ``bt_fusion.Confidence`` of one value of it, None if NaN'''
        return confidence_level(confidence, *self._vote_rule)

    def values(self, bars=None):
        '''Return the lines of the current bar, or of the last of so many bars; NaN without one'''
        # inside another indicator Backtrader fills the lines and never moves along them
        still = not len(self) and not isinstance(self._owner, bt.Strategy)
        now = len(self.data) if still else len(self)
        bars = now if bars is None else bars
        if bars < 1:  # there [0] would be a bar to come
            return NO_OPINION
        up, down, signal, confidence = self.lines
        if still:
            bar = bars - 1
            return up.array[bar], down.array[bar], signal.array[bar], confidence.array[bar]
        ago = bars - now
        return up[ago], down[ago], signal[ago], confidence[ago]

    def side_probability(self, side, bars=None):
        '''Return the probability of a side (1, -1) on the current bar, NaN if unknown'''
        return self.values(bars)[0 if side >= 0 else 1]

    def agrees(self, asked, side, bars=None):
        '''Tell whether an ``Agreement`` is given to a side (1, -1) on the current bar'''
        long, short = asked.sides(*self.values(bars))
        return bool(long if side > 0 else short)

    @property
    def _vote_rule(self):
        '''Voting and vote threshold, asked of the model once it is there'''
        if self._rule is None:
            self._rule = vote_rule_of(self._model)
        return self._rule or SOFT

    def columns(self, bars):
        try:
            self._model = loaded(self._model)
            found = self._as_columns(predict_all(self._model, bars, self.p.allow_in_sample))
        except Exception as error:  # a model may be a user's own and fail in any way
            self._give_up(error)
            return tuple(np.full(len(bars), np.nan) for _ in NO_OPINION)
        self._warn_in_sample(bars.time)
        return found

    def latest(self, time, values, still_open):
        if not self.usable:
            return NO_OPINION
        first = self._stream is None
        try:
            if first:
                self._model = loaded(self._model)
                self._stream = open_stream(self._model, self.p.allow_in_sample)
            take = self._stream.replace if still_open else self._stream.push
            found = np.concatenate(self._as_columns(take(time, values)))
        except Exception as error:  # as above; a live run must not end by it
            self._give_up(error)
            return NO_OPINION
        if first:
            self._warn_in_sample(np.array([time]))
        return found

    def _as_columns(self, predictions):
        p = predictions
        signal = p.signal(self.p.entry, self.p.strong)
        return p.probability_up, p.probability_down, signal, p.confidence

    def _warn_in_sample(self, time):
        '''Warn where a fitted model was trained on the bars, bar by bar on the first of them'''
        if isinstance(self._model, SignalModel):
            known = int((time <= self._model.trained_until_).sum())
            if known:
                text = in_sample_text(self._model, known, len(time), self.p.allow_in_sample)
                warn(text, BtFusionWarning, stacklevel=2)

    def _give_up(self, error):
        if self.p.on_missing == "raise":
            raise error
        self.usable, self.failure = False, error
        if self.p.on_missing == "warn":
            warn(f"MLEnsemble goes on without a model: {error}", BtFusionWarning, stacklevel=2)


def find_ensembles(owner):
    """Return the first ``MLEnsemble`` of each data feed inside a strategy or an indicator.

    Those of its indicators count, too, those of analyzers do not.
    """
    found = {}
    inside = getattr(owner, "_lineiterators", {})  # an operation on lines holds no indicators
    for indicator in inside.get(bt.LineIterator.IndType, ()):
        if not isinstance(indicator, MLEnsemble):
            found = find_ensembles(indicator) | found
        elif indicator.of_strategy:
            found = {indicator.data: indicator} | found
    return found


def model_for(data, model):
    """Return the model of a data feed, of what may be a dictionary by feed name."""
    return model.get(getattr(data, "_name", None)) if isinstance(model, dict) else model


def no_model(given) -> OptionError:
    """Return the error for a value that is not a model."""
    return OptionError(
        f"model is {given!r}; give a fitted SignalModel or the folder of a saved one, a "
        "WalkForward or Predictions"
    )


def in_sample_text(model: SignalModel, known: int, bars: int, allowed: bool) -> str:
    """Return what to know of bars that a model was trained on."""
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
    """Predict preloaded bars by whatever a user may give as a model."""
    if isinstance(model, Predictions):
        return model.at(arrays.time)
    if isinstance(model, SignalModel):
        return model.predict_arrays(arrays, allow_in_sample=allow_in_sample)
    if isinstance(model, WalkForward):
        return model.predict_arrays(arrays)
    raise no_model(model)


def loaded(model):
    """Return the saved model at a path; any other value stays as it is."""
    return SignalModel.load(model) if isinstance(model, str | Path) else model


def vote_rule_of(model) -> tuple[str, float] | None:
    """Return voting and vote threshold of a model, None for a path and for no model."""
    if isinstance(model, WalkForward):
        model = model.signal_model()
    rule = model.new_ensemble() if isinstance(model, SignalModel) else model
    return (rule.voting, rule.vote_threshold) if isinstance(rule, Ensemble | Predictions) else None


def open_stream(model, allow_in_sample: bool):
    """Return what predicts one bar after another."""
    if isinstance(model, Predictions):
        return PredictionsStream(model)
    if isinstance(model, SignalModel):
        return ModelStream(model, allow_in_sample=allow_in_sample)
    if isinstance(model, WalkForward):
        return WalkForwardStream(model)
    raise no_model(model)


class PredictionsStream:
    """Predictions made before, looked up by stamp."""

    def __init__(self, predictions: Predictions):
        self.predictions = predictions

    def push(self, time, values):
        return self.predictions.at(np.array([time]))

    replace = push
