"""BrokerGuard: each finding by hand in a real run, and none in sound ones."""

import pickle

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import BrokerGuard
from bt_fusion.analyzers.guard_text import TEXTS, UNITS
from bt_fusion.data.samples import planted_edge, random_walk, sp500
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from tests.analyzers.samples import SAMPLES
from tests.engine.test_engine import cerebro_with, given
from tests.test_parity import CONFIGURATIONS

NAN = float("nan")


def bars_of(closes, opens=None, start="2024-01-01"):
    """Daily bars; each opens at the close before unless said otherwise."""
    close = np.asarray(closes, float)
    open_ = np.r_[close[0], close[:-1]] if opens is None else np.asarray(opens, float)
    columns = {
        "open": open_,
        "high": np.fmax(open_, close),
        "low": np.fmin(open_, close),
        "close": close,
        "volume": 1.0,
    }
    return pd.DataFrame(columns, pd.date_range(start, periods=len(close), freq="D"))


class Doing(bt.Strategy):
    """Does what a function says, with the strategy and the number of the bar, from 0."""

    params = (("do", None),)

    def prenext(self):
        self.next()

    def next(self):
        self.p.do(self, len(self) - 1)

    def notify_order(self, order):
        """Does not call super, as most strategies do."""


def guarded(do, *frames, cash=1_000.0, set_up=None, options=None, strategy=Doing, **guard):
    """The guard of a finished run over these bars, in feeds that take NaN."""
    feeds = [
        bt.feeds.PandasData(dataname=frame, name=f"F{n}" if len(frames) > 1 else "F")
        for n, frame in enumerate(frames)
    ]
    cerebro = cerebro_with(*feeds, **(options or {}))
    cerebro.broker.setcash(cash)
    if set_up:
        set_up(cerebro.broker)
    cerebro.addstrategy(strategy, do=do)
    cerebro.addanalyzer(BrokerGuard, _name="guard", **guard)
    return cerebro.run()[0].analyzers.guard


def found(guard):
    """What was found: kind -> day of January 2024, feed, count."""
    rows = guard.get_analysis()["findings"]
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert all(row["unit"] == UNITS[row["kind"]] for row in rows)
    assert len({row["kind"] for row in rows}) == len(rows)
    return {row["kind"]: (row["time"].day, row["feed"], row["count"]) for row in rows}


def text_of(guard, kind):
    return next(row["text"] for row in guard.get_analysis()["findings"] if row["kind"] == kind)


def at(**orders):
    """Do on_3=... on bar 3, and so on."""

    def do(strategy, bar):
        if f"on_{bar}" in orders:
            orders[f"on_{bar}"](strategy)

    return do


FLAT = [100.0] * 8


def test_a_fill_at_a_nan_open_loses_the_cash():
    opens = [100, 100, 100, NAN, 100, 100, 100, 100]
    guard = guarded(at(on_2=lambda s: s.buy(size=1)), bars_of(FLAT, opens))
    # ordered on 3 January, filled at the open of the 4th; five bars are left
    assert found(guard) == {"nan_order": (4, "F", 1), "nan_cash": (4, "F", 5)}
    assert "no figure holds" in text_of(guard, "nan_cash")


def test_what_is_refused_after_nan_is_no_lack_of_cash():
    opens = [100, 100, 100, NAN, 100, 100, 100, 100]
    do = at(on_2=lambda s: s.buy(size=1), on_4=lambda s: s.buy(size=1))
    assert set(found(guarded(do, bars_of(FLAT, opens)))) == {"nan_order", "nan_cash"}


def test_an_order_on_a_nan_close():
    closes = [100, 100, 100, NAN, 100, 100, 100, 100]

    def two(strategy):
        strategy.buy(size=1)
        strategy.buy(size=1)  # Backtrader reckons both in one go: it is refused, too

    guard = guarded(at(on_3=two), bars_of(closes, FLAT))
    assert found(guard) == {"nan_order": (4, "F", 2)}


@pytest.mark.parametrize(("sizes", "margin"), [((20, NAN), True), ((NAN, 20), False)])
def test_what_was_ordered_before_nan_is_refused_for_its_own_sake(sizes, margin):
    def several(strategy):
        for size in sizes:
            strategy.buy(size=size)

    guard = guarded(at(on_2=several), bars_of(FLAT))
    refused = {"margin": (4, "F", 1)} if margin else {}
    assert found(guard) == {"nan_order": (3, "F", 1)} | refused


