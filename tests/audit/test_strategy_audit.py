"""Strategies and indicators that look ahead are found, honest ones are not."""

import random

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion import Ensemble, OptionError, SignalModel, StrategyError
from bt_fusion.audit import audit, audit_indicator
from bt_fusion.audit.comparing import order_texts
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.indicators import MLEnsemble
from bt_fusion.strategies import FusionStrategy, HybridScoring, SignalDiscovery, with_ml

BARS = random_walk(700)
FEW = {"cuts": 8}


class Crossing(bt.Strategy):
    def __init__(self):
        self.fast, self.slow = bt.ind.EMA(period=5), bt.ind.EMA(period=20)
        self.cross = bt.ind.CrossOver(self.fast, self.slow)
        self.bands = bt.ind.BollingerBands()

    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
        elif self.position and self.cross[0] < 0:
            self.close()


class Peeks(Crossing):
    def next(self):
        if len(self) == self.data.buflen():
            return
        if not self.position and self.data.close[1] > self.data.close[0]:
            self.buy()
        elif self.position:
            self.close()


class PeeksAtTheEnd(Crossing):
    def next(self):
        if self.data.close[1] > self.data.close[0]:
            self.buy()


class Forward(Crossing):
    def __init__(self):
        self.ahead = self.data.close(2) - self.data.close

    def next(self):
        if not self.position and self.ahead[0] > 0:
            self.buy()
        elif self.position and self.ahead[0] < 0:
            self.close()


class KnowsTheLength(Crossing):
    def next(self):
        if len(self) == self.data.buflen() // 2:
            self.buy()


class BuysTheLow(Crossing):
    def start(self):
        self.low = min(self.data.close.array)

    def next(self):
        if not self.position and self.data.close[0] < 1.01 * self.low:
            self.buy()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("strategy", [Peeks, Forward, KnowsTheLength, BuysTheLow])
def test_orders_that_know_what_comes_are_found(strategy):
    found = audit(strategy, BARS, **FEW)
    assert found.looks_ahead and not found.passed
    assert "orders" in [each.where for each in found.findings if each.kind == "look-ahead"]


def test_the_line_is_named_with_its_first_bar():
    found = audit(Forward, BARS, **FEW)
    ahead = next(each for each in found.findings if each.where == "ahead")
    assert BARS.index[0] <= pd.Timestamp(ahead.first) < BARS.index[-1]
    assert " with all bars, but " in ahead.detail


def test_a_bar_after_the_last_one_is_asked_for():
    (found,) = audit(PeeksAtTheEnd, BARS).findings
    assert (found.kind, found.first) == ("look-ahead", str(BARS.index[-1]))
    assert "asks for a bar after the last one: IndexError" in found.detail


class Ahead(bt.Indicator):
    lines = ("x",)

    def next(self):
        self.lines.x[0] = self.data.close[0]

    def once(self, start, end):
        self.fill(np.array(self.data.close.array[:end]), start, end)

    def fill(self, close, start, end):
        for bar in range(start, end):
            self.lines.x.array[bar] = close[min(bar + 1, end - 1)]


class Standardised(Ahead):
    def fill(self, close, start, end):
        for bar in range(start, end):
            self.lines.x.array[bar] = (close[bar] - close.mean()) / close.std()


class Faintly(Ahead):
    def fill(self, close, start, end):
        for bar in range(start, end):
            self.lines.x.array[bar] = close[bar] * (1 + 1e-9 * (close[-1] > close[bar]))


@pytest.mark.parametrize("indicator", [Ahead, Standardised, Faintly])
def test_indicators_that_look_ahead_in_a_batch_are_found(indicator):
    found = audit_indicator(indicator, BARS, **FEW)
    assert found.looks_ahead and found.findings[0].where == "indicator"


class WaitsForAPrice(bt.Strategy):
    def next(self):
        if not self.position and len(self) % 20 == 0:
            self.buy(exectype=bt.Order.Limit, price=self.data.close[0] * 0.999, valid=None)
        elif self.position and len(self) % 20 == 15:
            self.close()


