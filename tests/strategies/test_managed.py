"""ManagedStrategy in the engine: brackets, additions, and what a broker may do to them."""

from collections import Counter

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import EntryLog, SignalFunnel, TradeStats
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.strategies import EquityShare
from bt_fusion.trade_models.trade_plan import TradeModels
from tests.strategies.test_fusion import steps
from tests.trade_models.made import (
    FirstFeature,
    Follows,
    Halves,
    gappy_bars,
    plan_for,
    random_sides,
)

FREE = Account(commission=0.0)


class Checked(Follows):
    '''Asserts on each bar what must hold of positions and orders'''

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def notify_order(self, order):
        self.counts[order.getstatusname()] += 1
        super().notify_order(order)

    def notify_trade(self, trade):
        self.counts["trades"] += trade.isclosed

    def next(self):
        for symbol in self.symbols:
            self.check(symbol)
        super().next()
        for symbol in self.symbols:
            self.counts["adds"] = max(self.counts["adds"], symbol.adds)

    def check(self, symbol):
        held = self.getposition(symbol.data).size
        alive = [each for each in self.broker.get_orders_open() if each.data is symbol.data]
        levels = [each for each in alive if each.exectype != bt.Order.Market]
        pending = symbol.order and symbol.order.alive()
        assert symbol.adds <= self.p.max_adds
        if not held and not pending:
            assert not alive  # no orphan
        if held and not pending:
            assert len(levels) == len(alive) <= 2 * (1 + symbol.adds)
            for kind in (bt.Order.Stop, bt.Order.Limit):
                sizes = [each.executed.remsize for each in levels if each.exectype == kind]
                assert sum(sizes) == pytest.approx(-held)  # closes it whole, and no more
        if held:
            assert symbol.side in (0, np.sign(held)) or pending
            assert abs(held) <= symbol.size * (1 + symbol.adds) * (1 + 1e-9)


def cerebro_of(bars, strategy=Checked, share=0.4, **params):
    cerebro = bt.Cerebro(stdstats=False)
    feeds = bars if isinstance(bars, dict) else {"": bars}
    for name, own in feeds.items():
        cerebro.adddata(BarsData(dataname=own, name=name))
    cerebro.addsizer(EquityShare, share=share)
    cerebro.broker.setcommission(0.0005)
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.addstrategy(strategy, **params)
    return cerebro


def advised(bars, rng, stop=1.5, target=2.0):
    """A plan whose position model says EXIT, HOLD or ADD at random, and whose sizes are halves."""
    X = rng.choice([-1.0, 0.0, 1.0], (len(bars), 1), p=[0.1, 0.6, 0.3]).astype(np.float32)
    models = TradeModels(position=FirstFeature(), risk=Halves())
    return plan_for(bars, stop=stop, target=target, X=X, models=models)


def random_run(seed, count=400, filler=None, **params):
    rng = np.random.default_rng(seed)
    bars = gappy_bars(seed, count)
    if filler is not None:
        bars["volume"] = rng.integers(0, 60, count).astype(float)
    given = {"sides": random_sides(rng, count), "model": advised(bars, rng), "ml_threshold": 0.5}
    cerebro = cerebro_of(bars, **given | {"max_adds": 2, "max_risk_pct": 0.1} | params)
    if filler is not None:
        cerebro.broker.set_filler(filler)
    return cerebro.run()[0]


def test_random_runs_leave_no_orphan_order():
    counts, reasons = Counter(), set()
    for seed in range(4):
        strategy = random_run(seed)
        counts += strategy.counts
        reasons |= set(strategy.analyzers.stats.trades().exit_reason)
    assert counts["trades"] > 120
    assert counts["adds"] > 4  # in some runs both
    assert {"stop", "target", "horizon", "advice"} <= reasons


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("max_adds", [0, 1, 3])
def test_never_more_additions_than_asked_for(max_adds):
    strategies = [random_run(seed, max_adds=max_adds, hold_bars=30) for seed in range(2)]
    assert max(each.counts["adds"] for each in strategies) == max_adds


