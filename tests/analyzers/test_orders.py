"""What analyzers see of orders: when they were given, in which group, and how they were filled."""

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.analyzers import SignalFunnel, SignalQuality
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.indicators import MLEnsemble
from bt_fusion.strategies import with_ml
from tests.analyzers.test_any_strategy import ANALYZERS
from tests.engine.test_engine import cerebro_with, given

BARS = random_walk(400, seed=5)
RISING = given(BARS.index, np.linspace(0.2, 0.9, len(BARS)))


def ran(strategy, *feeds, model=None, set_up=None, options=None, **params):
    """A finished run of a strategy with all analyzers."""
    made = feeds or (BarsData(dataname=BARS, name="F"),)
    cerebro = cerebro_with(*made, **(options or {}))
    cerebro.addstrategy(strategy, **params)
    cerebro.addsizer(bt.sizers.FixedSize, stake=10)
    cerebro.broker.setcash(1e9)
    for name, analyzer in ANALYZERS.items():
        options = {"model": model} if name in ("quality", "groups") else {}
        cerebro.addanalyzer(analyzer, _name=name, **options)
    if set_up:
        set_up(cerebro.broker)
    return cerebro.run()[0]


def counted(strategy):
    groups = strategy.analyzers.groups.get_analysis()
    return {name: groups[name]["trades"] for name in ("agreed", "disagreed", "unknown")}


class EveryTenth(bt.Strategy):
    """Enters every tenth bar and leaves five bars later."""

    def next(self):
        self.act()

    def act(self):
        for data in self.datas:
            held = self.getposition(data).size
            if len(data) % 10 == 5 and not held:
                self.buy(data=data)
            elif len(data) % 10 == 0 and held:
                self.close(data=data)


class AtTheOpen(EveryTenth):
    def next(self):
        pass

    def next_open(self):
        self.act()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "options", [{}, {"runonce": False}, {"exactbars": 1}, {"quicknotify": True}]
)
def test_an_order_at_the_open_knows_the_bar_before(options):
    options = {"cheat_on_open": True, **options}
    found = ran(AtTheOpen, model=RISING, options=options).analyzers
    entries, log = found.groups.entries(), found.log.entries()
    before = BARS.index.get_indexer(entries.time)  # the bar of the signal
    np.testing.assert_array_equal(entries.probability, RISING.probability_up[before])
    assert len(log) == len(entries) > 30
    np.testing.assert_array_equal(log.price, BARS.close.to_numpy()[before])
    assert log.time.tolist() == entries.time.tolist()
    trades = found.stats.trades()
    assert BARS.index.get_indexer(trades.entry_time).tolist() == (before + 1).tolist()
    filtered = ran(with_ml(AtTheOpen), options=options, ml_model=RISING)
    assert counted(filtered)["disagreed"] == 0 < counted(filtered)["agreed"]


def test_orders_without_the_brokers_check_of_cash():
    checked = ran(EveryTenth, model=RISING)
    free = ran(EveryTenth, model=RISING, set_up=lambda broker: broker.set_checksubmit(False))
    assert counted(free) == counted(checked) and counted(free)["unknown"] == 0
    for name in ("log", "funnel"):
        own, other = (each.analyzers.getbyname(name).get_analysis() for each in (free, checked))
        assert own == other


def test_an_order_at_the_open_of_a_slower_feed_knows_its_last_bar():
    slow = BARS.iloc[3::4]

    class Open(bt.Strategy):
        def next_open(self):
            data, held = self.data1, self.getposition(self.data1).size
            if len(self.data0) % 10 == 6 and not held:
                self.buy(data=data)
            elif len(self.data0) % 10 == 2 and held:
                self.close(data=data)

    feeds = BarsData(dataname=BARS, name="fast"), BarsData(dataname=slow, name="slow")
    up = np.linspace(0.2, 0.9, len(slow))
    models = {"fast": given(BARS.index, 0.5), "slow": given(slow.index, up)}
    filtered = ran(with_ml(Open), *feeds, ml_model=models, options={"cheat_on_open": True})
    entries = filtered.analyzers.groups.entries()
    assert len(entries) > 10 and set(entries.group) == {"agreed"}
    known = up[slow.index.get_indexer(entries.time)]
    np.testing.assert_allclose(entries.probability, known, rtol=1e-9)


class Straddle(bt.Strategy):
    """A stop above and a stop below: whichever comes first is the entry."""

    params = (("group", True),)

    def __init__(self):
        self.orders = []

    def next(self):
        close, held = self.data.close[0], self.position.size
        if held and len(self) >= self.entered + 7:
            self.close()
        elif not held and not any(order.alive() for order in self.orders):
            self.entered = len(self)
            above = self.buy(exectype=bt.Order.Stop, price=close * 1.001)
            group = {"oco": above} if self.p.group else {}
            below = self.sell(exectype=bt.Order.Stop, price=close * 0.999, **group)
            self.orders = [above, below]

    def notify_order(self, order):
        if order.status == order.Completed:
            for other in self.orders:
                if other.ref != order.ref and other.alive():
                    self.cancel(other)


