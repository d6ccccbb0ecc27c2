"""MLEnsemble: a model's prediction for each bar, as Backtrader lines."""

from warnings import warn

import backtrader as bt
import numpy as np

from bt_fusion.errors import BtFusionWarning, unknown_name
from bt_fusion.evaluation.drift.monitor import UNKNOWN
from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.indicators.given_model import (
    in_sample_text,
    loaded,
    open_stream,
    predict_all,
    vote_rule_of,
)
from bt_fusion.indicators.health.drift_watch import ON_DRIFT, DriftWatch
from bt_fusion.indicators.market_feeds import MarketFeeds
from bt_fusion.indicators.trade_costs import costs_of
from bt_fusion.models.confidence import confidence_level, confidence_levels
from bt_fusion.models.payoff import BreakEven, no_payoff
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["MLEnsemble", "find_ensembles"]

ON_MISSING = ("warn", "raise", "quiet")
NO_PREDICTION = np.full(6, np.nan)
SOFT = ("soft", 1.0)


class MLEnsemble(BarLines):
    '''
    Prediction of an ML model for each bar. Preloaded bars are predicted in one call, live bars one
    by one; the lines are the same.

    Formula:
      - probability = P(up), or P(long) with three classes
      - probability_down = P(down), or P(short); NaN for one-sided labels
      - signal = a ``bt_fusion.Signal``: 2 strong buy, 1 buy, 0 neutral, -1 sell, -2 strong sell
      - confidence = probability of the most likely class (soft vote), or the winner's share of the
        votes (majority)
      - win, loss = gain of a right and loss of a wrong prediction, fractions of the price. For
        ``direction`` both are k x ATR(14) / close, the mean move over the horizon, with k from the
        training rows; for ``gain`` its threshold and the mean loss below it; for three classes
        target and stop

    Params:
      - ``model``: a fitted ``SignalModel`` or the folder of a saved one, a ``WalkForward`` (with
        ``train_bars`` if bars arrive one by one), or existing ``Predictions``, matched by
        timestamp; or a dictionary of them by the name of the data feed
      - ``entry``, ``strong``: probabilities from which the signal is 1 and 2 (soft vote)
      - ``allow_in_sample``: also predict bars the model was trained on
      - ``others``: data feeds of other markets used by the model's features, by name,
        ``{"ETH": self.data1}``; without them the model must hold their bars
      - ``on_missing``: what to do without a usable model, ``warn`` (once), ``raise`` or ``quiet``,
        for a strategy that reports ``failure`` itself
      - ``on_drift``: what to do if the model has drifted, see ``ModelHealth``: ``ignore``, ``warn``
        (once per model), or ``stop`` using it from that bar on, until it is replaced

    Methods:
      - ``threshold(side)``: lowest probability of a side (1, -1) that covers the broker's
        commission and slippage on the current bar. The threshold ``auto`` requires
        ``ml.probability[0] >= ml.threshold(1)`` for a long (with three classes: above it). NaN if
        unknown: no entry
      - ``side_probability(side)``: the probability of a side

    Note:
      NaN means no prediction: no model yet, warm-up, or a bar the model was trained on. The minimum
      period is 1: the indicator never delays a strategy. ``usable`` is False without a model, after
      the model has failed, and while a drifted model is stopped.
    '''

    alias = ("MLSignal",)
    lines = ("probability", "probability_down", "signal", "confidence", "win", "loss")
    params = (
        ("model", None),
        ("entry", 0.60),
        ("strong", 0.70),
        ("allow_in_sample", False),
        ("on_missing", "warn"),
        ("others", None),
        ("on_drift", "ignore"),
    )
    plotinfo = dict(plotyhlines=[0.5])
    plotlines = dict(
        probability=dict(color="tab:blue"),
        probability_down=dict(_plotskip=True),
        signal=dict(_plotskip=True),
        confidence=dict(color="tab:gray", ls="--"),
        win=dict(_plotskip=True),
        loss=dict(_plotskip=True),
    )

    def _plotlabel(self):
        return [self.p.entry, self.p.strong]

    of_strategy = True  # used by the strategy; those of analyzers only watch

    def __init__(self):
        super().__init__()
        if self.p.on_missing not in ON_MISSING:
            raise unknown_name("on_missing", self.p.on_missing, ON_MISSING)
        if self.p.on_drift not in ON_DRIFT:
            raise unknown_name("on_drift", self.p.on_drift, ON_DRIFT)
        self._failure = None  # error that made the model unusable
        self._drift = None  # the model's health, if used
        self._model = model_for(self.data, self.p.model)  # a path until first use
        self._rule = None  # vote rule of its members
        self._stream = None  # predicts bar by bar if bars are not preloaded
        self._has_payoff = True  # until its predictions have none
        self._classes = None  # number of classes, once needed
        self._markets = MarketFeeds(self.p.others)
        self._costs = None  # the broker's costs, once a threshold is needed
        self._has_streamed = False  # whether a single bar has arrived
        if self.p.on_drift != "ignore":
            self.watch_health()
        if is_live(self.data):
            self._open_safely()  # finds a broken model before the first bar

    @property
    def usable(self):
        '''Whether there is a usable model on the current bar'''
        if self._failure is not None:
            return False
        return self._drift is None or not self._drift.stopped(len(self.data))

    @property
    def failure(self):
        '''The error that made the model unusable, or None'''
        return self._failure or (None if self.usable else self._drift.failure)

    def usable_bars(self, count):
        '''Return on which of ``count`` preloaded bars there is a usable model'''
        if self._failure is not None or self._drift is None:
            return np.full(count, self._failure is None)
        return ~self._drift.stopped_bars()[:count]

    def watch_health(self):
        '''Track the model's health; call it before the run begins'''
        if self._drift is None:
            self._drift = DriftWatch(self.p.on_drift)

    def health(self):
        '''Return the model's health on the current bar, see ``ModelHealth``'''
        return UNKNOWN if self._failure is not None else self._drift.known(len(self.data))

    def health_columns(self):
        '''Return the health on all preloaded bars, one array per line'''
        if self._failure is not None:
            return np.full((len(UNKNOWN), self.data.buflen()), np.nan)
        return self._drift.columns()

    @property
    def voting(self):
        '''``soft`` or ``majority``; ``soft`` if the model is not loaded yet'''
        return self._vote_rule[0]

    @property
    def label(self):
        '''The model's label, None if unknown'''
        model = self._model
        if isinstance(model, WalkForward):
            model = model.signal_model()
        return model.label() if isinstance(model, SignalModel) else getattr(model, "label", None)

    def levels(self, confidence):
        '''Return the ``bt_fusion.Confidence`` of each value of the confidence line, None if NaN'''
        return confidence_levels(confidence, *self._vote_rule)

    def level(self, confidence):
        '''Return the ``bt_fusion.Confidence`` of one confidence value, None if NaN'''
        return confidence_level(confidence, *self._vote_rule)

    @property
    def classes(self):
        '''Number of classes the model predicts, 2 if unknown'''
        if self._classes is None:
            label = self.label
            known = getattr(self._model, "classes", None) or (label.classes if label else None)
            if known is None:
                return 2
            self._classes = len(known)
        return self._classes

    def values(self, bars=None):
        '''Return probability, probability_down, signal and confidence of the current bar, or of the
        last of ``bars`` bars; NaN without one'''
        return self.known(bars)[:4]

    def threshold(self, side, costs=None, bars=None):
        '''Return the lowest probability of a side (1, -1) that covers the costs on the current bar

        ``costs`` are those of entry and exit together, a fraction of the price; by default the
        broker's.
        '''
        long, short = self.break_even(costs, bars).limits(*self.values(bars)[:2])
        return float(long if side > 0 else short)

    def break_even(self, costs=None, bars=None):
        '''Return the inputs of the break-even probability of the current bar'''
        win, loss = self.known(bars)[4:]
        if costs is None:
            ago = 0 if bars is None else bars - len(self.data)
            costs = self.costs.round_trip(self.data.close[ago] if self.costs.fixed else np.nan)
        return self.break_even_of(win, loss, costs)

    def break_even_of(self, win, loss, costs):
        '''Return the inputs of the break-even probability from line values and costs'''
        if not self._has_payoff:
            raise no_payoff("the model")
        return BreakEven(win, loss, costs, self.classes)

    @property
    def costs(self):
        '''The ``TradeCosts`` of the broker'''
        if self._costs is None:
            self._costs = costs_of(broker_of(self), self.data)
        return self._costs

    def known(self, bars=None):
        '''Return all lines' values on the current bar, or the last of ``bars``; NaN without one'''
        if bars is None and len(self):
            return tuple([line[0] for line in self.lines.lines])
        # inside another indicator Backtrader fills the lines and never moves along them
        still = not len(self) and not isinstance(self._owner, bt.Strategy)
        now = len(self.data) if still else len(self)
        bars = now if bars is None else bars
        if bars < 1:  # [0] would be a future bar
            return NO_PREDICTION
        if still:
            return tuple(line.array[bars - 1] for line in self.lines)
        ago = bars - now
        return tuple(line[ago] for line in self.lines)

    def side_probability(self, side, bars=None):
        '''Return the probability of a side (1, -1) on the current bar, NaN if unknown'''
        return self.values(bars)[0 if side >= 0 else 1]

    def sides(self, agreement, bars=None):
        '''Return whether ML agrees with a long and with a short on the current bar'''
        close = np.nan
        if agreement.auto and self.costs.fixed:
            close = self.data.close[0 if bars is None else bars - len(self.data)]
        return self.sides_of(agreement, self.known(bars), close)

    def sides_of(self, agreement, known, close):
        '''Return the same from values, or arrays, of the lines and the close'''
        break_even = None
        if agreement.auto:
            win, loss = known[4:]
            break_even = self.break_even_of(win, loss, self.costs.round_trip(close))
        return agreement.sides(*known[:4], break_even)

    def agrees(self, agreement, side, bars=None):
        '''Return whether ML agrees with a side (1, -1) on the current bar'''
        long, short = self.sides(agreement, bars)
        return bool(long if side > 0 else short)

    @property
    def _vote_rule(self):
        '''Voting and vote threshold of the model, once loaded'''
        if self._rule is None:
            self._rule = vote_rule_of(self._model)
        return self._rule or SOFT

    def columns(self, bars):
        try:
            self._model = self._markets.given_to(loaded(self._model), self.data)
            predictions = predict_all(self._model, bars, self.p.allow_in_sample)
            found = self._as_columns(predictions)
            if self._drift is not None:
                self._drift.compute(self._model, bars, predictions)
                stopped = self._drift.stopped_bars()
                found = tuple(np.where(stopped, np.nan, column) for column in found)
        except Exception as error:  # a user's own model may fail in any way
            self._give_up(error)
            return tuple(np.full(len(bars), np.nan) for _ in NO_PREDICTION)
        self._warn_in_sample(bars.time)
        return found

    def latest(self, time, values, still_open):
        if self._failure is not None:
            return NO_PREDICTION
        first, self._has_streamed = not self._has_streamed, True
        try:
            if self._stream is None:
                self._open()
            self._markets.send_to(self._stream)
            take = self._stream.replace if still_open else self._stream.push
            predictions = take(time, values)
            found = np.concatenate(self._as_columns(predictions))
            if self._drift is not None:
                late = getattr(self.data, "replaying", False)  # its bars grow
                given = (time, values), predictions, late, still_open
                self._drift.push(self._model, self._stream, *given)
                found = NO_PREDICTION if self._drift.stopped(len(self.data)) else found
        except Exception as error:  # as above; it must not end a live run
            self._give_up(error)
            return NO_PREDICTION
        if first:
            self._warn_in_sample(np.array([time]))
        return found

    def _open(self):
        '''Load the model with all its checks, and open its stream'''
        self._model = loaded(self._model)
        self._markets.check(self._model, self.data)
        self._stream = open_stream(self._model, self.p.allow_in_sample)

    def _open_safely(self):
        try:
            self._open()
        except Exception as error:  # as in ``columns``
            self._give_up(error)

    def _as_columns(self, predictions):
        p = predictions
        signal_values = p.signal_values(self.p.entry, self.p.strong)
        self._has_payoff = p.payoff is not None
        payoff = p.payoff.T if self._has_payoff else np.full((2, len(p)), np.nan)
        return *signal_values, *payoff

    def _warn_in_sample(self, time):
        '''Warn if a fitted model was trained on the bars; live, on the first such bar'''
        if isinstance(self._model, SignalModel):
            known = int((time <= self._model.trained_until_).sum())
            if known:
                text = in_sample_text(self._model, known, len(time), self.p.allow_in_sample)
                warn(text, BtFusionWarning, stacklevel=2)

    def _give_up(self, error):
        if self.p.on_missing == "raise":
            raise error
        self._failure = error
        if self.p.on_missing == "warn":
            warn(f"MLEnsemble goes on without a model: {error}", BtFusionWarning, stacklevel=2)


def find_ensembles(owner):
    """Return the first ``MLEnsemble`` of each data feed inside a strategy or an indicator.

    Includes those inside its indicators, but not those of analyzers.
    """
    found = {}
    inside = getattr(owner, "_lineiterators", {})  # an operation on lines holds no indicators
    for indicator in inside.get(bt.LineIterator.IndType, ()):
        if not isinstance(indicator, MLEnsemble):
            found = find_ensembles(indicator) | found
        elif indicator.of_strategy:
            found = {indicator.data: indicator} | found
    return found


def broker_of(indicator):
    """Return the broker of the strategy an indicator belongs to, at any nesting"""
    owner = indicator
    while not hasattr(owner, "broker"):
        owner = owner._owner
    return owner.broker


def is_live(data):
    """Return whether a feed's bars arrive one by one; of a resampled feed, its source's bars."""
    return any(getattr(each, "islive", bool)() for each in (data, getattr(data, "data", None)))


def model_for(data, model):
    """Return the model of a data feed; `model` may be a dictionary by feed name."""
    return model.get(getattr(data, "_name", None)) if isinstance(model, dict) else model