@pytest.mark.parametrize("perc", [20, 100])
def test_partial_fills_leave_no_orphan_and_no_double_position(perc):
    counts, reasons = Counter(), set()
    for seed in range(4):
        strategy = random_run(seed, filler=bt.fillers.FixedBarPerc(perc=perc))
        counts += strategy.counts
        reasons |= set(strategy.analyzers.stats.trades().exit_reason)
    assert counts["Partial"] > 10
    assert counts["trades"] > 15
    assert reasons > {"horizon"}


def sides_at(count, **bars):
    """Signals on single bars, named b30 and so on."""
    side = np.zeros(count, dtype=int)
    for name, value in bars.items():
        side[int(name[1:])] = value
    return side


def flat_then(*closes):
    """Bars that swing by 2 around 100 while indicators warm up, then these closes."""
    return steps([*np.tile([100.0, 102.0], 20), *closes])


def reasons_of(strategy):
    return strategy.analyzers.stats.trades().exit_reason.tolist()


def test_flat_bars_have_no_distance_and_no_entry():
    bars = steps(np.full(120, 100.0))
    side = random_sides(np.random.default_rng(0), 120)
    plan = plan_for(bars, atr=np.zeros(120))
    for params in ({"ml": False}, {"model": plan, "ml_threshold": 0.5}):
        outcomes = Counter()

        class Noted(Checked):
            def next(self, outcomes=outcomes):
                super().next()
                outcomes[self.symbols[0].outcome] += 1

        strategy = cerebro_of(bars, Noted, sides=side, **params).run()[0]
        assert outcomes["no distance"] == np.count_nonzero(side)
        assert not strategy.counts["Completed"]


def test_a_gap_through_the_stop_is_filled_at_the_open():
    bars = flat_then(100, 100, 100, 100, 100)
    bars.iloc[43, :4] = [80.0, 81.0, 79.0, 80.0]  # the stop at 97 was jumped over
    run = run_strategy(bars, Checked, FREE, sides=sides_at(45, b40=1), ml=False)
    assert run.trades[["exit_price", "exit_reason"]].values.tolist() == [[80.0, "stop"]]
    assert run.trades.exit_time[0] == bars.index[43]


@pytest.mark.parametrize("cash", [-500.0, 1e-9])
def test_an_account_without_money_enters_nothing(cash):
    bars = gappy_bars(1, 120)
    rng = np.random.default_rng(1)
    given = {"sides": random_sides(rng, 120), "model": advised(bars, rng), "ml_threshold": 0.5}
    cerebro = cerebro_of(bars, **given)
    cerebro.broker.setcash(cash)
    strategy = cerebro.run()[0]
    assert sum(trade for trade in strategy.analyzers.stats.trades()["size"]) <= 1e-9


def test_a_ruined_account_goes_on_without_entries():
    """A short of 95 % of the account over a jump to four times the price: equity below 0."""
    bars = flat_then(*[100] * 3, *[400] * 60)
    side = np.where(np.arange(len(bars)) < 41, 0, -1)
    strategy = cerebro_of(bars, share=0.95, sides=side, ml=False, atr_stop=500.0).run()[0]
    assert strategy.broker.getvalue() < 0
    assert len(strategy.analyzers.stats.trades()) == 1


def test_a_margin_refusal_leaves_nothing_behind():
    """The next open is a tenth above the close: 95 % of the account do not pay for it."""
    bars = flat_then(*[100] * 10)
    bars.iloc[42, :3] = [112.0, 112.0, 100.0]
    side = sides_at(50, b41=1, b45=1)
    strategy = cerebro_of(bars, share=0.95, sides=side, ml=False, hold_bars=2).run()[0]
    assert strategy.counts["Margin"] == 1
    assert strategy.counts["trades"] == 1  # the second one