@pytest.mark.parametrize("group", [True, False])
def test_two_entries_of_which_one_comes(group):
    found = ran(Straddle, model=given(BARS.index, 0.9), group=group)
    entries = found.analyzers.groups.entries()
    assert set(entries.group[entries.side == "long"]) == {"agreed"}
    assert set(entries.group[entries.side == "short"]) == {"disagreed"}
    if group:
        assert set(found.analyzers.log.entries().side) == {"long", "short"}


class InParts(bt.Strategy):
    """Sells what is left of a position while a purchase is still being filled."""

    def next(self):
        if len(self) == 5:
            self.buy(size=100, exectype=bt.Order.Limit, price=self.data.close[0] * 1.1)
        elif len(self) in (7, 12):
            self.sell(size=self.position.size)


def test_orders_filled_in_parts():
    def twenty_a_bar(broker):
        broker.set_filler(bt.fillers.FixedSize(size=20))

    strategy = ran(InParts, set_up=twenty_a_bar)
    trades = strategy.analyzers.stats.trades()
    profit = strategy.broker.getvalue() - 1e9
    assert set(trades.side) == {"long"} and trades.pnl.sum() == pytest.approx(profit, abs=1e-5)


def test_trades_of_two_ids_and_of_a_compensated_feed():
    class Ids(bt.Strategy):
        def next(self):
            if len(self) == 10:
                self.buy(tradeid=1)
                self.sell(tradeid=2)

    trades = ran(Ids).analyzers.stats.trades()
    assert sorted(trades.side) == ["long", "short"] and trades.pnl.sum() == pytest.approx(0)

    class Compensates(bt.Strategy):
        def __init__(self):
            self.data1.compensate(self.data0)

        def next(self):
            if len(self) % 20 == 5:
                self.buy(data=self.data0)
            elif len(self) % 20 == 15:
                self.sell(data=self.data1)

    feeds = (BarsData(dataname=BARS, name=name) for name in ("A", "B"))
    trades = ran(Compensates, *feeds).analyzers.stats.trades()
    assert set(trades.exit_reason) == {"order"} and len(trades) == 20


def test_what_is_left_by_rounding_is_a_trade_that_goes_on():
    class Parts(bt.Strategy):
        def next(self):
            if len(self) in (5, 6):
                self.buy(size=(0.1, 0.2)[len(self) - 5])
            elif len(self) == 8:
                self.sell(size=0.3)

    found = ran(Parts).analyzers
    assert len(found.stats.trades()) == 1  # as Backtrader counts them


@pytest.mark.parametrize("exactbars", [False, 1])
def test_a_position_that_stays_open(exactbars):
    class Holds(bt.Strategy):
        def next(self):
            if len(self) == 300:
                self.buy()

    strategy = ran(Holds, options={"exactbars": exactbars})
    (trade,) = strategy.analyzers.stats.trades().to_dict("records")
    assert (trade["exit_reason"], trade["exit_price"]) == ("open", BARS.close.iloc[-1])


def test_returns_are_of_the_value_that_the_multiplier_says():
    def futures(broker):
        broker.setcommission(commission=2.0, margin=1_000.0, mult=10.0)

    strategy = ran(EveryTenth, model=RISING, set_up=futures)
    trades = strategy.analyzers.stats.trades()
    closed = trades[trades.exit_reason != "open"]
    assert trades.pnl.sum() == pytest.approx(strategy.broker.getvalue() - 1e9, abs=1e-5)
    expected = closed.pnl / (10 * closed.entry_price * closed["size"])
    entries = strategy.analyzers.groups.entries().dropna(subset="return")
    np.testing.assert_allclose(entries["return"], expected)
    best = strategy.analyzers.summary.get_analysis()["Best Trade [%]"]
    assert best == pytest.approx(100 * expected.max())


