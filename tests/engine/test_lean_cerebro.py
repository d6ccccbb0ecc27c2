"""LeanCerebro: every bar of a run as in Backtrader, to the last bit."""

import backtrader as bt
import pandas as pd
import pytest

from bt_fusion.analyzers import BrokerGuard, EntryLog, FusionSummary, SignalFunnel, TradeStats
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.lean_broker import LeanBroker
from bt_fusion.engine.lean_cerebro import Bar, LeanCerebro
from tests.analyzers.samples import SAMPLES
from tests.analyzers.test_any_strategy import feeds
from tests.engine.designs import BARS, Design, design

ANALYZERS = (TradeStats, BrokerGuard, SignalFunnel, EntryLog, FusionSummary)


class RowByRow(BarsData):
    """Bars that Backtrader loads and moves itself; its PandasData holds no plain floats."""

    def preload(self):
        bt.feed.DataBase.preload(self)

    advance, advance_peek = bt.feed.DataBase.advance, bt.feed.DataBase.advance_peek


class Recorder(bt.Analyzer):
    """Everything that an analyzer can be told of, bar by bar."""

    def start(self):
        self.bars, self.notified, self.first = [], [], None

    def notify_order(self, order):
        self.first = self.first or order.ref
        done = order.executed
        parts = [(p.dt, p.size, p.price, p.opened, p.closed, p.pnl) for p in done.iterpending()]
        facts = order.ref - self.first, order.status, order.created.dt, order.dteos, done.size
        self.notified.append((*facts, done.price, done.comm, done.pnl, done.remsize, parts))

    def notify_trade(self, trade):
        now = trade.dtopen, trade.dtclose, trade.size, trade.price, trade.pnl, trade.pnlcomm
        self.notified.append((*now, trade.value, trade.commission, trade.barlen, trade.status))

    def notify_cashvalue(self, cash, value):
        self.notified.append((cash, value))

    def notify_fund(self, cash, value, fundvalue, shares):
        self.notified.append((cash, value, fundvalue, shares))

    def prenext(self):
        self.note("prenext")

    def nextstart(self):
        self.note("nextstart")

    def next(self):
        self.note("next")

    def note(self, step):
        strategy, broker = self.strategy, self.strategy.broker
        held = [(p.size, p.price) for p in map(strategy.getposition, strategy.datas)]
        now = [(len(d), d.datetime[0], d.close[0]) for d in strategy.datas if len(d)]
        account = broker.getcash(), broker.getvalue(), broker.get_value(mkt=True)
        lever = broker.get_value(lever=True), broker.get_leverage(), broker._unrealized
        moved = [each for each in strategy.getindicators() if len(each)]
        lines = [[len(each), *(line[0] for line in each.lines)] for each in moved]
        self.bars.append((step, len(strategy), strategy.datetime[0], held, now, account, lever))
        self.bars.append(lines)
        self.bars.append([broker.get_value([data]) for data in strategy.datas if len(data)])


def recorded(cerebro):
    cerebro.addanalyzer(Recorder, _name="record")
    for kind in ANALYZERS:
        cerebro.addanalyzer(kind, _name=kind.__name__)
    ran = cerebro.run()[0]
    record = ran.analyzers.record
    analyses = [ran.analyzers.getbyname(kind.__name__).get_analysis() for kind in ANALYZERS]
    tables = ran.analyzers.TradeStats.trades(), ran.analyzers.EntryLog.entries()
    return repr(record.bars), repr(record.notified), repr(analyses), *tables, ran


def assert_same(lean, stock):
    for ours, theirs in zip(lean[:3], stock[:3], strict=True):
        assert len(ours) > 100 and ours == theirs
    for ours, theirs in zip(lean[3:5], stock[3:5], strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


@pytest.fixture
def lean_bars(monkeypatch):
    """How many bars took the short way."""
    made, close = [], Bar.close

    def counted(bar, now):
        made.append(now)
        close(bar, now)

    monkeypatch.setattr(Bar, "close", counted)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(8, 120), marks=pytest.mark.slow)])