@pytest.mark.parametrize("order", [{"size": NAN}, {"exectype": bt.Order.Limit, "price": NAN}])
def test_an_order_of_which_a_number_is_nan(order):
    guard = guarded(at(on_2=lambda s: s.buy(**({"size": 1} | order))), bars_of(FLAT))
    assert found(guard) == {"nan_order": (3, "F", 1)}


def test_an_order_on_nan_that_is_filled_at_nan_is_one():
    closes, opens = [100, 100, NAN, 100, 100], [100, 100, 100, NAN, 100]
    guard = guarded(
        at(on_2=lambda s: s.buy(size=1)),
        bars_of(closes, opens),
        set_up=lambda broker: broker.set_checksubmit(False),
    )
    assert found(guard) == {"nan_order": (3, "F", 1), "nan_cash": (4, "F", 2)}


def test_a_position_over_a_nan_close():
    closes = [100, 100, 100, 100, NAN, NAN, 100, 100]
    guard = guarded(at(on_1=lambda s: s.buy(size=1)), bars_of(closes, FLAT))
    assert found(guard) == {"nan_value": (5, "F", 2)}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(0.1)


def test_all_cash_and_a_commission_are_refused():
    guard = guarded(
        at(on_2=lambda s: s.buy(size=10), on_4=lambda s: s.buy(size=10)),
        bars_of(FLAT),
        set_up=lambda broker: broker.setcommission(0.001),
    )
    assert found(guard) == {"margin": (4, "F", 2)}  # at the bar after the order
    assert guard.get_analysis()["max_leverage"] == 0


def test_an_opening_gap_is_refused_when_it_is_filled():
    opens = [100, 100, 100, 103, 100, 100, 100, 100]
    guard = guarded(at(on_2=lambda s: s.buy(size=10)), bars_of(FLAT, opens))
    assert found(guard) == {"margin": (4, "F", 1)}


def test_the_stops_of_a_refused_bracket_are_rejected_by_backtraders_own_broker():
    def bracket(strategy):
        strategy.buy_bracket(size=20, exectype=bt.Order.Market, stopprice=90, limitprice=110)

    guard = guarded(at(on_2=bracket), bars_of(FLAT))
    assert found(guard) == {"margin": (4, "F", 1), "rejected": (4, "F", 2)}
    assert "main order" in text_of(guard, "rejected")


class LotsOfTen(bt.brokers.BackBroker):
    """A broker that takes orders of ten only."""

    def transmit(self, order, check=True):
        if abs(order.size) % 10:
            order.reject(self)
            self.notify(order)
            return order
        return super().transmit(order, check=check)


def test_a_broker_that_rejects():
    cerebro = cerebro_with(BarsData(dataname=bars_of(FLAT), name="F"))
    cerebro.setbroker(LotsOfTen())
    cerebro.addstrategy(Doing, do=at(on_2=lambda s: s.buy(size=10), on_3=lambda s: s.sell(size=3)))
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    guard = cerebro.run()[0].analyzers.guard
    assert found(guard) == {"rejected": (5, "F", 1)}
    assert "rules of the broker" in text_of(guard, "rejected")


def test_shorts_beyond_the_account():
    def sell(strategy):
        strategy.sell(size=8)

    guard = guarded(at(on_1=sell, on_2=sell, on_3=sell), bars_of(FLAT))
    # 0.8, 1.6 and 2.4 times the account, from the second fill on
    assert found(guard) == {"leverage": (4, "F", 5)}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(2.4)
    assert "up to 2.40 times the account" in text_of(guard, "leverage")


def test_longs_paid_by_shorts():
    def both(strategy):
        strategy.sell(strategy.data0, size=9)
        strategy.buy(strategy.data1, size=9)

    guard = guarded(at(on_1=both), bars_of(FLAT), bars_of(FLAT))
    assert found(guard) == {"leverage": (3, "F0", 6)}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(1.8)
    assert found(guarded(at(on_1=both), bars_of(FLAT), bars_of(FLAT), leverage=2.0)) == {}


def test_leverage_ends_with_the_position_that_took_it():
    do = at(on_1=lambda s: s.sell(size=15), on_3=lambda s: s.close(), on_4=lambda s: s.sell(size=5))
    assert found(guarded(do, bars_of(FLAT))) == {"leverage": (3, "F", 2)}


def test_what_an_order_took_is_seen_where_the_bar_moves_on():
    closes = [100, 100, 40, 40, 40]  # sold at the open of 100, twelve for ten
    guard = guarded(at(on_1=lambda s: s.sell(size=12)), bars_of(closes))
    assert found(guard) == {"leverage": (3, "F", 1)}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(1.2)


