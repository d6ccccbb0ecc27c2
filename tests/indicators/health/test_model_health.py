"""ModelHealth and on_drift: the same lines in every mode, and a stopped model is none."""

import warnings

import backtrader as bt
import numpy as np
import pytest

from bt_fusion import OptionError
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.errors import BtFusionWarning
from bt_fusion.evaluation.drift import model_health, with_health
from bt_fusion.indicators import MLEnsemble, ModelHealth
from bt_fusion.strategies import FusionStrategy, HybridScoring, with_ml
from tests.evaluation.drift.made import TRAIN, bars, model

FRAME = bars()[TRAIN - 300 :]
MODES = ({}, {"runonce": False}, {"runonce": False, "preload": False})


class Watch(bt.Strategy):
    """Keeps the lines of both indicators."""

    params = (("model", None), ("on_drift", "ignore"), ("by_feed", False))

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model, on_drift=self.p.on_drift)
        given = {"model": self.p.model} if self.p.by_feed else {}
        self.health = ModelHealth(self.data if self.p.by_feed else self.ml, **given)
        self.rows, self.answers = [], []

    def next(self):
        self.rows.append([line[0] for line in self.health.lines])
        self.answers.append((self.ml.usable, self.ml.probability[0]))


def ran(strategy, mode=MODES[0], frame=FRAME, **params):
    """Run a strategy in one of Backtrader's modes; returns it."""
    cerebro = bt.Cerebro(**mode)
    cerebro.adddata(BarsData(dataname=frame))
    cerebro.addstrategy(strategy, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        return cerebro.run()[0]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("mode", MODES)
def test_lines_are_those_of_the_health_in_every_mode(mode):
    wanted = model_health(model(), FRAME).values
    np.testing.assert_array_equal(ran(Watch, mode, model=model()).rows, wanted)


def test_a_feed_and_a_model_are_as_good_as_an_ensemble():
    wanted = ran(Watch, model=model()).rows
    np.testing.assert_array_equal(ran(Watch, model=model(), by_feed=True).rows, wanted)


@pytest.mark.slow
def test_predictions_with_their_health_are_as_good_as_the_model():
    known = with_health(model(), FRAME, model().predict(FRAME))
    wanted = ran(Watch, model=model()).rows
    for mode in MODES:
        np.testing.assert_array_equal(ran(Watch, mode, model=known).rows, wanted)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.slow
def test_a_stopped_model_is_not_usable_from_its_alarm_on(mode):
    first = model_health(model(), FRAME).alarms()[0]["bar"]
    usable, probability = zip(
        *ran(Watch, mode, model=model(), on_drift="stop").answers, strict=True
    )
    assert all(usable[:first]) and not any(usable[first:])
    assert np.isfinite(probability[300:first]).all() and np.isnan(probability[first:]).all()


def test_warn_says_so_once_and_changes_no_line():
    with pytest.warns(BtFusionWarning, match="has drifted by") as caught:
        watched = run_with_warnings("warn")
    assert sum("has drifted by" in str(each.message) for each in caught) == 1
    assert all(usable for usable, _ in watched.answers)


def run_with_warnings(on_drift):
    """Run with warnings shown; returns the strategy."""
    cerebro = bt.Cerebro()
    cerebro.adddata(BarsData(dataname=FRAME))
    cerebro.addstrategy(Watch, model=model(), on_drift=on_drift)
    return cerebro.run()[0]


@pytest.mark.parametrize("strategy", [FusionStrategy, HybridScoring])
def test_after_the_alarm_our_strategies_trade_as_without_ml(strategy):
    first = FRAME.index[model_health(model(), FRAME).alarms()[0]["bar"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        runs = {
            on_drift: run_strategy(FRAME, strategy, model=model(), on_drift=on_drift)
            for on_drift in ("ignore", "stop")
        }
        off = run_strategy(FRAME, strategy, ml=False)
    before = runs["ignore"].signal[FRAME.index < first]
    np.testing.assert_array_equal(runs["stop"].signal[FRAME.index < first], before)
    later = FRAME.index >= first
    np.testing.assert_array_equal(runs["stop"].signal[later], off.signal[later])


class Plain(bt.Strategy):
    """Buys and closes by the clock."""

    def next(self):
        if not self.position and len(self) % 10 == 0:
            self.buy()
        elif self.position and len(self) % 10 == 5:
            self.close()


def test_with_ml_lets_all_orders_pass_after_the_alarm():
    alarm = model_health(model(), FRAME).alarms()[0]
    filtered = ran(with_ml(Plain), ml_model=model(), ml_on_drift="stop")
    times = [veto.time for veto in filtered.ml_filter.vetoes]
    assert times and max(times) < alarm["time"].to_datetime64()


def test_wrong_inputs_are_errors():
    with pytest.raises(OptionError, match="on_drift"):
        ran(Watch, model=model(), on_drift="halt")
    with pytest.raises(OptionError, match="needs an MLEnsemble"):
        ran(Watch, by_feed=True)


def test_ready_predictions_do_not_tell_and_the_model_goes_on():
    with pytest.warns(BtFusionWarning, match="ready Predictions do not tell"):
        cerebro = bt.Cerebro()
        cerebro.adddata(BarsData(dataname=FRAME))
        cerebro.addstrategy(Watch, model=model().predict(FRAME), on_drift="stop")
        watched = cerebro.run()[0]
    assert np.isnan(watched.rows).all() and all(usable for usable, _ in watched.answers)
