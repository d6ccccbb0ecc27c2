"""The analyzer ModelHealth: of any strategy with an MLEnsemble, or with a model of its own."""

import warnings

import backtrader as bt
import pytest

from bt_fusion.analyzers import ModelHealth
from bt_fusion.engine.feed import BarsData
from bt_fusion.errors import BtFusionWarning
from bt_fusion.evaluation.drift import model_health
from bt_fusion.indicators import MLEnsemble
from tests.evaluation.drift.made import TRAIN, bars, model

FRAME = bars()[TRAIN - 300 :]


class Plain(bt.Strategy):
    """A user's own, that reads an ensemble."""

    params = (("model", None),)

    def __init__(self):
        if self.p.model is not None:
            self.ml = MLEnsemble(self.data, model=self.p.model)


def analysed(mode, feeds=1, **params):
    """Run the analyzer over a plain strategy; returns it."""
    cerebro = bt.Cerebro(**mode)
    for _ in range(feeds):
        cerebro.adddata(BarsData(dataname=FRAME))
    own = params.pop("own", {})
    cerebro.addstrategy(Plain, **params)
    cerebro.addanalyzer(ModelHealth, _name="health", **own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        return cerebro.run()[0].analyzers.health


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("mode", [{}, {"runonce": False, "preload": False}])
def test_it_finds_what_the_health_finds(mode):
    wanted = model_health(model(), FRAME)
    analyzer = analysed(mode, model=model())
    found = analyzer.get_analysis()
    (alarm,) = wanted.alarms()
    assert found["alarms"] == [{"time": alarm["time"], "part": "hit rate"}]
    assert found["drifted"] is True and found["bars"] == len(FRAME) - 300
    assert found["hit_rate"] == wanted.values[-1, 0]
    table = analyzer.over_time()
    assert table.hit_rate.iloc[-1] == found["hit_rate"] and len(table) > 100


def test_it_takes_a_model_of_its_own_and_names_several_feeds():
    found = analysed({}, feeds=2, own={"model": model()}).get_analysis()
    assert list(found) == ["data0", "data1"] and found["data1"]["drifted"] is True


def test_without_a_model_there_is_nothing():
    analyzer = analysed({})
    assert dict(analyzer.get_analysis()) == {} and analyzer.over_time().empty
