"""Feeds that are paired by place are found though they are aligned; honest strategies pass."""

import backtrader as bt
import pytest

from bt_fusion.audit import audit
from bt_fusion.audit.shifted import gaps_of, with_gaps
from bt_fusion.data.samples import random_walk
from bt_fusion.strategies import FusionStrategy

TWO = {"A": random_walk(500), "B": random_walk(500, seed=1)}
FEW = {"cuts": 4}


class Spread(bt.Strategy):
    def __init__(self):
        self.spread = self.data1.close - self.data0.close

    def next(self):
        if not self.position and self.spread[0] > 0:
            self.buy()
        elif self.position and self.spread[0] < 0:
            self.close()


class ByNumber(bt.Strategy):
    """Reads the n-th bar of the other feed: in memory it may be one to come."""

    def next(self):
        other = self.data1.close.array[len(self.data0) - 1]
        if not self.position and other > self.data1.close[-1]:
            self.buy()
        elif self.position and other < self.data1.close[-1]:
            self.close()


class OwnPair(bt.Indicator):
    lines = ("ratio",)

    def next(self):
        self.lines.ratio[0] = self.data0.close[0] / self.data1.close[0]


class Watches(bt.Strategy):
    def __init__(self):
        self.pair = OwnPair(self.data0, self.data1)


@pytest.mark.parametrize(("strategy", "where"), [(Spread, "spread"), (Watches, "pair")])
def test_a_line_of_two_feeds_that_are_aligned_is_found(strategy, where):
    found = audit(strategy, TWO, trades=strategy is Spread, **FEW)
    (finding, *_) = (each for each in found.findings if each.where == where)
    assert finding.kind == "pairing"
    assert finding.detail.startswith(
        "feeds are paired by place, not by time: with 7 bars missing in B"
    )
    assert not found.looks_ahead and not found.passed
    assert finding.first > str(TWO["A"].index[150])


@pytest.mark.slow
def test_a_bar_that_is_read_by_its_number_is_found():
    found = audit(ByNumber, TWO, **FEW)
    assert "pairing" in {each.kind for each in found.findings}


class PerFeed(bt.Strategy):
    """Trades each feed by indicators of its own, where it has a new bar."""

    def __init__(self):
        self.cross = {data: bt.ind.CrossOver(data.close, bt.ind.EMA(data)) for data in self.datas}
        self.seen = {}

    def next(self):
        for data, cross in self.cross.items():
            if self.seen.get(data) == len(data):
                continue
            self.seen[data] = len(data)
            if not self.getposition(data).size and cross[0] > 0:
                self.buy(data)
            elif self.getposition(data).size and cross[0] < 0:
                self.close(data)


class ByStamp(bt.Strategy):
    """Compares two feeds where their stamps are the same."""

    def next(self):
        if self.data0.datetime[0] != self.data1.datetime[0]:
            return
        if not self.position and self.data0.close[0] < self.data1.close[0]:
            self.buy()
        elif self.position and self.data0.close[0] > self.data1.close[0]:
            self.close()


class LastKnown(bt.Strategy):
    """Compares each feed's last bar, a share of the account for each of them."""

    def __init__(self):
        self.averages = [bt.ind.SMA(data, period=10) for data in self.datas]

    def next(self):
        pairs = zip(self.datas, self.averages, strict=True)
        ahead = [data.close[0] / average[0] for data, average in pairs]
        best = self.datas[ahead.index(max(ahead))]
        for data in self.datas:
            self.order_target_percent(data, 0.9 / len(self.datas) if data is best else 0)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("strategy", [PerFeed, ByStamp, LastKnown])
def test_honest_strategies_of_several_feeds_pass(strategy):
    found = audit(strategy, TWO, **FEW)
    assert found.findings == () and found.passed and found.unverified == () and found.orders


@pytest.mark.slow
def test_honest_feeds_of_other_lengths_pass():
    three = {**TWO, "C": random_walk(420, seed=2)}
    found = audit(PerFeed, three, **FEW)
    assert found.findings == () and found.passed
    assert audit(FusionStrategy, three, {"ml": False}, **FEW).findings == ()


def test_a_strategy_that_refuses_such_feeds_is_not_verified():
    class Refuses(ByStamp):
        def next(self):
            if self.data0.datetime[0] != self.data1.datetime[0]:
                raise ValueError("feeds must have the same stamps")
            super().next()

    found = audit(Refuses, TWO, **FEW)
    assert found.findings == ()
    assert "ValueError: feeds must have the same stamps" in found.unverified[-1]


def test_feeds_keep_their_length_and_differ_in_both_ways():
    moved = with_gaps(TWO, ("B",))
    assert [len(own) for own in moved.values()] == [493, 493]
    assert moved["B"].index[300] > moved["A"].index[300]
    pairs = gaps_of(["A", "B", "C", "D", "E"])
    for one, other in [("A", "B"), ("B", "C"), ("A", "E"), ("D", "E")]:
        assert {(one in each) - (other in each) for each in pairs} >= {1, -1}
