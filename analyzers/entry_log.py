"""EntryLog: what every entry rested on."""

import backtrader as bt
import pandas as pd

from bt_fusion.analyzers.entries import Entries
from bt_fusion.indicators import MLEnsemble, find_ensembles
from bt_fusion.indicators.fused_signal import feed_of
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.strategies import OnePosition
from bt_fusion.strategies.entry_reasons import ml_facts
from bt_fusion.strategies.entry_text import entry_text

__all__ = ["EntryLog"]


class EntryLog(Entries):
    '''
    Every entry a strategy ordered, with all it knew of it. Of any strategy: symbol, side, price
    and kind of the order, the values of the strategy's own indicators on that feed, and the
    probability, class and level of its ``MLEnsemble``, or that of ``with_ml``. Of
    ``HybridScoring`` also the score, each of its parts and what they looked at.

    Methods:
      - ``get_analysis``: ``entries``, the rows as dictionaries
      - ``entries``: a DataFrame, one row an entry, in order; ``time`` is the bar of the signal
      - ``text``: the entries as text, with an [X] for each condition that was met
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        super().start()
        self._rows = []
        self._ensembles = find_ensembles(self.strategy)
        ours = isinstance(self.strategy, OnePosition)
        self._symbols = {one.data: one for one in self.strategy.symbols} if ours else {}

    def entry(self, order):
        time = stamps(order.created.dt)[()]
        side = "long" if order.created.size > 0 else "short"
        symbol = self._symbols.get(order.data)
        facts = self.strategy.entry_facts(symbol) if symbol else self._facts(order)
        self._rows.append({"time": time, "side": side, **facts})

    def stop(self):
        super().stop()
        self._ensembles = self._symbols = None
        self.rets["entries"] = self._rows
        self.rets._close()

    def entries(self):
        '''Return one row an entry, in order'''
        return pd.DataFrame(self._rows)

    def text(self):
        '''Return the entries as text, one block an entry'''
        return "\n".join(map(entry_text, self._rows))

    def _facts(self, order):
        '''Return what is known of an entry of any strategy'''
        data, ml = order.data, self._ensembles.get(order.data)
        facts = {"symbol": data._name, "price": data.close[0], "order": order.getordername()}
        facts |= own_lines(self.strategy, data)
        return facts if ml is None else facts | ml_facts(ml)


def own_lines(strategy, data):
    """Return the values of a strategy's indicators on a feed, by the names it gave them"""
    found = {}
    for name, indicator in vars(strategy).items():
        own = isinstance(indicator, bt.Indicator) and not isinstance(indicator, MLEnsemble)
        if own and len(indicator) and feed_of(indicator) is data:
            lines = indicator.getlinealiases()
            for line in lines:
                key = name if len(lines) == 1 else f"{name}.{line}"
                found[key] = getattr(indicator.lines, line)[0]
    return found