class Trails(bt.Strategy):
    def next(self):
        if not self.position and len(self) % 30 == 0:
            self.buy()
            self.sell(exectype=bt.Order.StopTrail, trailpercent=0.01)


class Recursive(bt.Indicator):
    lines = ("x",)

    def next(self):
        before = self.lines.x[-1] if len(self) > 1 else 0.0
        self.lines.x[0] = 0.99 * before + 0.01 * self.data.close[0]


@pytest.mark.parametrize("strategy", [Crossing, WaitsForAPrice, Trails])
def test_honest_strategies_pass(strategy):
    found = audit(strategy, BARS, **FEW)
    assert found.findings == () and found.passed and found.unverified == ()
    assert found.cuts == 8 and found.orders > 5 and found.bars == len(BARS)


@pytest.mark.parametrize("indicator", [bt.ind.EMA, bt.ind.RSI, bt.ind.MACD, Recursive])
def test_honest_indicators_pass(indicator):
    assert audit_indicator(indicator, BARS, **FEW).passed


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("strategy", "params"),
    [(FusionStrategy, {}), (SignalDiscovery, {}), (HybridScoring, {"log_entries": False})],
)
def test_ours_pass_without_ml(strategy, params):
    assert audit(strategy, BARS, {"ml": False, **params}, **FEW).passed


@pytest.mark.slow
def test_a_model_that_knows_the_bars_is_named():
    bars = planted_edge(900, seed=1, auc=0.8)
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lr"])).fit(bars[:500])

    class Asks(Crossing):
        def __init__(self):
            super().__init__()
            self.ml = MLEnsemble(self.data, model=model, on_missing="quiet", allow_in_sample=True)

    (found,) = audit(Asks, bars, **FEW).findings
    assert found.kind == "in-sample" and "on 500 of the bars" in found.detail
    found = audit(with_ml(Crossing), bars[500:], {"ml_model": model, "ml_threshold": 0.3}, **FEW)
    assert found.passed and found.orders and not found.unverified


def test_what_is_random_is_not_verified():
    class Guesses(Crossing):
        def next(self):
            if random.random() < 0.1:
                self.buy() if not self.position else self.close()

    found = audit(Guesses, BARS, **FEW)
    assert found.findings == ()
    assert "orders: differ between two identical runs" in found.unverified


def test_a_signal_that_never_comes_is_not_verified():
    class Never(Crossing):
        def next(self):
            pass

    assert audit(Never, BARS, **FEW).unverified == ("orders: the strategy gives none",)


def test_feeds_paired_by_their_place_are_found():
    """Where all bars are in memory an indicator of two feeds meets their n-th bars."""

    class Pairs(bt.Strategy):
        def __init__(self):
            self.spread = self.data0.close - self.data1.close

        def next(self):
            if not self.position and self.spread[0] > 0:
                self.buy()

    gaps = random_walk(700, seed=1).drop(BARS.index[100:130])
    found = audit(Pairs, {"A": gaps, "B": BARS}, **FEW)
    assert "mode" in [each.kind for each in found.findings if each.where == "spread"]
    (error,) = audit(Pairs, {"A": BARS, "B": gaps}, **FEW).findings
    assert "paired by place" in error.detail


def test_what_cannot_be_run_is_reported():
    with pytest.raises(OptionError, match="unknown parameter"):
        audit(Crossing, BARS, {"perid": 3})

    class Fails(Crossing):
        def next(self):
            raise ValueError("of its own")

    (found,) = audit(Fails, BARS).findings
    assert found.kind == "error" and "ValueError: of its own" in found.detail

    class Skips(Crossing):
        def __init__(self):
            raise bt.errors.StrategySkipError

    with pytest.raises(StrategyError, match="skips the run"):
        audit(Skips, BARS)


class EveryTwenty(bt.Strategy):
    """Base of strategies that ask for something every twenty bars, and know two bars more."""

    order = None

    def later(self, bars):
        return self.data.close[min(bars, self.data.buflen() - len(self))] / self.data.close[0]


