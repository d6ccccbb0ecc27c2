"""with_ml: entries vetoed, exits never, the strategy itself untouched."""

import datetime
from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning, OptionError
from bt_fusion.indicators import MLEnsemble
from bt_fusion.labels import Direction
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import FusionStrategy, with_ml
from tests.engine.test_engine import given
from tests.strategies.test_fusion import steps

MODES = {"once": {}, "next": {"runonce": False}, "bar by bar": {"preload": False}}


def fixed(index, up, down):
    """Predictions of both probabilities; they need not add up to 1."""
    columns = [np.broadcast_to(np.asarray(each, float), len(index)) for each in (down, up)]
    return replace(given(index, 0.5), votes=np.stack(columns, axis=1)[:, None, :])


def until(index, bar):
    """Predictions that agree with both sides up to a bar, then with none."""
    both = np.where(np.arange(len(index)) < bar, 0.9, 0.1)
    return fixed(index, both, both)


class SMACross(bt.Strategy):
    """Long above the average; one order at a time, as in Backtrader's first steps."""

    def __init__(self):
        self.sma = bt.ind.SMA(period=15)
        self.order = None

    def notify_order(self, order):
        if order.status in [order.Submitted, order.Accepted]:
            return
        self.order = None

    def next(self):
        if self.order:
            return
        if not self.position:
            if self.data.close[0] > self.sma[0]:
                self.order = self.buy()
        elif self.data.close[0] < self.sma[0]:
            self.order = self.sell()


class RSIReversion(bt.Strategy):
    """Target orders: half the account long when oversold, short when overbought."""

    def __init__(self):
        self.rsi = bt.ind.RSI(period=6, safediv=True)

    def next(self):
        if self.rsi[0] < 30:
            self.order_target_percent(target=0.5)
        elif self.rsi[0] > 70:
            self.order_target_value(target=-20_000)
        elif 45 < self.rsi[0] < 55:
            self.order_target_size(target=0)


class Brackets(bt.Strategy):
    """Brackets at a crossover, remembered by their numbers; ``by_hand`` without buy_bracket."""

    params = (("by_hand", False),)

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=4), bt.ind.SMA(period=12))
        self.refs = []

    def notify_order(self, order):
        if not order.alive() and order.ref in self.refs:
            self.refs.remove(order.ref)

    def next(self):
        if self.refs or self.position or not self.cross[0]:
            return
        close, up = self.data.close[0], self.cross[0]
        valid = datetime.timedelta(minutes=20)
        if not self.p.by_hand:
            place = self.buy_bracket if up > 0 else self.sell_bracket
            limit, stop = close * (1 + 0.01 * up), close * (1 - 0.01 * up)
            orders = place(price=close, valid=valid, stopprice=stop, limitprice=limit)
            self.refs = [order.ref for order in orders]
            return
        into, out = (self.buy, self.sell) if up > 0 else (self.sell, self.buy)
        main = into(exectype=bt.Order.Limit, price=close, valid=valid, transmit=False)
        stop = out(
            exectype=bt.Order.Stop,
            price=close * (1 - 0.01 * up),
            size=main.size,
            parent=main,
            transmit=False,
        )
        limit = out(
            exectype=bt.Order.Limit, price=close * (1 + 0.01 * up), size=main.size, parent=main
        )
        self.refs = [main.ref, stop.ref, limit.ref]


class Pyramid(bt.Strategy):
    """Adds to a winner up to four times, sells in two halves."""

    def __init__(self):
        self.roc = bt.ind.ROC(period=5)
        self.halved = False

    def next(self):
        size = self.position.size
        if self.roc[0] > 0 and size < 4:
            self.buy(size=1)
            self.halved = False
        elif self.roc[0] < 0 and size:
            self.close(size=size if self.halved else size / 2)
            self.halved = True


