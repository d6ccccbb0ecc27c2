"""Several feeds on one strategy: nothing from the future, nothing on a stale bar, cash enough."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.errors import BtFusionWarning
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.strategies import EquityShare, FusionStrategy, HybridScoring, one_position
from bt_fusion.technical.entry_score import TechnicalPoints
from tests.engine.test_engine import cerebro_with, given
from tests.strategies.test_fusion import steps
from tests.test_parity import CONFIGURATIONS, LiveData

CLOSE_EXITS = {"target": 0.001, "atr_stop": 0.3}  # most bars touch one of them
EASY = {"min_entry_score_technical": 1.0, "min_entry_score": 2.0, "log_entries": False}


class Watched(HybridScoring):
    """Notes every fill, the least cash, and what was seen when."""

    def __init__(self):
        super().__init__()
        self.fills, self.cash, self.future = [], [], 0
        self.acted = []

    def notify_order(self, order):
        super().notify_order(order)
        if order.status == order.Completed:
            now, bar = self.datetime[0], order.data.datetime[0]
            price, kind = order.executed.price, order.exectype
            self.fills.append((order.data._name, *stamps([now, bar]), price, kind, order.isbuy()))

    def act(self, symbol):
        self.acted.append((symbol.name, symbol.data.datetime[0], self.datetime[0]))
        return super().act(symbol)

    def next(self):
        super().next()
        self.cash.append(self.broker.getcash())
        held = [data for data in self.datas if len(data)]
        self.future += sum(data.datetime[0] > self.datetime[0] for data in held)


def three_feeds(seed):
    """Three walks of different starts, gaps and lengths."""
    rng = np.random.default_rng(seed)
    feeds = {}
    for number, (start, stop, gaps) in enumerate(
        [(0, 1_200, 0.0), (250, 1_500, 0.4), (90, 800, 0.1)]
    ):
        bars = random_walk(1_500, seed=10 * seed + number).iloc[start:stop]
        feeds[f"S{number}"] = bars[rng.random(len(bars)) >= gaps]
    return feeds


def ran(feeds, strategy=Watched, **params):
    cerebro = cerebro_with(*(BarsData(dataname=bars, name=name) for name, bars in feeds.items()))
    cerebro.addstrategy(strategy, **EASY, **params)
    cerebro.broker.setcommission(0.0005)
    return cerebro.run()[0]


def stale(strategy, feeds):
    """Fills at another moment than their bar's, or market orders filled off its open."""
    wrong = 0
    for name, now, bar, price, kind, _ in strategy.fills:
        market = kind == bt.Order.Market
        wrong += now != bar or (
            market and not np.isclose(price, feeds[name].open[pd.Timestamp(bar)], rtol=1e-12)
        )
    return wrong


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("ml", [False, True])
def test_three_feeds_of_different_starts_gaps_and_lengths(seed, ml):
    feeds = three_feeds(seed)
    models = {name: given(bars.index, 0.62) for name, bars in feeds.items()}
    strategy = ran(feeds, ml=ml, model=models, **CLOSE_EXITS)
    assert {fill[0] for fill in strategy.fills} == set(feeds)
    assert len(strategy.fills) > 60
    assert strategy.future == 0
    assert stale(strategy, feeds) == 0
    assert all(bar == now for _, bar, now in strategy.acted)
    assert len(strategy.acted) == len(set(strategy.acted)) == sum(map(len, feeds.values()))
    assert min(strategy.cash) >= 0


def test_without_waiting_orders_would_be_filled_on_stale_bars(monkeypatch):
    monkeypatch.setattr(one_position, "awaiting", lambda order: order)
    wrong = 0
    for seed in range(3):
        feeds = three_feeds(seed)
        wrong += stale(ran(feeds, ml=False, **CLOSE_EXITS), feeds)
    assert wrong > 5


def test_each_symbol_trades_as_it_would_alone():
    """Signals, fills and exits of a feed do not depend on the other feeds."""
    feeds = three_feeds(1)
    together = ran(feeds, ml=False)
    for name, bars in feeds.items():
        alone = ran({name: bars}, ml=False)
        own = pd.DataFrame([fill for fill in together.fills if fill[0] == name])
        pd.testing.assert_frame_equal(own, pd.DataFrame(alone.fills))
        assert len(own) > 5