@pytest.mark.parametrize(("price", "kinds"), [(120, set()), (145, {"leverage"})])
def test_a_losing_short_is_leverage_from_twice_the_account(price, kinds):
    closes = [100, 100, 100, price, price]
    guard = guarded(at(on_1=lambda s: s.sell(size=9)), bars_of(closes))
    assert set(found(guard)) == kinds  # 9 * 120 / 820 = 1.32, 9 * 145 / 595 = 2.19
    assert guard.get_analysis()["max_leverage"] == pytest.approx(9 * price / (1900 - 9 * price))


def test_all_of_the_account_sold_at_a_gap_is_no_leverage():
    opens = [100, 100, 100.3, 100, 100]
    assert found(guarded(at(on_1=lambda s: s.sell(size=10)), bars_of(FLAT[:5], opens))) == {}


def test_leverage_that_a_scheme_grants_is_meant():
    def set_up(broker):
        broker.setcommission(leverage=3.0)

    guard = guarded(at(on_1=lambda s: s.buy(size=25)), bars_of(FLAT), set_up=set_up)
    assert found(guard) == {}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(25 * 100 / 3 / 1000)
    more = guarded(at(on_1=lambda s: s.sell(size=45)), bars_of(FLAT), set_up=set_up)
    assert found(more) == {"leverage": (3, "F", 6)}


def test_the_margin_of_a_future_is_meant():
    closes = [100, 100, 100, 101, 102, 99]

    def run(size):
        return guarded(
            at(on_1=lambda s: s.buy(size=size)),
            bars_of(closes),
            set_up=lambda broker: broker.setcommission(commission=1.0, margin=20.0, mult=5.0),
        )

    assert found(run(10)) == {}  # 5,000 of exposure by a margin of 200
    assert run(10).get_analysis()["max_leverage"] < 0.25
    # 800 of margin; the fall of three points at five each takes 600 of what is left
    assert found(run(40)) == {"negative_cash": (6, "F", 1)}


def test_a_loss_paid_from_cash_that_is_not_there():
    def both(strategy):
        strategy.sell(strategy.data0, size=4)
        strategy.buy(strategy.data1, size=9)

    do = at(on_1=both, on_4=lambda s: s.close(s.data0))
    opens = [100, 100, 100, 100, 100, 190, 190, 190]
    guard = guarded(do, bars_of([*FLAT[:5], 190, 190, 190], opens), bars_of(FLAT))
    # 1,000 + 400 - 900 = 500 of cash, and 760 are paid for the short at the gap
    assert found(guard) == {"leverage": (3, "F0", 6), "negative_cash": (6, "F0", 3)}
    assert "fell to -260.00" in text_of(guard, "negative_cash")
    # known at the close before, Backtrader refuses the same order: the short stays
    opens[4] = 190
    guard = guarded(do, bars_of([*FLAT[:4], *[190] * 4], opens), bars_of(FLAT))
    assert found(guard) == {"leverage": (3, "F0", 6), "margin": (6, "F0", 1)}


@pytest.mark.parametrize(
    ("shortcash", "bars", "day"),
    [(True, 1, 5), (False, 3, 7)],  # with False Backtrader adds 180 for it until it is closed
)
def test_a_short_that_takes_more_than_the_account(shortcash, bars, day):
    def set_up(broker):
        broker.set_shortcash(shortcash)
        broker.set_checksubmit(False)  # else the order to close it is refused

    up = [100, 100, 100, 150, 220, 220, 220, 190]
    guard = guarded(
        at(on_1=lambda s: s.sell(size=9), on_5=lambda s: s.close()),
        bars_of(up),
        set_up=set_up,
    )
    # 9 * 150 / 550 = 2.5; then -80, which closing the short turns into cash
    assert found(guard) == {
        "leverage": (4, "F", bars),
        "negative_value": (day, "F", 9 - day),
        "negative_cash": (7, "F", 2),
    }
    assert "fell to -80.00" in text_of(guard, "negative_value")


@pytest.mark.parametrize(("taken", "kinds"), [(1e-10, set()), (1.0, {"negative_cash"})])
def test_cash_below_zero_by_rounding_is_none(taken, kinds):
    guard = guarded(at(on_1=lambda s: s.broker.add_cash(-1_000 - taken)), bars_of(FLAT))
    assert set(found(guard)) - {"negative_value"} == kinds