def test_random_runs_are_backtraders(seeds, lean_bars):
    trades = 0
    for seed in seeds:
        drawn, before = design(seed), len(lean_bars)
        lean = recorded(drawn.cerebro(LeanCerebro, BarsData))
        short_way = len(lean_bars) - before
        assert short_way == 0 if drawn.options else short_way >= BARS - 50
        assert_same(lean, recorded(drawn.cerebro(bt.Cerebro, RowByRow)))
        trades += len(lean[3])
    assert trades > 20 * len(seeds)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_backtraders(name):
    strategy, params, _, options = SAMPLES[name]
    drawn = Design(name, strategy, params, feeds(name), options, {"commission": 0.0005})
    lean = recorded(drawn.cerebro(LeanCerebro, BarsData))
    assert_same(lean, recorded(drawn.cerebro(bt.Cerebro, RowByRow)))
    assert isinstance(lean[5].broker, LeanBroker) and len(lean[3])


class Interferes(bt.Strategy):
    """Does in the middle of a run what the short way must notice."""

    def __init__(self):
        self.notified = []
        self.add_timer(bt.timer.SESSION_START)

    def notify_timer(self, timer, when, *args, **kwargs):
        self.notified.append((len(self), when))

    def notify_cashvalue(self, cash, value):
        self.notified.append((cash, value))

    def notify_fund(self, *fund):
        self.notified.append(fund)

    def next(self):
        if len(self) % 20 == 3:
            self.sell(size=10) if len(self) % 40 == 3 else self.close()
        if len(self) == 50:
            self.broker.add_cash(5_000.0)
        if len(self) == 100:  # a short is held
            self.broker.setcommission(commission=0.002, interest=0.3)
        if len(self) == 250:
            self.env.runstop()


def test_what_a_strategy_changes_in_a_run(lean_bars):
    bars = random_walk(300, seed=4)  # hours, so that interest falls due
    bars = bars.set_index(pd.date_range("2024-01-01", periods=300, freq="h"))
    drawn = Design("interferes", Interferes, {}, {"A": bars}, {}, {"commission": 0.0})
    lean = recorded(drawn.cerebro(LeanCerebro, BarsData))
    stock = recorded(drawn.cerebro(bt.Cerebro, RowByRow))
    assert_same(lean, stock)
    assert repr(lean[5].notified) == repr(stock[5].notified)
    assert len(lean_bars) == len(lean[5]) == 250
    assert lean[3].commission.max() > 0 and lean[3].entry_time.is_monotonic_increasing


class OwnBar(bt.Strategy):
    """A strategy with a bar of its own making."""

    def _notify(self, *args, **kwargs):
        super()._notify(*args, **kwargs)


@pytest.mark.parametrize("options", [{}, {"stdstats": True}, {"writer": True}])
def test_what_is_set_up_otherwise_runs_as_in_backtrader(options, lean_bars, capsys):
    cerebro = LeanCerebro(**{"stdstats": False, **options})
    cerebro.adddata(BarsData(dataname=random_walk(60, seed=1)))
    cerebro.addstrategy(bt.Strategy if options else OwnBar)
    assert len(cerebro.run()[0]) == 60
    assert not lean_bars


class Directly(bt.Strategy):
    """Gives its orders to the broker itself, by position and by name."""

    def next(self):
        if len(self) % 10 == 2:
            self.broker.buy(self, self.data, 1, None, None, None, None, 7, why="up")
        elif len(self) % 10 == 7:
            self.broker.sell(self, self.data, size=1, tradeid=7)
        elif len(self) % 10 == 8:
            price = self.data.close[0]
            self.broker.sell(self, self.data, 1, price * 1.001, price, bt.Order.StopLimit, 5.0)


def test_orders_given_to_the_broker_itself():
    drawn = Design("direct", Directly, {}, {"A": random_walk(300, seed=4)}, {}, {"mult": 2.0})
    lean = recorded(drawn.cerebro(LeanCerebro, BarsData))
    stock = recorded(drawn.cerebro(bt.Cerebro, RowByRow))
    assert_same(lean, stock)
    ours, theirs = (each[5].broker.orders for each in (lean, stock))
    assert len(ours) == len(theirs) > 50 and len(lean[3]) > 20
    for one, other in zip(ours, theirs, strict=True):
        facts = [(o.info, vars(o.p).keys(), o.size, o.valid, o.tradeid) for o in (one, other)]
        assert repr(facts[0]) == repr(facts[1]) and isinstance(one, type(other))
