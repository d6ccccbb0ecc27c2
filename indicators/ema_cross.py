"""EMACross: which of two exponential moving averages is above."""

import backtrader as bt

__all__ = ["EMACross"]


class EMACross(bt.Indicator):
    '''
    Which of two exponential moving averages is above. A lasting state, not the moment of a cross.

    Formula:
      - state = 1 when fast > slow, -1 when fast < slow, 0 when equal

    See:
      - https://en.wikipedia.org/wiki/Moving_average_crossover
    '''

    lines = ("state", "fast", "slow")
    params = (("fast", 12), ("slow", 26))
    plotinfo = dict(plotyticks=[-1, 0, 1], plotymargin=0.15)
    plotlines = dict(fast=dict(_plotskip=True), slow=dict(_plotskip=True))

    def _plotlabel(self):
        return [self.p.fast, self.p.slow]

    def __init__(self):
        self.lines.fast = bt.ind.EMA(self.data, period=self.p.fast)
        self.lines.slow = bt.ind.EMA(self.data, period=self.p.slow)
        self.lines.state = bt.Cmp(self.lines.fast, self.lines.slow)
