"""Parity: the ten ways Backtrader can run give the same lines.

Bit-identical where arrays are preloaded; where bars arrive one by one each feature is computed
over its own memory, and probabilities may differ by 1e-6, the signal never.
"""

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.indicators import EMACross, FusedSignal, MLEnsemble
from bt_fusion.labels import Direction, TripleBarrier
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward


class LiveData(BarsData):
    def islive(self):
        return True


# name, Cerebro's options, whether the arrays are preloaded
CONFIGURATIONS = {
    "default": ({}, True),
    "runonce=False": ({"runonce": False}, True),
    "preload=False": ({"preload": False}, False),
    "both False": ({"preload": False, "runonce": False}, False),
    "exactbars=1": ({"exactbars": 1}, False),
    "exactbars=-1": ({"exactbars": -1}, True),
    "exactbars=-2": ({"exactbars": -2}, True),
    "cheat_on_open": ({"cheat_on_open": True}, True),
    "oldsync": ({"oldsync": True}, True),
    "live feed": ({}, False),
}


class Recorder(bt.Strategy):
    """Notes the lines bar by bar: with exactbars nothing else remembers them."""

    params = (("model", None),)

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model)
        self.cross = EMACross(self.data)
        self.fused = FusedSignal(self.cross.state, self.ml, ml_threshold=0.60)
        self.auto = FusedSignal(self.cross.state, self.ml, ml_threshold="auto")
        self.seen = []

    def prenext(self):
        self.next()

    def next(self):
        ready = len(self.data) >= 26
        fused = [each[0] if ready else np.nan for each in (self.fused, self.auto)]
        lines = [line[0] for line in self.ml.lines]
        limits = [self.ml.threshold(side) for side in (1, -1)]
        self.seen.append([*lines, *limits, *fused])


def run(bars, model, name):
    options, _ = CONFIGURATIONS[name]
    feed = LiveData if name == "live feed" else BarsData
    cerebro = bt.Cerebro(stdstats=False, **options)
    cerebro.adddata(feed(dataname=bars))
    cerebro.broker.setcommission(commission=0.0005)
    cerebro.addstrategy(Recorder, model=model)
    return np.array(cerebro.run()[0].seen)


def check(bars, model):
    reference = run(bars, model, "default")
    assert reference.shape == (len(bars), 10)
    assert np.isfinite(reference[:, 0]).sum() > 100
    np.testing.assert_array_equal(np.isfinite(reference[:, 6]), np.isfinite(reference[:, 0]))
    for name, (_, preloaded) in CONFIGURATIONS.items():
        lines = run(bars, model, name)
        if preloaded:
            assert lines.tobytes() == reference.tobytes(), name
            continue
        close = [0, 1, 3, 4, 5, 6, 7]  # all but the signals: the model's and those of both fused
        same = [2, 8, 9]
        np.testing.assert_allclose(
            lines[:, close], reference[:, close], atol=1e-6, rtol=0, err_msg=name
        )
        np.testing.assert_array_equal(lines[:, same], reference[:, same], err_msg=name)


@pytest.mark.slow
def test_a_fitted_model(daily):
    check(daily, SignalModel().fit(daily[:4_700]))


def test_a_walk_forward(daily):
    model = SignalModel(["return_1", "rsi_14", "macd_hist"], Direction(3), Ensemble(("lgb", "rf")))
    check(daily[:900], WalkForward(model, 500, 150, embargo_bars=2, cache=None))


@pytest.mark.slow
def test_an_expanding_walk_forward_with_three_classes_and_majority_vote():
    bars = random_walk(500, seed=2)
    ensemble = Ensemble(("rf", "xgb", "lgb"), voting="majority")
    model = SignalModel("fusion", TripleBarrier(horizon=6), ensemble)
    check(bars, WalkForward(model, 300, 100, window="expanding", cache=None))


def test_ready_predictions(daily):
    bars = daily[:700]
    walk = WalkForward(SignalModel("fusion"), 400, 100, cache=None)
    predictions = walk.predict(bars)
    check(bars, predictions)
    np.testing.assert_array_equal(run(bars, predictions, "default"), run(bars, walk, "default"))


@pytest.mark.slow
def test_the_whole_sp500(daily):
    check(daily, SignalModel().fit(daily[:2_000]))
