"""StopDistance, PositionAdvice and RiskSizer in users' own strategies, ten lines each."""

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.indicators import PositionAdvice, StopDistance
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import RiskSizer
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import PositionModel

VOTERS = Ensemble(["lgb"], voting="majority")
MODES = [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}]


class WithStops(bt.Strategy):
    '''Buys at a crossover, with the stop model's stop and target'''

    params = (("plans", None),)

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=5), bt.ind.EMA(period=15))
        self.distance = StopDistance(model=self.p.plans, max_risk_pct=0.01)

    def next(self):
        if not self.position and self.cross[0] > 0 and self.distance.stop[0] > 0:
            close, size = self.data.close[0], 10
            stop, target = close - self.distance.capped(size), close + self.distance.target[0]
            self.buy_bracket(size=size, exectype=bt.Order.Market, stopprice=stop, limitprice=target)


class WithAdvice(bt.Strategy):
    '''Buys each feed at a crossover, and does what the position model says'''

    params = (("plans", None),)

    def __init__(self):
        fast, slow = (lambda d: bt.ind.EMA(d, period=5)), (lambda d: bt.ind.EMA(d, period=15))
        self.cross = {d: bt.ind.CrossOver(fast(d), slow(d)) for d in self.datas}
        self.advice = {d: PositionAdvice(d, model=self.p.plans) for d in self.datas}
        self.advised = {d._name: [] for d in self.datas}

    def next(self):
        for data, cross in self.cross.items():
            advice_now = self.advice[data].now()
            self.advised[data._name].append(advice_now)
            if advice_now is None and cross[0] > 0:
                self.buy(data=data, size=1)
            elif advice_now == -1 or (advice_now is not None and cross[0] < 0):
                self.close(data=data)


class Sized(bt.Strategy):
    '''Buys at a crossover as much as the sizer says, sells at the opposite one'''

    params = (("plans", None),)

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=5), bt.ind.EMA(period=15))
        self.sizes = []

    def notify_order(self, order):
        if order.status == order.Completed and order.isbuy():
            self.sizes.append(order.executed.size)

    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
        elif self.position and self.cross[0] < 0:
            self.close()


@pytest.fixture(scope="module")
def feeds():
    return {name: planted_edge(1_000, seed=seed, auc=0.8) for name, seed in (("A", 1), ("B", 2))}


@pytest.fixture(scope="module")
def plans(feeds):
    position = PositionModel(VOTERS, exit_margin=0.5, add_margin=0.7)
    given = {"causality_check": False, "min_trades": 20, "position": position}
    model = ManagedModel(["wick_balance"], "triple_barrier", VOTERS, **given)
    return {
        name: WalkForward(model, 400, 150, cache=None).predict(bars) for name, bars in feeds.items()
    }


def ran(feeds, strategy, plans, sizer=None, **options):
    cerebro = bt.Cerebro(stdstats=False, **options)
    for name, bars in feeds.items():
        cerebro.adddata(BarsData(dataname=bars, name=name))
    cerebro.broker.setcash(100_000.0)
    if sizer is not None:
        cerebro.addsizer(sizer, model=plans)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.addstrategy(strategy, plans=plans)
    return cerebro.run()[0]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", MODES)
def test_stops(feeds, plans, options):
    strategy = ran({"A": feeds["A"]}, WithStops, plans["A"], **options)
    assert strategy.analyzers.trades.get_analysis().total.closed > 10


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("count", [1, 2])
def test_advice_on_one_feed_and_on_two(feeds, plans, count):
    own = dict(list(feeds.items())[:count])
    found = [ran(own, WithAdvice, plans, **options).advised for options in (MODES[0], MODES[-1])]
    assert found[0] == found[1]
    advised = {int(each) for name in own for each in found[0][name] if each is not None}
    assert advised >= {-1, 0}


def test_advice_on_a_feed_does_not_depend_on_the_other(feeds, plans):
    """The second one lacks bars, so that the feeds move apart."""
    kept = np.random.default_rng(0).random(1_000) > 0.2
    apart = {"A": feeds["A"], "B": feeds["B"][kept]}
    both = ran(apart, WithAdvice, plans)
    alone = ran({"A": feeds["A"]}, WithAdvice, plans)
    shared = len(alone.advised["A"])
    assert abs(len(both.advised["A"]) - shared) < 10  # the other feed warms up first
    assert both.advised["A"][-500:] == alone.advised["A"][-500:]


@pytest.mark.parametrize("options", MODES)
def test_sizes(feeds, plans, options):
    strategy = ran({"A": feeds["A"]}, Sized, plans["A"], RiskSizer, **options)
    share = np.array(strategy.sizes) * strategy.data.close[0] / 100_000.0
    assert len(share) > 20
    assert len({round(each, 2) for each in share}) > 3
