"""Strategies of several feeds: aligned too early, paired by place, or honest."""

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.leaks.registry import honest, leak


def two_markets(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the bars and another market at the same stamps."""
    return {"A": bars, "B": other_market(bars)}


def with_gaps(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return another market that lacks bars now and then, and one that lacks none."""
    rng = np.random.default_rng(0)
    kept = np.sort(rng.choice(len(bars), len(bars) * 9 // 10, replace=False))
    return {"A": other_market(bars).iloc[kept], "B": bars}


def with_longer_bars(bars: pd.DataFrame, label: str) -> dict[str, pd.DataFrame]:
    """Return the bars and four of them in one, stamped at their open or at their last bar."""
    step = pd.Series(bars.index).diff().median()
    parts = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    block = np.arange(len(bars)) // 4
    longer = bars.groupby(block).agg(parts)
    at = 0 if label == "open" else 3
    stamps = bars.index[np.minimum(np.arange(len(longer)) * 4 + at, len(bars) - 1)]
    assert step > pd.Timedelta(0)
    return {"A": bars, "longer": longer.set_axis(stamps)}


def stamped_at_open(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return longer bars beside them, stamped when they open."""
    return with_longer_bars(bars, "open")


def stamped_at_close(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return longer bars beside them, stamped when they are over."""
    return with_longer_bars(bars, "close")


def other_market(bars: pd.DataFrame) -> pd.DataFrame:
    """Return bars that move with others, and by themselves."""
    rng = np.random.default_rng(len(bars))
    factor = np.exp(np.cumsum(rng.normal(0, 0.004, len(bars))))
    return bars.mul(np.column_stack([factor] * 4 + [np.ones(len(bars))]))


class Follows(bt.Strategy):
    """Holds the first feed while the second one rises."""

    def __init__(self):
        self.up = bt.ind.SMA(self.data1.close, period=3)

    def next(self):
        if not len(self.data1):
            return
        rising = self.data1.close[0] > self.up[0]
        if not self.position and rising:
            self.buy(data=self.data0)
        elif self.position and not rising:
            self.close(data=self.data0)


@leak(
    "feeds",
    "longer bars stamped at their open: freqtrade's issue 11346",
    "longer",
    feeds=stamped_at_open,
)
class TooEarly(Follows):
    pass


@leak("feeds", "feeds of other lengths, paired by their place", "spread", feeds=with_gaps)
class PairedByPlace(bt.Strategy):
    def __init__(self):
        self.spread = self.data0.close - self.data1.close
        self.mean = bt.ind.SMA(self.spread, period=20)

    def next(self):
        if not self.position and self.spread[0] < self.mean[0]:
            self.buy(data=self.data0)
        elif self.position and self.spread[0] > self.mean[0]:
            self.close(data=self.data0)


@leak("feeds", "the next close of another feed", "orders", feeds=two_markets)
class NextOfAnother(bt.Strategy):
    def next(self):
        ahead = min(1, self.data1.buflen() - len(self.data1))
        up = self.data1.close[ahead] > self.data1.close[0]
        if not self.position and up:
            self.buy(data=self.data0)
        elif self.position and not up:
            self.close(data=self.data0)


@leak("feeds", "a spread scaled by the mean and deviation of all bars", "orders", feeds=two_markets)
class ScaledSpread(bt.Strategy):
    def start(self):
        first, second = (np.array(data.close.array) for data in self.datas)
        ratio = first / second
        self.mean, self.deviation = ratio.mean(), ratio.std()

    def next(self):
        z = (self.data0.close[0] / self.data1.close[0] - self.mean) / self.deviation
        if not self.position and z < -0.5:
            self.buy(data=self.data0)
        elif self.position and z > 0:
            self.close(data=self.data0)


@honest("feeds", "longer bars stamped when they are over", "orders", feeds=stamped_at_close)
class LongerWhenOver(Follows):
    pass


@honest("feeds", "another market at the same stamps", "orders", feeds=two_markets)
class TwoMarkets(Follows):
    pass


@honest("feeds", "markets with own stamps, each asked for its own", "orders", feeds=with_gaps)
class OwnStamps(bt.Strategy):
    def __init__(self):
        self.means = [bt.ind.SMA(data.close, period=10) for data in self.datas]

    def prenext(self):
        self.next()

    def next(self):
        for data, mean in zip(self.datas, self.means, strict=True):
            if len(data) < 10:
                continue
            held = self.getposition(data).size
            if not held and data.close[0] > mean[0]:
                self.buy(data=data)
            elif held and data.close[0] < mean[0]:
                self.close(data=data)


@honest(
    "feeds",
    "a cap on open trades over all feeds: freqtrade's issue 10380",
    "orders",
    feeds=two_markets,
    alone=True,
)
class Capped(bt.Strategy):
    def __init__(self):
        self.cross = [
            bt.ind.CrossOver(bt.ind.EMA(data.close, period=3), bt.ind.EMA(data.close, period=9))
            for data in self.datas
        ]

    def next(self):
        for data, cross in zip(self.datas, self.cross, strict=True):
            held = self.getposition(data).size
            busy = any(self.getposition(each).size for each in self.datas)
            if not busy and cross[0] > 0:
                self.buy(data=data)
            elif held and cross[0] < 0:
                self.close(data=data)


@honest(
    "feeds",
    "exits by the number of feeds: freqtrade's issue 13547",
    "orders",
    feeds=two_markets,
    alone=True,
)
class ByTheNumberOfFeeds(bt.Strategy):
    def __init__(self):
        self.cross = [
            bt.ind.CrossOver(bt.ind.EMA(data.close, period=3), bt.ind.EMA(data.close, period=9))
            for data in self.datas
        ]
        self.most_lost = 0.02 / len(self.datas)

    def next(self):
        for data, cross in zip(self.datas, self.cross, strict=True):
            held = self.getposition(data)
            if not held.size and cross[0] > 0:
                self.buy(data=data, size=10 / len(self.datas))
            elif held.size and data.close[0] < held.price * (1 - self.most_lost):
                self.close(data=data)
