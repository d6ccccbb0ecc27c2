"""Indicators, most of which look ahead where Backtrader holds all bars."""

import backtrader as bt
import numpy as np
import pandas as pd
from scipy.signal import argrelextrema

from benchmarks.leaks.registry import honest, leak


class Filled(bt.Indicator):
    """Fills its line in one go from an array, and bar by bar with the plain close."""

    lines = ("x",)

    def next(self):
        self.lines.x[0] = self.data.close[0]

    def once(self, start, end):
        close = np.array(self.data.close.array[:end])
        self.lines.x.array[start:end] = type(self.lines.x.array)("d", self.filled(close)[start:end])


@leak("indicator", "once() reads the index after", "indicator")
class IndexPlusOne(bt.Indicator):
    lines = ("x",)

    def next(self):
        self.lines.x[0] = self.data.close[0] / self.data.close[-1] if len(self) > 1 else 1.0

    def once(self, start, end):
        close, line = self.data.close.array, self.lines.x.array
        for bar in range(start, end):
            line[bar] = close[min(bar + 1, end - 1)] / close[bar]


@leak("indicator", "once() scales by all closes", "indicator")
class ScaledByAll(Filled):
    def filled(self, close):
        return (close - close.mean()) / close.std()


@leak("indicator", "once() ranks within all closes", "indicator")
class RankedInAll(Filled):
    def filled(self, close):
        return pd.Series(close).rank(pct=True).to_numpy()


@leak("indicator", "once() smooths with a centred window by pandas", "indicator")
class Centred(Filled):
    def filled(self, close):
        return pd.Series(close).rolling(9, center=True, min_periods=1).mean().to_numpy()


@leak("indicator", "once() paints confirmed pivots back to their bar", "indicator")
class Repaints(Filled):
    def filled(self, close):
        found = np.zeros(len(close))
        found[argrelextrema(close, np.greater_equal, order=3)[0]] = 1
        return found


@leak("indicator", "once() adds 1e-9 where the close after rises", "indicator")
class Faintly(Filled):
    def filled(self, close):
        return close * (1 + 1e-9 * (np.append(close[1:], close[-1]) > close))


@leak("indicator", "once() reads ahead on one bar in a hundred", "indicator")
class Rarely(Filled):
    def filled(self, close):
        found = close.copy()
        rows = np.arange(60, len(close) - 1, 100)
        found[rows] = close[rows + 1]
        return found


@leak("indicator", "knows how many bars there are", "indicator")
class KnowsTheLength(bt.Indicator):
    lines = ("x",)

    def next(self):
        self.lines.x[0] = len(self) / max(self.data.buflen(), 1)


@leak("indicator", "a line moved forwards: data.close(1)", "indicator")
class LineShift(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.lines.x = self.data.close(1) - self.data.close


@leak("indicator", "close[2] inside an average of its own", "indicator")
class ReadsForward(bt.Indicator):
    lines = ("x",)
    params = (("period", 10),)

    def __init__(self):
        self.addminperiod(self.p.period)

    def next(self):
        ahead = min(2, self.data.buflen() - len(self.data))
        self.lines.x[0] = sum(self.data.close.get(ago=ahead, size=self.p.period)) / self.p.period


@leak("indicator", "the leak is inside another indicator", "indicator")
class HiddenInside(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.lines.x = bt.ind.SMA(bt.ind.EMA(LineShift(self.data), period=3), period=5)


@leak(
    "indicator",
    "Backtrader's Ichimoku, whose chikou span is the close of 26 bars later",
    "indicator.chikou_span",
)
class Chikou(bt.ind.Ichimoku):
    pass


@honest("indicator", "an exponential mean of an RSI", "indicator")
class OfAnother(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.lines.x = bt.ind.EMA(bt.ind.RSI(self.data, period=14, safediv=True), period=9)


@honest("indicator", "a slow exponential mean", "indicator")
class SlowMean(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.lines.x = self.data / bt.ind.EMA(self.data, period=300)


@honest("indicator", "a recursion of its own in next()", "indicator")
class OwnRecursion(bt.Indicator):
    lines = ("x",)

    def next(self):
        before = self.lines.x[-1] if len(self) > 1 else self.data.close[0]
        self.lines.x[0] = 0.97 * before + 0.03 * self.data.close[0]


@honest("indicator", "a vectorised rolling mean in once()", "indicator")
class VectorOnce(bt.Indicator):
    lines = ("x",)
    params = (("period", 20),)

    def __init__(self):
        self.addminperiod(self.p.period)

    def next(self):
        self.lines.x[0] = sum(self.data.close.get(size=self.p.period)) / self.p.period

    def once(self, start, end):
        close = pd.Series(self.data.close.array[:end])
        means = close.rolling(self.p.period).mean().to_numpy()
        for bar in range(start, end):
            self.lines.x.array[bar] = means[bar]


@honest("indicator", "pivots written two bars back, when they are confirmed", "indicator")
class ConfirmedPivots(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.addminperiod(5)

    def next(self):
        highs = self.data.high.get(size=5)
        self.lines.x[0] = float(highs[2] == max(highs))
