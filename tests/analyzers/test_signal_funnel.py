"""SignalFunnel: from bars to filled orders, every loss with its reason."""

from itertools import pairwise

import numpy as np
import pytest

from bt_fusion.analyzers import EntryLog, SignalFunnel, SignalQuality, TradeStats
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.strategies import EquityShare, FusionStrategy, HybridScoring, SignalDiscovery
from tests.engine.test_engine import cerebro_with, given
from tests.strategies.test_discovery import classes
from tests.strategies.test_fusion import steps


def funnel(bars, strategy, **params):
    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(SignalFunnel, _name="funnel")
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.addsizer(EquityShare)
    ran = cerebro.run()[0]
    return ran.analyzers.funnel.get_analysis(), ran


def adds_up(analysis):
    """Each stage's count and its losses are what the stage before let through."""
    stages = list(analysis["passed"])
    for before, stage in pairwise(stages):
        lost = sum(analysis["lost"].get(stage, {}).values())
        assert analysis["passed"][before] == analysis["passed"][stage] + lost, stage
    return stages


def test_fusion_by_hand():
    bars = steps([100, 101, 102, 103, 104, 103, 104, 105])
    up = [np.nan, 0.7, 0.7, 0.7, 0.5, 0.3, 0.3, 0.7]
    analysis, _ = funnel(
        bars, FusionStrategy, model=given(bars.index, up), ema_fast=1, ema_slow=2, hold_bars=3
    )
    # bar 0 warms up, 4 is unsure, 6 is crosswise; bar 1 enters, 2 and 3 renew its position, which
    # the state of bar 5 ends: its order is pending there; bar 7 enters, and no bar is left to fill
    assert analysis["passed"] == {
        "bars": 8,
        "technical": 7,
        "confident": 6,
        "agreed": 5,
        "ordered": 2,
        "filled": 1,
    }
    assert analysis["lost"] == {
        "technical": {"warming up": 1},
        "confident": {"not confident": 1},
        "agreed": {"ML takes the other side": 1},
        "ordered": {"renews the open trade": 2, "position open": 1},
        "filled": {"no bar left": 1},
    }


@pytest.mark.parametrize(
    ("strategy", "stages"),
    [
        (FusionStrategy, ["technical", "confident", "agreed"]),
        (SignalDiscovery, ["technical", "confident", "agreed"]),
        (HybridScoring, ["mandatory", "technical", "agreed"]),
    ],
)
def test_every_bar_is_accounted_for(strategy, stages):
    bars = random_walk(3_000, seed=3)
    rng = np.random.default_rng(0)
    long = rng.uniform(0.2, 0.8, len(bars))
    long[:200] = np.nan
    analysis, ran = funnel(bars, strategy, model=classes(bars.index, long, 0.9 - long))
    assert adds_up(analysis) == ["bars", *stages, "ordered", "filled"]
    assert analysis["passed"]["bars"] == 3_000
    trades = ran.analyzers.stats.trades()
    assert analysis["passed"]["filled"] == len(trades) > 3
    assert analysis["passed"][stages[-1]] == (np.nan_to_num(np.array(ran.signal.array)) != 0).sum()


def test_both_sides_above_a_low_threshold_are_one_confident_bar():
    bars = random_walk(800, seed=3)
    model = classes(bars.index, 0.47, 0.46)
    analysis, _ = funnel(bars, SignalDiscovery, model=model, probability_threshold=0.45)
    adds_up(analysis)
    assert analysis["passed"]["confident"] == analysis["passed"]["technical"] > 100
    assert set(analysis["lost"]["agreed"]) == {"ML takes the other side"}


def test_ml_off_has_the_technical_side_only():
    analysis, _ = funnel(random_walk(1_500, seed=3), HybridScoring, ml=False, log_entries=False)
    assert adds_up(analysis) == ["bars", "mandatory", "technical", "ordered", "filled"]
    assert "RSI not below 30" in analysis["lost"]["mandatory"]
    assert "technical score below 4" in analysis["lost"]["technical"]


def test_why_there_are_no_trades():
    bars = random_walk(800, seed=3)
    analysis, ran = funnel(bars, FusionStrategy, model=given(bars.index, 0.55))
    assert not len(ran.analyzers.stats.trades())
    assert analysis["lost"]["confident"] == {"not confident": analysis["passed"]["technical"]}
    bars = random_walk(3_000, seed=3)
    analysis, _ = funnel(bars, HybridScoring, model=given(bars.index, 0.40), log_entries=False)
    assert set(analysis["lost"]["agreed"]) == {"total below 6: -1 ML points"}


# slow: pickling a strategy class needs its generated name, which test_engine.py takes when it loads
# the file of HybridScoring a second time
@pytest.mark.parametrize("cpus", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_analyzers_travel_from_optimised_runs(cpus):
    bars = random_walk(1_500, seed=3)
    cerebro = cerebro_with(BarsData(dataname=bars), maxcpus=cpus)
    model = given(bars.index, 0.65)
    cerebro.optstrategy(HybridScoring, model=model, min_entry_score=[2, 4, 6], log_entries=False)
    for kind in (SignalFunnel, SignalQuality, EntryLog):
        cerebro.addanalyzer(kind, _name=kind.__name__)
    runs = [run[0].analyzers for run in cerebro.run()]
    for run in runs:
        adds_up(run.SignalFunnel.get_analysis())
    ordered = [run.SignalFunnel.get_analysis()["passed"]["ordered"] for run in runs]
    assert ordered == [len(run.EntryLog.entries()) for run in runs]
    assert ordered == sorted(ordered, reverse=True) and ordered[0] > ordered[-1]
    assert {len(run.SignalQuality.signals()) for run in runs} == {1_500}


def test_a_refused_order_is_told():
    class Greedy(EquityShare):
        params = (("share", 50.0),)

    cerebro = cerebro_with(BarsData(dataname=steps(100 * 1.01 ** np.arange(30))))
    cerebro.addstrategy(FusionStrategy, ml=False, ema_fast=1, ema_slow=2)
    cerebro.addanalyzer(SignalFunnel, _name="funnel")
    cerebro.addsizer(Greedy)
    analysis = cerebro.run()[0].analyzers.funnel.get_analysis()
    assert analysis["passed"]["filled"] == 0
    assert analysis["lost"]["filled"]["rejected: Margin"] > 10