class Turner(bt.Strategy):
    """Always in the market, turned by one order of twice the size."""

    def __init__(self):
        self.side = bt.Cmp(self.data.close, bt.ind.EMA(period=9))

    def next(self):
        target = int(self.side[0]) * 3
        if target and target != self.position.size:
            change = target - self.position.size
            (self.buy if change > 0 else self.sell)(size=abs(change))


class CloseAndTurn(Turner):
    """Turned by a close and a new entry, both market orders of one bar."""

    def next(self):
        size = self.position.size
        if self.side[0] * size < 0:
            self.close()
        if self.side[0] and self.side[0] * size <= 0:
            (self.buy if self.side[0] > 0 else self.sell)()


class OneCancelsOther(bt.Strategy):
    """Three limit orders of which one is to be filled; sold after some bars."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=3), bt.ind.SMA(period=9))
        self.refs, self.since = [], 0

    def notify_order(self, order):
        if order.status == order.Completed:
            self.since = len(self)
        if not order.alive() and order.ref in self.refs:
            self.refs.remove(order.ref)

    def next(self):
        if self.refs:
            return
        if self.position:
            if len(self) - self.since >= 10:
                self.close()
        elif self.cross[0] > 0:
            first = None
            for depth in (0.001, 0.003, 0.006):
                order = self.buy(
                    exectype=bt.Order.Limit,
                    price=self.data.close[0] * (1 - depth),
                    valid=datetime.timedelta(minutes=8),
                    oco=first,
                )
                first = first or order
                self.refs.append(order.ref)


class StopInAdvance(SMACross):
    """Stop and target placed with the market order they are to end."""

    def __init__(self):
        super().__init__()
        self.exits = []

    def next(self):
        if self.position or any(order.alive() for order in self.exits):
            return
        if self.data.close[0] > self.sma[0]:
            close = self.data.close[0]
            if self.buy():
                stop = self.sell(exectype=bt.Order.Stop, price=close * 0.99)
                goal = self.sell(exectype=bt.Order.Limit, price=close * 1.01, oco=stop)
                self.exits = [stop, goal]


class Signals(bt.SignalStrategy):
    """Backtrader's own signal strategy, which closes and turns."""

    def __init__(self):
        average = bt.ind.EMA(period=9)
        self.signal_add(bt.SIGNAL_LONGSHORT, bt.ind.CrossOver(self.data.close, average))

    def _start(self):
        self._longshort = True
        super()._start()


STRATEGIES = {
    "sma cross": (SMACross, {}),
    "target orders": (RSIReversion, {}),
    "brackets": (Brackets, {}),
    "brackets by hand": (Brackets, {"by_hand": True}),
    "pyramid": (Pyramid, {}),
    "turner": (Turner, {}),
    "close and turn": (CloseAndTurn, {}),
    "one cancels other": (OneCancelsOther, {}),
    "stop in advance": (StopInAdvance, {}),
    "signals": (Signals, {}),
}


class Fills(bt.Analyzer):
    """Every fill: bar of the order, bar of the fill, price, size and the position after it."""

    def start(self):
        self.rows = []

    def notify_order(self, order):
        if order.executed.size and order.status == order.Completed:
            made = order.executed
            self.rows.append((order.created.dt, made.dt, made.price, made.size, made.psize))


def run(bars, strategy, mode="once", **params):
    cerebro = bt.Cerebro(stdstats=False, **MODES[mode])
    for number, frame in enumerate(bars if isinstance(bars, list) else [bars]):
        cerebro.adddata(BarsData(dataname=frame, name=f"feed{number}"))
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(Fills, _name="fills")
    cerebro.broker.setcash(1e6)
    return cerebro.run()[0]


def fills(ran):
    return ran.analyzers.fills.rows


