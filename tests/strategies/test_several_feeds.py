"""Fusion and discovery on several feeds: the future, stale bars, cash, and each symbol alone."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import TradeStats
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.errors import BtFusionWarning
from bt_fusion.indicators import MLEnsemble
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import EquityShare, FusionStrategy, SignalDiscovery
from tests.engine.test_engine import cerebro_with, given
from tests.strategies.test_discovery import classes
from tests.strategies.test_one_position import three_feeds

STRATEGIES = {
    "fusion": (FusionStrategy, {"exit": "both", "atr_stop": 0.5}),
    "discovery": (SignalDiscovery, {"stop": 0.002, "target": 0.002}),
}


class Watch(bt.Analyzer):
    """Notes fills, what was seen when, and after each fill what of the cash is not borrowed."""

    def start(self):
        self.fills, self.future, self.seen = [], 0, 0
        self.cash, self.own_cash, self.calls = [], [], []

    def notify_order(self, order):
        if order.status == order.Completed:
            now, bar = stamps([self.strategy.datetime[0], order.data.datetime[0]])
            price = order.executed.price
            self.fills.append((order.data._name, now, bar, price, order.exectype, order.isbuy()))

    def prenext(self):
        self.next()

    def next(self):
        strategy, broker = self.strategy, self.strategy.broker
        now = strategy.datetime[0]
        self.calls.append(now)
        self.future += sum(len(data) > 0 and data.datetime[0] > now for data in strategy.datas)
        for symbol in strategy.symbols:
            if symbol.outcome:
                self.seen += 1
                assert symbol.data.datetime[0] == now, "a stale bar was acted on"
        self.cash.append(broker.getcash())
        sold = sum(-p.size * p.price for p in map(broker.getposition, strategy.datas) if p.size < 0)
        self.own_cash.append(
            broker.getcash() - sold
        )  # what shorts brought in is not there to spend


def watched(name, feeds, ml, **options):
    strategy, params = STRATEGIES[name]
    rng = np.random.default_rng(5)
    models = {}
    for symbol, bars in feeds.items():
        up = rng.uniform(0.0, 1.0, len(bars))
        two = name == "fusion"
        models[symbol] = given(bars.index, up) if two else classes(bars.index, up, 0.95 * (1 - up))
    parts = (BarsData(dataname=bars, name=symbol) for symbol, bars in feeds.items())
    cerebro = cerebro_with(*parts, **options)
    cerebro.addstrategy(strategy, ml=ml, model=models, **params)
    cerebro.addsizer(EquityShare)
    cerebro.addanalyzer(Watch, _name="watch")
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.broker.setcommission(0.0005)
    return cerebro.run()[0].analyzers


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("ml", [False, True])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_three_feeds_of_different_starts_gaps_and_lengths(name, ml, seed):
    feeds = three_feeds(seed)
    ran = watched(name, feeds, ml)
    watch, trades = ran.watch, ran.stats.trades()
    union = np.unique(np.concatenate([bars.index.values for bars in feeds.values()]))
    np.testing.assert_array_equal(stamps(watch.calls), union)  # once a stamp of any feed
    np.testing.assert_array_equal(ran.stats.equity().index.values, union)
    assert watch.future == 0 and watch.seen > 100
    assert {fill[0] for fill in watch.fills} == set(feeds) and len(watch.fills) > 60
    for symbol, now, bar, price, kind, _ in watch.fills:
        assert now == bar
        if kind == bt.Order.Market:
            assert price == pytest.approx(feeds[symbol].open[pd.Timestamp(bar)], rel=1e-12)
    assert min(watch.cash) >= 0 and min(watch.own_cash) >= 0
    assert ran.stats.get_analysis()["rejected"] == 0
    assert {"long", "short"} == set(trades.side)
    first = trades.groupby("symbol").entry_time.min()
    assert all(first[symbol] > bars.index[0] for symbol, bars in feeds.items())
    assert first["S0"] < feeds["S1"].index[0]  # it does not wait for the others to start


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_each_symbol_trades_as_it_would_alone(name):
    feeds = {symbol: bars[:500] for symbol, bars in three_feeds(1).items()}
    together = watched(name, feeds, ml=False).stats.trades()
    columns = ["side", "entry_time", "entry_price", "exit_time", "exit_price", "exit_reason"]
    for symbol, bars in feeds.items():
        alone = watched(name, {symbol: bars}, ml=False).stats.trades()[columns]
        own = together[together.symbol == symbol][columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone)
        assert len(own) > 10


@pytest.mark.slow
def test_the_same_trades_bar_by_bar():
    feeds = {symbol: bars[:250] for symbol, bars in three_feeds(2).items()}
    batch = watched("fusion", feeds, ml=True).stats.trades()
    for options in ({"runonce": False}, {"preload": False}):
        pd.testing.assert_frame_equal(
            batch, watched("fusion", feeds, True, **options).stats.trades()
        )
    assert len(batch) > 15


def test_symbols_that_enter_together_take_equal_parts_of_the_account():
    bars = three_feeds(3)["S0"][:100]
    trades = watched("fusion", {f"S{n}": bars for n in range(3)}, ml=False).stats.trades()
    first = trades[trades.entry_time == trades.entry_time.min()]
    assert sorted(first.symbol) == ["S0", "S1", "S2"]
    assert (first.share < 0.95 / 3 * 1.02).all() and (first.share > 0.95 / 3 * 0.98).all()


def test_signal_and_technical_state_come_by_symbol():
    feeds = three_feeds(4)
    models = {symbol: given(bars.index, 0.7) for symbol, bars in feeds.items()}
    run = run_strategy(feeds, FusionStrategy, model=models)
    for symbol, bars in feeds.items():
        alone = run_strategy(bars, FusionStrategy, model=models[symbol])
        for line in ("signal", "technical"):
            several = getattr(run, line)[symbol]
            np.testing.assert_array_equal(several.to_numpy(), getattr(alone, line))
            assert several.index.equals(bars.index)
    assert sum(run.signal_counts.values()) == run.signal.notna().sum() > 1_000


class FirstOnly(bt.Strategy):
    """Trades the first feed, whatever else there is."""

    def __init__(self):
        self.average = bt.ind.SMA(self.data, period=10)

    def next(self):
        above = self.data.close[0] > self.average[0]
        if above and not self.position:
            self.buy()
        elif not above and self.position:
            self.close()


class Every(bt.Strategy):
    """Buys each feed once."""

    def __init__(self):
        self.bought = set()

    def next(self):
        for data in self.datas:
            if data._name not in self.bought:
                self.bought.add(data._name)
                self.buy(data=data)


def test_a_strategy_that_trades_the_first_feed_alone_still_runs():
    run = run_strategy(three_feeds(0), FirstOnly)
    assert set(run.trades.symbol) == {"S0"} and len(run.trades) > 10
    assert run.signal is None and run.technical is None


def test_a_strategy_of_ones_own_has_the_account_split_between_all_feeds():
    run = run_strategy(three_feeds(0), Every, Account(commission=0.0))
    assert set(run.trades.symbol) == {"S0", "S1", "S2"}
    assert run.figures["rejected"] == 0
    assert run.trades.share.sum() == pytest.approx(0.95, abs=0.02)


class OneEnsemble(bt.Strategy):
    """Asks the model of the second feed."""

    params = (("model", None),)

    def __init__(self):
        self.ml = MLEnsemble(self.data1, model=self.p.model)


def test_an_ensemble_finds_its_model_by_the_feeds_name():
    feeds = three_feeds(0)
    models = {
        symbol: given(bars.index, 0.2 + 0.1 * n) for n, (symbol, bars) in enumerate(feeds.items())
    }
    cerebro = cerebro_with(*(BarsData(dataname=bars, name=name) for name, bars in feeds.items()))
    cerebro.addstrategy(OneEnsemble, model=models)
    assert set(cerebro.run()[0].ml.probability.array) == {0.3}


def test_a_feed_without_a_model_goes_on_without():
    feeds = three_feeds(0)
    models = {"S0": given(feeds["S0"].index, 0.5), "S1": given(feeds["S1"].index, 0.5)}
    with pytest.warns(BtFusionWarning, match="model is None") as caught:
        run = run_strategy(feeds, FusionStrategy, model=models)
    assert len(caught) == 1
    assert set(run.trades.symbol) == {"S2"}


class Failing(Predictions):
    """Fails after so many calls."""

    calls = 0

    def at(self, time):
        Failing.calls += 1
        if Failing.calls > 100:
            raise RuntimeError("the member broke")
        return super().at(time)


def test_a_model_that_fails_in_the_middle_leaves_the_other_feeds_theirs():
    feeds = three_feeds(0)
    models = {symbol: given(bars.index, 0.5) for symbol, bars in feeds.items()}
    models["S1"] = Failing(**vars(models["S1"]))
    parts = (BarsData(dataname=bars[:300], name=name) for name, bars in feeds.items())
    cerebro = cerebro_with(*parts, preload=False)
    cerebro.addstrategy(FusionStrategy, model=models, exit="horizon")
    cerebro.addanalyzer(TradeStats, _name="stats")
    with pytest.warns(BtFusionWarning, match="the member broke") as caught:
        ran = cerebro.run()[0]
    trades = ran.analyzers.stats.trades()
    ours = [each for each in caught if issubclass(each.category, BtFusionWarning)]
    assert len(ours) == 1 and [symbol.ml.usable for symbol in ran.symbols] == [True, False, True]
    assert set(trades.symbol) == {"S1"} and len(trades) > 10
    assert trades.entry_time.min() > feeds["S1"].index[100]