@pytest.mark.parametrize("names", [("A", "B"), (None, None)])
def test_feeds_without_names_stay_apart(names):
    def feeds():
        return [BarsData(dataname=BARS, **({"name": name} if name else {})) for name in names]

    class Two(EveryTenth):
        def __init__(self):
            self.ml = [
                MLEnsemble(data, model=given(BARS.index, up))
                for data, up in zip(self.datas, (0.9, 0.3), strict=True)
            ]
            self.price = [bt.ind.EMA(data, period=3) for data in self.datas]

    found = ran(Two, *feeds())
    symbols = [name or f"data{n}" for n, name in enumerate(names)]
    entries, log = found.analyzers.groups.entries(), found.analyzers.log.entries()
    assert entries.groupby("symbol").probability.unique().map(list).to_dict() == {
        symbols[0]: [0.9],
        symbols[1]: [0.3],
    }
    assert counted(found)["agreed"] == counted(found)["disagreed"] > 30
    # an indicator called as a fact is, in a list with one for each feed
    assert (log.price == BARS.close.loc[log.time].to_numpy()).all()
    assert (log["self.price"] != log.price).any() and log["self.price"].notna().all()
    models = dict(zip(symbols, (given(BARS.index, 0.9), given(BARS.index, 0.3)), strict=True))
    filtered = ran(with_ml(EveryTenth), *feeds(), ml_model=models)
    funnel = filtered.analyzers.funnel.get_analysis()
    vetoes = len(filtered.ml_filter.vetoes)
    assert funnel["passed"]["bars"] == 800 and funnel["passed"]["asked"] > vetoes > 30
    assert funnel["lost"]["agreed"] == {"vetoed by ML": vetoes}
    assert list(funnel["passed"]) == ["bars", "asked", "agreed", "ordered", "filled"]


class OnAnotherClock(bt.Strategy):
    """Trades the slow feed on bars of the fast one."""

    def next(self):
        data, held = self.data1, self.getposition(self.data1).size
        if len(self.data0) % 9 == 0 and not held:
            self.buy(data=data)
        elif len(self.data0) % 9 == 5 and held:
            self.close(data=data)


def test_the_funnel_counts_entries_between_the_bars_of_a_feed():
    slow = BARS.iloc[3::4]

    def feeds():
        return BarsData(dataname=BARS, name="fast"), BarsData(dataname=slow, name="slow")

    plain = ran(OnAnotherClock, *feeds()).analyzers.funnel.get_analysis()
    assert plain["passed"]["asked"] == plain["passed"]["ordered"] > 30
    models = {"fast": given(BARS.index, 0.5), "slow": given(slow.index, np.arange(100) % 2)}
    filtered = ran(with_ml(OnAnotherClock), *feeds(), ml_model=models)
    found, vetoes = filtered.analyzers.funnel.get_analysis(), len(filtered.ml_filter.vetoes)
    passed = found["passed"]
    assert passed["asked"] == passed["agreed"] + found["lost"]["agreed"]["vetoed by ML"]
    assert passed["agreed"] == passed["ordered"] and vetoes >= passed["asked"] - passed["agreed"]


def test_a_replayed_bar_counts_as_it_ends():
    cerebro = bt.Cerebro(stdstats=False)
    data = BarsData(dataname=BARS, name="R")
    cerebro.replaydata(data, timeframe=bt.TimeFrame.Minutes, compression=4)
    closes = BARS.close.resample("4min", closed="right", label="right").last()
    cerebro.addstrategy(EveryTenth)
    cerebro.addanalyzer(SignalQuality, _name="quality", model=given(closes.index, 0.9))
    cerebro.addanalyzer(SignalFunnel, _name="funnel")
    found = cerebro.run()[0].analyzers
    signals = found.quality.signals()
    known = signals[signals.move.notna()]
    assert len(known) > 80
    expected = closes.shift(-5) / closes - 1
    np.testing.assert_allclose(known.move, expected.loc[known.time])
    passed = found.funnel.get_analysis()["passed"]
    assert passed["asked"] == 10 < passed["ordered"]  # each bar calls four times


@pytest.mark.parametrize("runonce", [True, False])
def test_an_ensemble_inside_another_indicator(runonce):
    up = np.where(np.arange(len(BARS)) % 3, 0.9, 0.2)

    class Edge(bt.Indicator):
        lines = ("edge",)

        def __init__(self):
            self.lines.edge = MLEnsemble(self.data, model=given(BARS.index, up)).probability - 0.5

    class Asks(EveryTenth):
        def __init__(self):
            self.edge = Edge(self.data)

    found = ran(Asks, options={"runonce": runonce})
    entries = found.analyzers.groups.entries()
    np.testing.assert_array_equal(entries.probability, up[BARS.index.get_indexer(entries.time)])
    counts = found.analyzers.quality.by("signal")["count"]
    assert counts["STRONG_BUY"] == (up > 0.5).sum()


def test_a_strategys_own_ensemble_says_from_where_on_it_agrees():
    class Low(EveryTenth):
        def __init__(self):
            self.ml = MLEnsemble(model=given(BARS.index, 0.55), entry=0.52)

    assert counted(ran(Low)) == {"agreed": 39, "disagreed": 0, "unknown": 0}
