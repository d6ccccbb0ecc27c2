"""A plain strategy for sweeps in tests: it knows nothing of ML."""

import backtrader as bt


class MyCross(bt.Strategy):
    """Long while a fast average is above a slow one."""

    params = (("fast", 10), ("slow", 30))

    def __init__(self):
        fast, slow = (bt.ind.SMA(period=n) for n in (self.p.fast, self.p.slow))
        self.cross = bt.ind.CrossOver(fast, slow)

    def next(self):
        if not self.position and self.cross > 0:
            self.buy()
        elif self.position and self.cross < 0:
            self.close()