# with exactbars=1 Backtrader fails on a position in a feed that skips a bar
@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}, {"exactbars": -1}])
def test_an_order_on_a_feed_without_a_new_bar(options):
    daily, second = bars_of(FLAT), bars_of(FLAT).iloc[1::2]  # 2, 4, 6 and 8 January
    fresh = guarded(at(on_3=lambda s: s.buy(s.data1, size=1)), daily, second, options=options)
    assert found(fresh) == {}
    do = at(on_4=lambda s: s.buy(s.data1, size=1), on_6=lambda s: s.close(s.data1))
    stale = guarded(do, daily, second, options=options)
    assert found(stale) == {"stale_order": (5, "F1", 2)}


def test_an_order_before_the_first_bar_of_a_feed():
    late = bars_of(FLAT).iloc[4:]
    guard = guarded(at(on_1=lambda s: s.buy(s.data1, size=1)), bars_of(FLAT), late)
    assert set(found(guard)) == {"stale_order"}


class AtTheOpen(bt.Strategy):
    """Buys the second feed at one open."""

    params = (("do", 0),)

    def next_open(self):
        if self.data0.datetime.date().day == self.p.do:
            self.buy(self.data1, size=1)


@pytest.mark.parametrize("more", [{}, {"quicknotify": True}, {"runonce": False}])
@pytest.mark.parametrize(("day", "stale"), [(4, False), (5, True), (6, False), (7, True)])
def test_an_order_at_the_open_of_a_feed_without_a_new_bar(more, day, stale):
    second = bars_of(FLAT).iloc[1::2]  # 2, 4, 6 and 8 January
    options = {"cheat_on_open": True, **more}
    guard = guarded(day, bars_of(FLAT), second, options=options, strategy=AtTheOpen)
    # placed after the last bar of the day before
    assert found(guard) == ({"stale_order": (day - 1, "F1", 1)} if stale else {})


def test_a_resampled_and_a_replayed_feed():
    hours = bars_of([100.0] * 72)
    hours.index = pd.date_range("2024-01-01 01:00", periods=72, freq="h")

    def run(number, bars, add="resampledata"):
        data = BarsData(dataname=hours, name="h", timeframe=bt.TimeFrame.Minutes, compression=60)
        cerebro = cerebro_with(data)
        getattr(cerebro, add)(data, name="d", timeframe=bt.TimeFrame.Days)
        cerebro.addstrategy(
            Doing,
            do=lambda s, bar: bar in bars and s.buy(s.datas[number], size=1),
        )
        cerebro.addanalyzer(BrokerGuard, _name="guard")
        return cerebro.run()[0].analyzers.guard

    assert found(run(0, range(72))) == {}
    assert found(run(1, [40])) == {"stale_order": (2, "d", 1)}  # of the first day, on the second
    assert found(run(1, range(72), "replaydata")) == {}


def test_expired_cancelled_and_partial_orders_are_none():
    def do(strategy, bar):
        if bar == 1:
            strategy.buy(size=1, exectype=bt.Order.Limit, price=50, valid=strategy.data.datetime[0])
            strategy.order = strategy.buy(size=1, exectype=bt.Order.Limit, price=50)
        elif bar == 3:
            strategy.cancel(strategy.order)
            strategy.buy(size=3)

    guard = guarded(
        do,
        bars_of(FLAT),
        set_up=lambda broker: broker.set_filler(bt.fillers.FixedBarPerc(perc=100.0)),
    )
    assert found(guard) == {}
    assert guard.get_analysis()["max_leverage"] == pytest.approx(0.3)  # a unit a bar was filled


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_sound_strategy_has_no_findings_in_any_configuration(configuration):
    options, _ = CONFIGURATIONS[configuration]
    live = type("Live", (BarsData,), {"islive": lambda self: configuration == "live feed"})
    cerebro = cerebro_with(live(dataname=random_walk(400, seed=3), name="F"), **options)
    strategy, params, _, _ = SAMPLES["memory saving"]
    cerebro.addstrategy(strategy, **params)
    cerebro.addsizer(bt.sizers.PercentSizer, percents=90)
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    found = cerebro.run()[0].analyzers.guard.get_analysis()
    assert found["findings"] == []
    assert 0.8 < found["max_leverage"] <= 1


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_findings_are_the_same_in_every_configuration(configuration):
    options, _ = CONFIGURATIONS[configuration]
    live = type("Live", (BarsData,), {"islive": lambda self: configuration == "live feed"})
    cerebro = cerebro_with(live(dataname=bars_of([*FLAT, 150, 160, 220]), name="F"), **options)
    cerebro.broker.setcash(1_000)
    orders = at(on_1=lambda s: s.buy(size=11), on_4=lambda s: s.sell(size=9))
    cerebro.addstrategy(Doing, do=orders)
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    guard = cerebro.run()[0].analyzers.guard
    assert found(guard) == {
        "margin": (3, "F", 1),
        "leverage": (9, "F", 2),
        "negative_value": (11, "F", 1),
    }