@pytest.mark.parametrize("side", [1, -1])
def test_the_brokers_check_of_cash_does_not_count_stop_and_target_as_sales(side):
    bars = flat_then(*[100] * 10)
    levels = {"atr_stop": 8.0, "atr_target": 0.5}
    given = {"sides": sides_at(50, b41=side), "ml": False, "hold_bars": 3} | levels
    strategy = cerebro_of(bars, share=0.95, **given).run()[0]
    assert strategy.counts["Margin"] == 0
    assert reasons_of(strategy) == ["horizon"]


def test_an_addition_filled_on_the_bar_that_meets_the_stop_leaves_at_the_next_open():
    bars = flat_then(101, 102, 102, 102, 102, 102, 102)
    bars.iloc[43, 2] = 90.0  # the low of the bar that fills the addition
    X = np.zeros((len(bars), 1), dtype=np.float32)
    X[42] = 1
    plan = plan_for(bars, atr=np.full(len(bars), 2.0), X=X, models=TradeModels(FirstFeature()))
    given = {"sides": sides_at(len(bars), b40=1), "model": plan, "ml_threshold": 0.5}
    strategy = cerebro_of(bars, **given).run()[0]
    trades = strategy.analyzers.stats.trades()
    assert trades.exit_reason.tolist() == ["stop", "stop"]
    assert trades.exit_time.tolist() == [bars.index[43], bars.index[44]]
    assert not strategy.position.size


def test_an_addition_keeps_the_stop_inside_the_limit():
    for seed in range(3):
        rng, lost = np.random.default_rng(seed), []
        bars = gappy_bars(seed)

        class AtStop(Checked):
            def next(self, lost=lost):
                before = self.symbols[0].adds
                super().next()
                symbol = self.symbols[0]
                if symbol.adds > before:
                    size = abs(self.position.size) + symbol.order.created.remsize
                    loss = abs(self.data.close[0] - symbol.levels[0]) * size
                    lost.append(abs(loss) / self.broker.getvalue())

        given = {"sides": random_sides(rng, len(bars)), "model": advised(bars, rng)}
        cerebro_of(bars, AtStop, **given, ml_threshold=0.5, max_adds=3, max_risk_pct=0.01).run()
        assert len(lost) > 2
        assert max(lost) <= 0.01 * (1 + 1e-9)


def test_an_addition_is_logged_with_its_side_and_is_no_entry_of_the_funnel():
    bars = flat_then(99, 98, 98, 98, 98)
    X = np.zeros((len(bars), 1), dtype=np.float32)
    X[42] = 1
    atr, models = np.full(len(bars), 2.0), TradeModels(FirstFeature())
    plan = plan_for(bars, up=0.4, atr=atr, X=X, models=models)
    given = {"sides": sides_at(len(bars), b40=-1), "model": plan, "ml_threshold": 0.5}
    cerebro = cerebro_of(bars, **given)
    cerebro.addanalyzer(SignalFunnel, _name="funnel")
    cerebro.addanalyzer(EntryLog, _name="log")
    strategy = cerebro.run()[0]
    assert strategy.counts["adds"] == 1
    passed = strategy.analyzers.funnel.get_analysis()["passed"]
    assert (passed["ordered"], passed["filled"]) == (1, 1)
    entries = strategy.analyzers.log.entries()
    assert entries.side.tolist() == ["short", "short"]
    assert entries.probability.tolist() == pytest.approx(plan.probability_down[[40, 42]])


def test_where_advice_and_horizon_agree_the_horizon_is_the_reason():
    bars = flat_then(*[101] * 10)
    X = np.zeros((len(bars), 1), dtype=np.float32)
    X[43:] = -1
    plan = plan_for(bars, X=X, models=TradeModels(FirstFeature()))
    given = {"sides": sides_at(len(bars), b40=1), "model": plan, "ml_threshold": 0.5}
    assert reasons_of(cerebro_of(bars, hold_bars=3, **given).run()[0]) == ["horizon"]
    assert reasons_of(cerebro_of(bars, hold_bars=4, **given).run()[0]) == ["advice"]


