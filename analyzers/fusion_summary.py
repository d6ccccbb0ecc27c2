"""FusionSummary: a run's figures under backtesting.py's keys."""

import backtrader as bt
import numpy as np

from bt_fusion.analyzers.entries import drop_references
from bt_fusion.analyzers.trade_stats import TradeStats
from bt_fusion.statistics.backtesting_stats import Summary, summarize

__all__ = ["FusionSummary"]


class FusionSummary(bt.Analyzer):
    '''
    A run's figures with the names, order and units of backtesting.py: percent, negative drawdowns,
    NaN if undefined.

    Methods:
      - ``get_analysis``: the figures as a dictionary, ``Return [%]``, ``# Trades`` and so on
      - ``summary``: the same as a Series that prints as backtesting.py's does

    Note:
      Trades and equity are those of ``TradeStats``, a child of this analyzer.
      ``statistics.backtesting_stats`` lists figures with a different definition. Buy and hold
      starts at the first bar the strategy could act on, in equal parts of all data feeds.

    See:
      - https://kernc.github.io/backtesting.py
    '''

    def __init__(self):
        self.stats = TradeStats()

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._closes = []

    def prenext(self):
        self._note(0)

    def next(self):
        self._note(1)

    def stop(self):
        market, figures = self._held(), self.stats.get_analysis()
        self.rets.update(
            summarize(
                self.stats.trades(),
                self.stats.equity(),
                hold_return=market[-1] - 1,
                market=market,
                exposure=figures["exposure"],
                commission=figures["commission"],
                strategy=described(self.strategy),
            )
        )
        self.rets._close()
        self._closes = None
        drop_references(self.stats)

    def summary(self):
        '''Return the figures as a Series'''
        return Summary(dict(self.rets), dtype=object)

    def _note(self, ready):
        closes = (data.close[0] if len(data) else np.nan for data in self.strategy.datas)
        self._closes.append((ready, *closes))

    def _held(self):
        '''Return the value of equal parts of all feeds, 1 at the first tradable bar'''
        ready, *closes = np.array(self._closes).T
        first = int(np.argmax(ready)) if ready.any() else len(ready) - 1
        parts = [column / column[first:][np.isfinite(column[first:])][0] for column in closes]
        return np.nan_to_num(parts, nan=1.0).mean(axis=0)


def described(strategy):
    """Return a strategy's name and its plain non-default parameters"""
    kind = type(strategy)
    changed = (
        f"{name}={value}"
        for name, value in strategy.p._getkwargs().items()
        if isinstance(value, str | float | int) and value != getattr(kind.params, name)
    )
    return f"{kind.__name__}({','.join(changed)})"
