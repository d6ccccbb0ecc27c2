"""EntryLog: what every entry rested on."""

import backtrader as bt
import pandas as pd

from bt_fusion.indicators.line_arrays import stamps

__all__ = ["EntryLog"]


class EntryLog(bt.Analyzer):
    '''
    Every entry a strategy ordered, with all it knew of it: price, ML's probability, class and
    level, and for ``HybridScoring`` the score, each of its parts and what they looked at.

    Methods:
      - ``get_analysis``: ``entries``, the rows as dictionaries
      - ``entries``: a DataFrame, one row an entry, in order; ``time`` is the bar of the signal
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._rows = []

    def prenext(self):
        self.next()

    def next(self):
        for symbol in self.strategy.symbols:
            if symbol.outcome == "ordered":
                time = stamps(symbol.data.datetime[0])[()]
                side = "long" if self.strategy.side(symbol) > 0 else "short"
                facts = self.strategy.entry_facts(symbol)
                self._rows.append({"time": time, "side": side, **facts})

    def stop(self):
        self.rets["entries"] = self._rows
        self.rets._close()

    def entries(self):
        '''Return one row an entry, in order'''
        return pd.DataFrame(self._rows)
