"""Strategies that look ahead."""

from typing import ClassVar

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.leaks.registry import leak


class Crossing(bt.Strategy):
    """Buys and sells on crossings of two means, where `allows` says so."""

    def __init__(self):
        self.fast, self.slow = bt.ind.EMA(period=5), bt.ind.EMA(period=20)
        self.cross = bt.ind.CrossOver(self.fast, self.slow)

    def next(self):
        if not self.position and self.fast[0] > self.slow[0] and self.allows():
            self.buy()
        elif self.position and self.fast[0] < self.slow[0]:
            self.close()

    def allows(self):
        return True

    def ahead(self, bars):
        """Return how far it may read before the last bar."""
        return min(bars, self.data.buflen() - len(self))


@leak("strategy", "data.close[1] in next(), guarded at the end", "orders")
class NextClose(Crossing):
    def allows(self):
        return self.data.close[self.ahead(1)] > self.data.close[0]


@leak("strategy", "data.close[1] in next() without a guard", "the strategy")
class FailsAtTheEnd(Crossing):
    def next(self):
        if not self.position and self.data.close[1] > self.data.close[0]:
            self.buy()
        elif self.position:
            self.close()


@leak("strategy", "an IndexError at the end is caught", "orders")
class CatchesTheError(Crossing):
    def allows(self):
        try:
            return self.data.close[3] > self.data.close[0]
        except IndexError:
            return False


@leak("strategy", "reads the whole array of closes", "orders")
class ReadsTheArray(Crossing):
    def start(self):
        self.low = np.quantile(np.array(self.data.close.array), 0.3)

    def next(self):
        if not self.position and self.data.close[0] < self.low:
            self.buy()
        elif self.position and len(self) % 15 == 0:
            self.close()


@leak("strategy", "reads the DataFrame behind the feed", "orders")
class ReadsTheFrame(Crossing):
    def __init__(self):
        super().__init__()
        frame = self.data.p.dataname
        self.good = set(frame.index[(frame.close.shift(-5) > 1.002 * frame.close).to_numpy()])

    def allows(self):
        return pd.Timestamp(self.data.datetime.datetime(0)) in self.good


@leak("strategy", "knows the last bar", "orders")
class KnowsTheLastBar(Crossing):
    def next(self):
        left = self.data.buflen() - len(self)
        if left == 30:
            self.sell()
        elif left == 3:
            self.close()
        else:
            super().next()


@leak("strategy", "chooses its period by the profit over all bars", "orders")
class TunedOnAll(Crossing):
    def start(self):
        close = pd.Series(np.array(self.data.close.array))
        moves = close.pct_change().shift(-1)
        profit = {p: (moves * (close > close.rolling(p).mean())).sum() for p in (5, 8, 13, 21, 34)}
        self.period = max(profit, key=profit.get)

    def next(self):
        if len(self) < 40:
            return
        mean = sum(self.data.close.get(size=self.period)) / self.period
        if not self.position and self.data.close[0] > mean:
            self.buy()
        elif self.position and self.data.close[0] < mean:
            self.close()


@leak("strategy", "the stop lies below the low that is to come", "orders")
class StopBelowTheLow(Crossing):
    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
            lows = self.data.low.get(ago=self.ahead(5), size=6)
            self.sell(exectype=bt.Order.Stop, price=0.999 * min(lows))
        elif self.position and self.cross[0] < 0:
            self.close()


@leak("strategy", "the size follows what the next bars do", "orders")
class SizedByTheFuture(Crossing):
    def next(self):
        if not self.position and self.cross[0] > 0:
            moved = self.data.close[self.ahead(4)] / self.data.close[0]
            self.buy(size=max(0.1, round(1 + 50 * (moved - 1), 3)))
        elif self.position and self.cross[0] < 0:
            self.close()


@leak("strategy", "only exits look ahead", "orders")
class ExitsAhead(Crossing):
    def next(self):
        if not self.position and self.cross[0] > 0:
            self.buy()
        elif self.position and self.data.close[self.ahead(1)] < 0.998 * self.data.close[0]:
            self.close()


@leak("strategy", "looks ahead on Mondays alone", "orders")
class OnMondays(Crossing):
    def next(self):
        monday = self.data.datetime.date(0).weekday() == 0
        if not self.position and self.cross[0] > 0:
            if not monday or self.data.close[self.ahead(2)] > self.data.close[0]:
                self.buy()
        elif self.position and self.cross[0] < 0:
            self.close()


@leak("strategy", "a line moved forwards decides", "coming")
class ForwardLine(Crossing):
    def __init__(self):
        super().__init__()
        self.coming = self.data.close(2) / self.data.close

    def allows(self):
        return self.coming[0] > 1


@leak("strategy", "buys at today's low: a limit at a price that is past", "orders")
class BuysAtTheLow(Crossing):
    def next(self):
        if not self.position and self.cross[0] > 0:
            low = self.data.low[self.ahead(1)]
            self.buy(exectype=bt.Order.Limit, price=low)
        elif self.position and self.cross[0] < 0:
            self.close()


@leak("strategy", "orders fill at the close they were decided on: cheat-on-close", "the broker")
class FillsAtTheClose(Crossing):
    def __init__(self):
        super().__init__()
        self.broker.set_coc(True)


@leak("strategy", "signals of a class that keeps what the first run computed", "orders")
class KeptByTheClass(Crossing):
    KEPT: ClassVar[dict] = {}

    def start(self):
        close = np.array(self.data.close.array)
        first = self.data.datetime.array[0]
        if len(self.KEPT.get(first, ())) < len(close):
            self.KEPT[first] = np.append(close[1:] > close[:-1], False)

    def allows(self):
        return self.KEPT[self.data.datetime.array[0]][len(self) - 1]

    def next(self):
        if not self.position and self.allows():
            self.buy()
        elif self.position and not self.allows():
            self.close()


class Notebook:
    """Signals that a notebook made from the whole file."""

    signals = pd.Series(dtype=bool)


def from_a_file(bars: pd.DataFrame) -> None:
    """Make the signals, as the notebook did."""
    Notebook.signals = bars.close.shift(-1) > bars.close


@leak("strategy", "signals that a notebook wrote from the whole file", "orders", before=from_a_file)
class FromTheNotebook(bt.Strategy):
    def next(self):
        up = Notebook.signals.get(pd.Timestamp(self.data.datetime.datetime(0)), False)
        if not self.position and up:
            self.buy()
        elif self.position and not up:
            self.close()


@leak("strategy", "a state machine that peeks when it is armed, a few times in all", "orders")
class PeeksWhenArmed(bt.Strategy):
    def __init__(self):
        self.mean = bt.ind.SMA(period=30)
        self.state = "flat"

    def next(self):
        if self.state == "flat" and self.data.close[0] < 0.995 * self.mean[0]:
            self.state = "armed"
        elif self.state == "armed" and self.data.close[0] > self.mean[0]:
            ahead = min(3, self.data.buflen() - len(self))
            if self.data.close[ahead] > self.data.close[0]:
                self.buy()
                self.state = "long"
            else:
                self.state = "flat"
        elif self.state == "long" and self.data.close[0] < 0.99 * self.mean[0]:
            self.close()
            self.state = "flat"