def test_whole_sizes_stay_whole():
    rng = np.random.default_rng(5)
    bars = gappy_bars(5)
    given = {"sides": random_sides(rng, len(bars)), "model": advised(bars, rng)}
    cerebro = cerebro_of(bars, **given, ml_threshold=0.5, max_adds=2)
    cerebro.sizers.clear()
    cerebro.addsizer(EquityShare, share=0.4, whole=True)
    sizes = cerebro.run()[0].analyzers.stats.trades()["size"]
    assert len(sizes) > 20
    assert (sizes % 1 == 0).all()


def test_stop_and_target_as_fractions_of_the_price():
    bars = flat_then(100, 100, 105, 105, 105)
    given = {"stop": 0.02, "target": 0.04, "atr_stop": None, "atr_target": None}
    run = run_strategy(bars, Checked, FREE, sides=sides_at(45, b40=1), ml=False, **given)
    assert run.trades[["exit_price", "exit_reason"]].values.tolist() == [[104.0, "target"]]


def test_levels_are_not_met_on_a_bar_that_is_over():
    """Another feed moves twice as often: the bar of the fill must not count again."""
    slow = flat_then(100, 100, 100, 100, 100, 100)
    slow.iloc[41, 1:3] = [110.0, 90.0]  # the bar of the fill reaches both levels, the others none
    quick = steps(np.full(2 * len(slow), 50.0))
    quick.index = slow.index[0] + pd.Timedelta("30min") * np.arange(len(quick))
    sides = {"slow": sides_at(len(slow), b40=1), "quick": np.zeros(len(quick))}
    feeds = {"slow": slow, "quick": quick}
    strategy = cerebro_of(feeds, sides=sides, ml=False, hold_bars=4).run()[0]
    assert reasons_of(strategy) == ["horizon"]


def test_two_feeds_together_hold_no_more_than_the_account():
    rng = np.random.default_rng(7)
    feeds = {name: gappy_bars(seed, 250) for name, seed in (("A", 7), ("B", 8))}
    plans = {name: advised(bars, rng) for name, bars in feeds.items()}
    sides = {name: random_sides(rng, 250) for name in feeds}
    worth = []

    class Worth(Checked):
        def next(self):
            super().next()
            held = (abs(self.getposition(each).size) * each.close[0] for each in self.datas)
            worth.append(sum(held) / self.broker.getvalue())

    given = {"model": plans, "ml_threshold": 0.5, "max_adds": 9, "max_risk_pct": 1.0}
    cerebro_of(feeds, Worth, share=0.95, sides=sides, **given).run()
    assert 0.5 < max(worth) < 1.1  # 0.95 at the signal


@pytest.mark.parametrize("seed", [0, 1])
def test_feeds_of_different_starts_and_gaps_trade_as_each_would_alone(seed):
    """Sizes aside, which share one account: same entries, exits and reasons, no stale fill."""
    rng = np.random.default_rng(seed)
    feeds = {"A": gappy_bars(seed, 350), "B": gappy_bars(seed + 10, 350)[60:]}
    feeds = {name: bars[rng.random(len(bars)) > 0.3] for name, bars in feeds.items()}
    sides = {name: random_sides(rng, len(bars)) for name, bars in feeds.items()}
    plans = {name: advised(bars, rng) for name, bars in feeds.items()}
    given = {"sides": sides, "model": plans, "ml_threshold": 0.5, "max_adds": 0}
    columns = ["symbol", "side", "entry_time", "exit_time", "exit_reason"]
    together = cerebro_of(feeds, **given, max_risk_pct=1.0).run()[0].analyzers.stats.trades()
    for name, bars in feeds.items():
        alone = cerebro_of({name: bars}, **given, max_risk_pct=1.0).run()[0]
        own = together[together.symbol == name]
        assert len(own) > 20
        expected = alone.analyzers.stats.trades()
        np.testing.assert_array_equal(own[columns].to_numpy(), expected[columns].to_numpy())
        at_open = own.exit_reason.isin(["horizon", "advice"])
        opens = bars.open[own.exit_time[at_open]].to_numpy()
        np.testing.assert_allclose(own.exit_price[at_open], opens, rtol=1e-12)