class TrailsByWhatComes(EveryTwenty):
    def next(self):
        if not self.position and len(self) % 20 == 0:
            self.buy()
            self.sell(exectype=bt.Order.StopTrail, trailpercent=abs(self.later(1) - 1) + 0.001)


class TakesBackWhatWouldLose(EveryTwenty):
    def next(self):
        if self.position:
            self.close()
        elif self.order is not None and self.order.alive():
            if self.later(2) < 1:
                self.cancel(self.order)
        elif len(self) % 5 == 0:
            limit = 0.999 * self.data.close[0]
            self.order = self.buy(exectype=bt.Order.Limit, price=limit)


@pytest.mark.parametrize(
    ("strategy", "detail"), [(TrailsByWhatComes, "trailing"), (TakesBackWhatWouldLose, "cancel")]
)
def test_what_an_order_trails_by_and_whether_it_is_taken_back_are_compared(strategy, detail):
    found = audit(strategy, BARS, cuts=24, bar_by_bar=False)
    assert found.looks_ahead
    assert detail in found.findings[0].detail


def test_an_error_before_the_first_bar_is_told():
    class Fails(bt.Strategy):
        def __init__(self):
            raise ValueError("no\nsuch thing")

    found = audit(Fails, BARS)
    assert [each.detail for each in found.findings] == ["the run fails: ValueError: no such thing"]
    assert not found.passed


def test_what_a_strategy_prints_is_not_printed_again(capsys):
    class Prints(Crossing):
        def next(self):
            print("a bar")
            super().next()

    assert audit(Prints, BARS, **FEW).passed
    assert capsys.readouterr().out == ""


def test_indicators_of_several_parts_have_the_same_names_in_each_run():
    found = audit_indicator(bt.ind.PivotPoint, BARS, **FEW)
    assert not found.looks_ahead and found.lines == 10


def test_the_lagging_span_of_ichimoku_is_a_later_close():
    found = audit_indicator(bt.ind.Ichimoku, BARS, **FEW)
    assert [each.where for each in found.findings if each.kind == "look-ahead"] == [
        "indicator.chikou_span"
    ]


def test_values_that_a_batch_has_before_all_indicators_are_ready_are_no_difference():
    class Hammers(bt.Strategy):
        def __init__(self):
            data = self.data
            self.hammer = bt.talib.CDLHAMMER(data.open, data.high, data.low, data.close)

    assert audit(Hammers, BARS, trades=False, **FEW).passed


RISES = dict(zip(BARS.index, BARS.close.rolling(40).mean().shift(-40) > BARS.close, strict=True))


class Scheduled(Crossing):
    """Buys and sells as a table says that was made from later bars; has nothing for other dates."""

    def next(self):
        rises = RISES[pd.Timestamp(self.data.datetime.datetime(0)).round("s")]
        if rises and not self.position:
            self.buy()
        elif not rises and self.position:
            self.close()


def test_a_table_that_fails_at_other_dates_is_not_verified():
    found = audit(Scheduled, BARS, **FEW)
    assert found.orders > 0 and any(
        "fails when the same bars are dated 28 years later (KeyError" in each
        for each in found.unverified
    )


def test_orders_that_read_alike_are_told_with_their_bars():
    buy = ("2024-01-01", "", 1.0, "Market", None, None, None, None)
    later, more = ("2024-01-02", *buy[1:]), (*buy[:2], 1.00000001, *buy[3:])
    other = (buy[0], "B", *buy[2:])
    assert order_texts(buy, None) == ["buy 1", "no order"]
    assert order_texts(buy, later)[1] == "buy 1 on 2024-01-02 00:00:00"
    assert order_texts(buy, more)[1] == "buy 1.00000001 on 2024-01-01 00:00:00"
    assert order_texts(buy, other)[1] == "buy 1 B on 2024-01-01 00:00:00"


@pytest.mark.parametrize("cuts", [0, -3])
def test_no_cut_is_an_error(cuts):
    with pytest.raises(OptionError, match=f"cuts {cuts}: give 1 or more places"):
        audit(Crossing, BARS, cuts=cuts)
