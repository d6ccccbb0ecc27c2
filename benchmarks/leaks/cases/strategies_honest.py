"""Strategies that know nothing too early, among them what makes freqtrade's analysis cry wolf."""

import random

import backtrader as bt
import numpy as np

from benchmarks.leaks.cases.strategies import Crossing
from benchmarks.leaks.registry import honest


@honest("strategy", "a crossing of two means", "orders")
class PlainCrossing(Crossing):
    pass


@honest("strategy", "enters by chance, without a seed", "orders", random=True)
class Guesses(bt.Strategy):
    def next(self):
        if random.random() < 0.1:
            self.buy() if not self.position else self.close()


@honest("strategy", "enters by chance, with a seed", "orders")
class SeededGuesses(bt.Strategy):
    def __init__(self):
        self.rng = np.random.default_rng(7)

    def next(self):
        if self.rng.random() < 0.1:
            self.buy() if not self.position else self.close()


@honest("strategy", "a very slow mean, the start of which never quite leaves", "orders")
class SlowTrend(bt.Strategy):
    def __init__(self):
        self.mean = bt.ind.EMA(period=200)

    def next(self):
        if not self.position and self.data.close[0] > self.mean[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.mean[0]:
            self.close()


@honest("strategy", "positions stay open for long: freqtrade's pull request 9014", "orders")
class HoldsLong(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=4), bt.ind.EMA(period=10))

    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
        elif self.position and len(self) % 60 == 0:
            self.close()


@honest("strategy", "limit orders that fill late or never: freqtrade's issue 12168", "orders")
class WaitsForAPrice(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=4), bt.ind.EMA(period=12))
        self.waiting = None

    def next(self):
        if self.position:
            if self.cross[0] < 0:
                self.close()
        elif self.cross[0] > 0:
            if self.waiting is not None:
                self.cancel(self.waiting)
            price = 0.997 * self.data.close[0]
            self.waiting = self.buy(exectype=bt.Order.Limit, price=price)


@honest("strategy", "a trailing stop: freqtrade's pull request 9014", "orders")
class Trails(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=4), bt.ind.EMA(period=12))

    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
            self.sell(exectype=bt.Order.StopTrail, trailpercent=0.01)


@honest("strategy", "brackets", "orders")
class Brackets(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=4), bt.ind.EMA(period=12))

    def next(self):
        if not self.position and self.cross[0] > 0:
            close = self.data.close[0]
            self.buy_bracket(
                limitprice=1.01 * close, stopprice=0.99 * close, exectype=bt.Order.Market
            )


@honest("strategy", "market on close: filled at the close of the bar after", "orders")
class AtTheNextClose(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=4), bt.ind.EMA(period=12))

    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy(exectype=bt.Order.Close)
        elif self.position and self.cross[0] < 0:
            self.close(exectype=bt.Order.Close)


@honest("strategy", "a state machine", "orders")
class States(bt.Strategy):
    def __init__(self):
        self.mean, self.state = bt.ind.SMA(period=20), 0

    def next(self):
        above = self.data.close[0] > self.mean[0]
        self.state = self.state + 1 if above else 0
        if self.state == 3 and not self.position:
            self.buy()
        elif self.state == 0 and self.position:
            self.close()


@honest("strategy", "rules by the clock", "orders")
class ByTheClock(bt.Strategy):
    def next(self):
        stamp = self.data.datetime.datetime(0)
        turn = (stamp.hour + stamp.minute + stamp.day) % 9
        if not self.position and turn == 2:
            self.buy()
        elif self.position and turn == 6:
            self.close()


@honest("strategy", "decides in prenext() while indicators warm up", "orders")
class DuringWarmUp(bt.Strategy):
    def __init__(self):
        self.mean = bt.ind.SMA(period=150)

    def prenext(self):
        if len(self) % 20 == 5:
            self.buy()
        elif len(self) % 20 == 15 and self.position:
            self.close()

    def next(self):
        if not self.position and self.data.close[0] > self.mean[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.mean[0]:
            self.close()


@honest("strategy", "waits until an order is done", "orders")
class WaitsForNotice(Crossing):
    def __init__(self):
        super().__init__()
        self.pending = False

    def notify_order(self, order):
        self.pending = order.alive()

    def buy(self, **how):
        self.pending = True
        return super().buy(**how)

    def allows(self):
        return not self.pending


@honest("strategy", "sizes by the value of the account", "orders")
class SizesByValue(Crossing):
    def next(self):
        if not self.position and self.cross[0] > 0:
            self.order_target_percent(target=0.5)
        elif self.position and self.cross[0] < 0:
            self.order_target_percent(target=0.0)