@pytest.fixture(scope="module")
def walk():
    return random_walk(300, seed=11)


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_filter_that_always_agrees_changes_nothing(name, mode, walk):
    strategy, params = STRATEGIES[name]
    plain = run(walk, strategy, mode, **params)
    filtered = run(walk, with_ml(strategy), mode, ml_model=fixed(walk.index, 0.9, 0.9), **params)
    assert len(fills(plain)) >= 10
    assert fills(filtered) == fills(plain)
    assert filtered.broker.getvalue() == plain.broker.getvalue()
    assert filtered.ml_filter.vetoes == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_filter_that_never_agrees_leaves_no_entry(name, mode, walk):
    strategy, params = STRATEGIES[name]
    ran = run(walk, with_ml(strategy), mode, ml_model=fixed(walk.index, 0.59, 0.59), **params)
    assert fills(ran) == []
    assert ran.broker.getvalue() == 1e6
    assert len(ran.ml_filter.vetoes) >= 5  # it goes on trying: nothing waits for a vetoed order


@pytest.mark.parametrize("mode", ["once", pytest.param("bar by bar", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", STRATEGIES)
def test_agreement_that_ends_in_a_position_leaves_every_exit(name, mode, walk):
    strategy, params = STRATEGIES[name]
    plain = fills(run(walk, strategy, mode, **params))
    held = [number for number, row in enumerate(plain[:-3]) if row[4]]
    checked = 0
    for number in held[:: max(1, len(held) // 4)]:
        _, filled, _, _, size = plain[number]
        turn = int(np.searchsorted([bt.date2num(t) for t in walk.index], filled)) + 1
        ran = run(walk, with_ml(strategy), mode, ml_model=until(walk.index, turn - 1), **params)
        made = fills(ran)
        late = bt.date2num(walk.index[turn - 1])
        assert made[: number + 1] == plain[: number + 1]
        assert left(made, number, size) == left(plain, number, size)
        entered = [row for row in made if row[0] >= late and abs(row[4]) > abs(row[4] - row[3])]
        assert entered == []
        if left(plain, number, size) is not None:
            assert made[-1][4] == 0
            checked += 1
    assert checked >= 3


def left(rows, number, size):
    """Return when the position of a fill is over."""
    return next((row[1] for row in rows[number + 1 :] if row[4] * size <= 0), None)


class Script(bt.Strategy):
    """Does at each bar what a table says, and keeps what comes back."""

    params = (("doing", {}),)

    def __init__(self):
        self.back, self.notified = {}, []

    def notify_order(self, order):
        self.notified.append((len(self), order.ref, order.getstatusname()))

    def next(self):
        if len(self) in self.p.doing:
            self.back[len(self)] = self.p.doing[len(self)](self)


LINE = steps(np.arange(100, 120))


def scripted(doing, up=0.1, down=0.1, **params):
    model = fixed(LINE.index, up, down)
    return run(LINE, with_ml(Script), doing=doing, ml_model=model, **params)


def sizes(ran):
    return [row[3] for row in fills(ran)]


def turned_at(bar):
    """Probabilities that agree before a bar and not from it on."""
    return np.where(np.arange(len(LINE)) < bar - 1, 0.9, 0.1)


def test_a_turning_order_closes_and_the_rest_is_vetoed():
    down = turned_at(5)
    doing = {3: lambda s: s.sell(size=1), 5: lambda s: s.buy(size=3)}
    ran = scripted(doing, 0.1, down)
    assert sizes(ran) == [-1, 1]
    time, data, side, size, probability = ran.ml_filter.vetoes[0]
    assert (time, data, side, size) == (LINE.index.values[4], "feed0", "long", 2)
    assert probability == pytest.approx(0.1)
    assert len(ran.ml_filter.vetoes) == 1


def test_a_vetoed_order_behaves_as_one_the_broker_cancelled():
    ran = scripted({3: lambda s: s.buy(size=2, tag="mine")})
    order = ran.back[3]
    assert not order and not order.alive()
    assert (order.size, order.getstatusname(), order.isbuy()) == (2, "Canceled", True)
    assert order.info.tag == "mine"
    assert ran.notified == [(4, order.ref, "Canceled")]
    ran.broker.cancel = None
    ran.cancel(order)  # the broker is not asked


def test_a_vetoed_bracket_is_three_cancelled_orders():
    ran = scripted({3: lambda s: s.buy_bracket(price=101, stopprice=90, limitprice=110)})
    assert [bool(order) for order in ran.back[3]] == [False] * 3
    assert [status for _, _, status in ran.notified] == ["Canceled"] * 3
    assert len(ran.ml_filter.vetoes) == 1
    assert fills(ran) == []


def test_a_bracket_that_turns_closes_and_places_no_stop():
    doing = {
        3: lambda s: s.sell(size=1),
        6: lambda s: s.buy_bracket(size=3, exectype=bt.Order.Market, stopprice=90, limitprice=112),
    }
    ran = scripted(doing, 0.1, turned_at(5))
    assert sizes(ran) == [-1, 1]  # nothing sold at 112
    main, stop, limit = ran.back[6]
    assert main.status == main.Completed and not stop and not limit


def test_children_share_the_fate_of_a_parent_that_was_placed():
    def chained(s):
        exit = s.sell(exectype=bt.Order.Limit, price=108, transmit=False)
        return [exit, s.sell(exectype=bt.Order.Limit, price=110, parent=exit)]

    ran = scripted({3: lambda s: s.buy(), 5: chained}, turned_at(5), 0.1)
    assert sizes(ran) == [1, -1, -1]
    assert ran.ml_filter.vetoes == []


def test_a_close_followed_by_an_entry_of_the_same_bar():
    doing = {3: lambda s: s.buy(), 6: lambda s: (s.close(), s.sell())}
    assert sizes(scripted(doing, 0.9, 0.1)) == [1, -1]
    assert sizes(scripted(doing, 0.9, 0.6)) == [1, -1, -1]


def test_a_waiting_entry_may_have_its_exits_in_advance_but_no_counterpart():
    def with_stop(s):
        entry = s.buy(exectype=bt.Order.Limit, price=90)
        stop = s.sell(exectype=bt.Order.Stop, price=80)
        return [entry, stop, s.sell(exectype=bt.Order.Limit, price=130, oco=stop)]

    def straddle(s):
        entry = s.buy(exectype=bt.Order.Stop, price=130)
        return [entry, s.sell(exectype=bt.Order.Stop, price=80, oco=entry)]

    def opposite(s):
        return [s.buy(exectype=bt.Order.Limit, price=90), s.sell()]

    assert [bool(o) for o in scripted({3: with_stop}, 0.9, 0.1).back[3]] == [True, True, True]
    assert [bool(o) for o in scripted({3: straddle}, 0.9, 0.1).back[3]] == [True, False]
    assert [bool(o) for o in scripted({3: opposite}, 0.9, 0.1).back[3]] == [True, False]


def test_exits_that_share_a_group_with_a_vetoed_entry_still_cancel_each_other():
    def with_stop(s):
        more = s.buy(exectype=bt.Order.Stop, price=130)
        stop = s.sell(exectype=bt.Order.Stop, price=90, oco=more)
        return [more, stop, s.sell(exectype=bt.Order.Limit, price=112, oco=more)]

    ran = scripted({3: lambda s: s.buy(), 6: with_stop}, turned_at(5), 0.1)
    more, stop, goal = ran.back[6]
    assert not more
    assert (stop.getstatusname(), goal.getstatusname()) == ("Canceled", "Completed")
    assert sizes(ran) == [1, -1]


def test_reducing_orders_of_any_kind_pass():
    doing = {
        3: lambda s: s.buy(size=10),
        6: lambda s: s.order_target_size(target=8),
        8: lambda s: s.order_target_value(target=5 * s.data.close[0]),
        10: lambda s: s.sell(size=2, exectype=bt.Order.Limit, price=1),
        12: lambda s: s.order_target_percent(target=0.0),
    }
    assert sizes(scripted(doing, turned_at(5), 0.1)) == [10, -2, -3, -2, -3]


def test_the_threshold_is_reached_by_equality_and_sides_are_apart():
    doing = {3: lambda s: s.buy(), 8: lambda s: s.sell(size=5)}
    assert sizes(scripted(doing, 0.6, 0.1)) == [1, -1]
    assert sizes(scripted(doing, 0.1, 0.6)) == [-5]
    assert sizes(scripted(doing, 0.6, 0.1, ml_threshold=0.61)) == []


def test_unknown_is_vetoed_unless_allowed():
    doing = {3: lambda s: s.buy()}
    ran = scripted(doing, np.nan, np.nan)
    assert fills(ran) == [] and np.isnan(ran.ml_filter.vetoes[0].probability)
    assert sizes(scripted(doing, np.nan, np.nan, ml_on_unknown="allow")) == [1]
    with pytest.raises(OptionError, match="did you mean 'allow'"):
        scripted(doing, ml_on_unknown="alow")


def test_cheat_on_open_knows_only_finished_bars():
    class AtTheOpen(bt.Strategy):
        def prenext_open(self):
            self.next_open()

        def next_open(self):
            self.buy(size=1)

    up = np.zeros(len(LINE))
    up[[7, -1]] = 0.9  # the last must not be taken for the bar before the first
    for mode in MODES:
        cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, **MODES[mode])
        cerebro.adddata(BarsData(dataname=LINE))
        cerebro.addstrategy(with_ml(AtTheOpen), ml_model=fixed(LINE.index, up, 0.0))
        cerebro.addanalyzer(Fills, _name="fills")
        made = fills(cerebro.run()[0])
        assert [row[1] for row in made] == [bt.date2num(LINE.index[8])], mode


def test_without_a_usable_model_the_strategy_trades_alone(walk):
    plain = fills(run(walk, Turner))
    with pytest.warns(BtFusionWarning, match="model is None") as caught:
        assert fills(run(walk, with_ml(Turner))) == plain
    assert len(caught) == 1
    with pytest.raises(OptionError, match="model is None"):
        run(walk, with_ml(Turner), ml_on_missing="raise")


def test_a_model_that_fails_in_the_middle_vetoes_no_more(walk, monkeypatch):
    model = SignalModel("fusion", Direction(5), Ensemble(("lgb",))).fit(walk[:200])
    healthy, calls = type(model.ensemble_).member_proba, []

    def failing(self, X, *context):
        calls.append(len(X))
        if len(calls) > 50:
            raise RuntimeError("the member broke")
        return healthy(self, X, *context)

    monkeypatch.setattr(type(model.ensemble_), "member_proba", failing)
    with pytest.warns(BtFusionWarning, match="the member broke"):
        ran = run(walk, with_ml(Turner), "bar by bar", ml_model=model, ml_threshold=0.99)
    broke = walk.index[200 + 50]
    assert fills(ran)[0][0] >= bt.date2num(broke)
    assert ran.ml_filter.vetoes[-1].time < broke.to_datetime64()


class Rotation(bt.Strategy):
    """Holds each feed while its average rises; feeds of different starts and gaps."""

    def __init__(self):
        self.average = {data: bt.ind.EMA(data, period=5) for data in self.datas}

    def next(self):
        for data, average in self.average.items():
            rising = average[0] > average[-1]
            if rising and not self.getposition(data):
                self.buy(data=data._name, size=1)
            elif not rising and self.getposition(data):
                self.close(data=data)


@pytest.mark.parametrize("mode", MODES)
def test_each_feed_has_its_ensemble(mode, walk):
    feeds = [walk[:250], walk[40:].iloc[::2]]
    both = [fixed(feed.index, 0.9, 0.9) for feed in feeds]
    plain = fills(run(feeds, Rotation, mode))
    models = {"feed0": both[0], "feed1": both[1]}
    assert fills(run(feeds, with_ml(Rotation), mode, ml_model=models)) == plain
    models["feed1"] = fixed(feeds[1].index, 0.1, 0.9)
    ran = run(feeds, with_ml(Rotation), mode, ml_model=models)
    assert 0 < len(fills(ran)) < len(plain)
    assert {veto.data for veto in ran.ml_filter.vetoes} == {"feed1"}
    one_for_all = run(feeds, with_ml(Rotation), mode, ml_model=both[0])
    known = set(feeds[0].index.values)  # stamps the one model knows nothing of are vetoed
    vetoed = one_for_all.ml_filter.vetoes
    assert vetoed and all(np.isnan(veto.probability) for veto in vetoed)
    assert {v.data for v in vetoed} == {"feed1"} and all(v.time not in known for v in vetoed)
    only = run(feeds, with_ml(Rotation), mode, ml_model={"feed0": fixed(feeds[0].index, 0.1, 0.1)})
    assert {veto.data for veto in only.ml_filter.vetoes} == {"feed0"}
    with pytest.raises(OptionError, match="did you mean 'feed1'"):
        run(feeds, with_ml(Rotation), mode, ml_model={"fed1": both[1]})


def test_minimum_period_and_indicators_stay(walk):
    class Starts(bt.Strategy):
        def __init__(self):
            self.sma = bt.ind.SMA(period=17)
            self.start_bar = None

        def nextstart(self):
            self.start_bar = len(self)

    plain = run(walk, Starts)
    filtered = run(walk, with_ml(Starts), ml_model=fixed(walk.index, 0.9, 0.9))
    assert plain.start_bar == filtered.start_bar == 17
    assert filtered.getindicators()[:-1] == [filtered.sma]
    assert isinstance(filtered.getindicators()[-1], MLEnsemble)
    assert filtered.lines.getlinealiases() == plain.lines.getlinealiases()
    assert set(filtered.params._getkeys()) - set(plain.params._getkeys()) == {
        "ml_model",
        "ml_threshold",
        "ml_on_unknown",
        "ml_on_missing",
        "ml_on_drift",
    }
    assert with_ml(Starts) is with_ml(Starts)


@pytest.mark.parametrize("cpus", [1, 2])
def test_optstrategy_over_a_filtered_strategy(cpus, edge, tmp_path):
    model = SignalModel("fusion", Direction(5), Ensemble(("lgb",)))
    cerebro = bt.Cerebro(stdstats=False, maxcpus=cpus)
    cerebro.broker.setcash(1e6)
    cerebro.adddata(BarsData(dataname=edge[:900]))
    refits = WalkForward(model, 600, 300, cache=tmp_path)
    cerebro.optstrategy(with_ml(SMACross), ml_model=refits, ml_threshold=[0.0, 0.55, 1.1])
    cerebro.addanalyzer(Fills, _name="fills")
    runs = cerebro.run()
    assert [ran[0].params.ml_threshold for ran in runs] == [0.0, 0.55, 1.1]
    counts = [len(ran[0].analyzers.fills.rows) for ran in runs]
    assert counts[0] > counts[1] > counts[2] == 0


def test_what_cannot_be_wrapped_is_named():
    with pytest.raises(OptionError, match="parameters of its own called ml_threshold"):
        with_ml(FusionStrategy)
    with pytest.raises(OptionError, match="ml_model, ml_threshold"):
        with_ml(with_ml(SMACross))
    with pytest.raises(OptionError, match="takes a strategy class"):
        with_ml(bt.Indicator)


def test_vetoes_make_a_table(walk):
    ran = run(walk, with_ml(Turner), ml_model=fixed(walk.index, 0.9, 0.1))
    table = pd.DataFrame(ran.ml_filter.vetoes)
    assert list(table) == ["time", "data", "side", "size", "probability"]
    assert set(table.side) == {"short"} and table.time.is_monotonic_increasing