def test_one_position_a_symbol_and_cash_split_between_them():
    feeds = {f"S{n}": random_walk(1_500, seed=4) for n in range(3)}  # all three enter at once
    strategy = ran(feeds, ml=False)
    first = [fill for fill in strategy.fills if fill[5]][:3]
    assert {fill[0] for fill in first} == set(feeds)
    assert len({fill[1] for fill in first}) == 1
    assert min(strategy.cash) > 0
    held = {}
    for name, *_, buy in strategy.fills:
        held[name] = held.get(name, 0) + (1 if buy else -1)
        assert held[name] in (0, 1)


def test_a_missing_model_is_told_once_for_all_feeds():
    feeds = three_feeds(0)
    with pytest.warns(BtFusionWarning, match="technical points alone") as caught:
        strategy = ran(feeds, model=None)
    assert len(caught) == 1
    assert strategy.fills == ran(feeds, ml=False).fills


def test_a_symbol_without_a_model_of_its_own_goes_on_without():
    feeds = three_feeds(0)
    models = {"S0": given(feeds["S0"].index, 0.1), "S1": given(feeds["S1"].index, 0.1)}
    with pytest.warns(BtFusionWarning, match="model is None"):
        strategy = ran(feeds, model=models, points=few_points())
    assert {fill[0] for fill in strategy.fills} == {"S2"}


def few_points():
    # at most 2.5 points: enough without ML, and too few with it when it takes one away
    return TechnicalPoints(band=(0, 0), volume=(0, 0), pattern=(0, 0), rsi=(1.0, 1.0))


class WithStopAndTarget(FusionStrategy):
    """Stop and target around each position."""

    def stop_and_target(self, symbol, price, side):
        return price * (1 - side * 0.10), price * (1 + side * 0.05)


def traded(closes, **params):
    cerebro = cerebro_with(BarsData(dataname=steps(closes)))
    cerebro.addstrategy(WithStopAndTarget, ml=False, ema_fast=1, ema_slow=2, hold_bars=99, **params)
    cerebro.addsizer(EquityShare)
    cerebro.addanalyzer(bt.analyzers.Transactions, _name="fills")
    strategy = cerebro.run()[0]
    fills = strategy.analyzers.fills.get_analysis().values()
    return strategy, [row[1] for rows in fills for row in rows]


def test_target_and_stop_cancel_each_other():
    # long at 101; the target at 106.05 is reached inside the bar from 104 to 108
    strategy, prices = traded([100, 101, 102, 104, 108, 108, 108, 108])
    assert prices[:2] == [101, pytest.approx(106.05)]
    assert strategy.symbols[0].exit_orders == [] or strategy.position.size


def test_a_bar_that_touches_both_counts_as_stopped():
    bars = steps([100, 101, 102, 103, 103, 103, 103])
    bars.loc[bars.index[4], ["high", "low"]] = [120.0, 80.0]
    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(WithStopAndTarget, ml=False, ema_fast=1, ema_slow=2, hold_bars=99)
    cerebro.addsizer(EquityShare)
    cerebro.addanalyzer(bt.analyzers.Transactions, _name="fills")
    fills = cerebro.run()[0].analyzers.fills.get_analysis()
    assert fills[bars.index[4].to_pydatetime()][0][1] == pytest.approx(101 * 0.9)


def test_stop_and_target_given_on_the_bar_of_an_exit_are_gone_with_the_position():
    """An exit decided on the very bar of the entry's fill leaves no stop behind."""
    strategy, prices = traded([100, 101, 102, 90, 89, 130, 131, 80, 79, 78], exit="flip")
    size = 0.0
    for fill in strategy.analyzers.fills.get_analysis().values():
        for amount, *_ in fill:
            assert size == 0 or np.isclose(size, -amount), "a position was only partly closed"
            size = 0.0 if size else amount
    assert len(prices) > 4


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("configuration", list(CONFIGURATIONS)[1:])
def test_the_same_trades_in_every_run_configuration(configuration):
    bars = random_walk(300, seed=15)
    up = np.random.default_rng(3).uniform(0.3, 0.8, len(bars))
    fills = []
    for name in ("default", configuration):
        feed = LiveData if name == "live feed" else BarsData
        cerebro = cerebro_with(feed(dataname=bars), **CONFIGURATIONS[name][0])
        points = TechnicalPoints(rsi_limit=45.0)
        cerebro.addstrategy(Watched, model=given(bars.index, up), points=points, **EASY)
        fills.append(cerebro.run()[0].fills)
    assert len(fills[0]) >= 10
    pd.testing.assert_frame_equal(pd.DataFrame(fills[0]), pd.DataFrame(fills[1]))