def predictions_on(index):
    """Probabilities that wander about 0.5, unknown at first."""
    up = 0.5 + 0.3 * np.sin(np.arange(len(index)) / 20)
    up[:100] = NAN
    return given(index, up)


WALK = random_walk(3_000, seed=1)
RUNS = {
    "sp500": sp500(),
    "random walk": WALK,
    "planted edge": planted_edge(3_000),
    "two symbols": {"A": WALK.drop(WALK.index[::7]), "B": random_walk(2_000, seed=2)},
}


def traded(data, strategy, ml):
    bars = RUNS[data]
    known = None
    if ml and isinstance(bars, dict):
        known = {name: predictions_on(own.index) for name, own in bars.items()}
    elif ml:
        known = predictions_on(bars.index)
    kind, params = variant(strategy, {}, None, known)
    return run_strategy(bars, kind, details=False, **params)


@pytest.mark.slow_after(6)
@pytest.mark.parametrize("ml", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("data", RUNS)
def test_strategies_of_this_project_have_no_findings(data, strategy, ml):
    run = traded(data, STRATEGIES[strategy], ml)
    assert run.guard["findings"] == []
    # shorts that lose are worth more than what was sold, and the account less
    assert 0.4 < run.guard["max_leverage"] < 1.3
    assert run.figures["trades"] > 0


@pytest.mark.parametrize("ml", [False, True])
def test_a_strategy_that_knows_of_one_feed_trades_it_on_bars_of_the_other(ml):
    strategy = SAMPLES["trailing stop"][0]
    assert traded("sp500", strategy, ml).guard["findings"] == []
    run = traded("two symbols", strategy, ml)
    (found,) = run.guard["findings"]
    assert (found["kind"], found["feed"]) == ("stale_order", "A")
    assert found["time"] not in RUNS["two symbols"]["A"].index
    assert not ml or len(run.vetoes) > found["count"]


def test_what_ml_vetoed_is_no_order():
    strategy = SAMPLES["trailing stop"][0]
    bars = RUNS["two symbols"]
    known = {name: given(own.index, 0.5) for name, own in bars.items()}
    kind, params = variant(strategy, {}, None, known)
    run = run_strategy(bars, kind, details=False, **params)
    assert len(run.vetoes) > 10
    assert run.guard == {"findings": [], "max_leverage": 0.0}


def test_two_strategies_of_one_account():
    """Each guard has its own orders, and the account that both trade."""
    cerebro = cerebro_with(BarsData(dataname=bars_of(FLAT), name="F"))
    cerebro.broker.setcash(1_000)
    cerebro.addstrategy(Doing, do=at(on_1=lambda s: s.sell(size=25)))
    cerebro.addstrategy(Doing, do=at(on_3=lambda s: s.buy(size=60)))
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    one, other = (each.analyzers.guard for each in cerebro.run())
    assert found(one) == {"leverage": (3, "F", 6)}
    assert found(other) == {"leverage": (3, "F", 6), "margin": (5, "F", 1)}


def test_it_travels_from_another_process():
    cerebro = cerebro_with(BarsData(dataname=bars_of(FLAT), name="F"))
    cerebro.optstrategy(SAMPLES["target percent"][0], kind=["percent", "size"])
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    for (ran,) in cerebro.run(maxcpus=2):
        assert ran.analyzers.guard.get_analysis()["findings"] == []


def test_what_it_holds_of_a_run_is_small():
    guard = guarded(at(on_1=lambda s: s.sell(size=20)), bars_of(FLAT))
    guard.strategy = guard._parent = None
    for name in [name for name in vars(guard) if name.startswith("data")]:
        setattr(guard, name, None)
    assert len(pickle.dumps(guard)) < 2_000
    assert found(pickle.loads(pickle.dumps(guard))) == {"leverage": (3, "F", 6)}


def test_backtraders_writer_prints_it(capsys):
    guard = guarded(at(on_2=lambda s: s.buy(size=20)), bars_of(FLAT))
    guard.print()
    guard.pprint()
    assert "'kind': 'margin'" in capsys.readouterr().out


def test_as_text():
    guard = guarded(at(on_2=lambda s: s.buy(size=20)), bars_of(FLAT))
    line = guard.text()
    assert line.startswith("2024-01-04 00:00:00 F (1 order): an order cost more than the cash")
    assert guarded(at(), bars_of(FLAT)).text() == ""


def test_every_kind_has_its_words():
    assert set(TEXTS) == {*UNITS, "child"}
