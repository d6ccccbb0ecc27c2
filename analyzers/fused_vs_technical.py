"""FusedVsTechnical: how technical entries ended, by whether ML had agreed."""

from math import nan

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.statistics.performance import trade_figures
from bt_fusion.verdict.placebos.replay import ExitRule, replay

__all__ = ["FusedVsTechnical"]

GROUPS = ("agreed", "disagreed", "unknown")


class FusedVsTechnical(bt.Analyzer):
    '''
    Within one run: every entry the technical side alone would have made, whether ML agreed with
    it, and how it would have ended by the strategy's own exit rule and commission. It does not
    matter whether the run itself traded with ML; of one without it ML's probability is unknown. For
    strategies with ``technical``, ``ml`` and the params of ``FusionStrategy``; a stop order is
    left out of account.

    Methods:
      - ``get_analysis``: for ``agreed``, ``disagreed`` and ``unknown`` (no probability) the
        number of trades, win rate, profit factor and expectancy, each trade of one unit of cash
      - ``entries``: a DataFrame, one row an entry: time of the signal, side, probability of its
        side, group, return as a fraction of the entry's value; of several feeds also its symbol,
        one feed after the other
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._rows = {}  # symbol -> its bars, with state and probabilities of each

    def prenext(self):
        self.next()

    def next(self):
        for symbol in self.strategy.symbols:
            rows = self._rows.setdefault(symbol, [])
            if len(symbol.data) > len(rows):  # feeds of other stamps call, too
                rows.append(row_of(symbol))

    def stop(self):
        tables = {symbol.name: self._replayed(symbol) for symbol in self._rows}
        self._entries = pd.concat(tables.values(), ignore_index=True)
        if len(tables) > 1:
            self._entries.insert(0, "symbol", np.repeat(list(tables), [*map(len, tables.values())]))
        self._rows = None  # a result that travels from another process must not drag feeds along
        for group in GROUPS:
            returns = self._entries["return"][self._entries.group == group].dropna().to_numpy()
            figures = trade_figures(returns, returns)
            names = ("trades", "won", "lost", "win_rate", "profit_factor", "expectancy")
            self.rets[group] = {name: figures[name] for name in names}
        self.rets._close()

    def entries(self):
        '''Return one row an entry, in order'''
        return self._entries

    def _replayed(self, symbol):
        rows = np.array(self._rows[symbol], dtype=float).reshape(-1, 5)
        days, opens, state, up, down = rows.T
        p = self.strategy.p
        trips = replay(state, state, ExitRule(p.hold_bars, p.exit, p.long_only))
        probability = np.where(trips.side > 0, up[trips.signal], down[trips.signal])
        group = np.where(probability >= p.ml_threshold, "agreed", "disagreed").astype(object)
        group[np.isnan(probability)] = "unknown"
        broker = self.strategy.broker.getcommissioninfo(symbol.data)
        return pd.DataFrame(
            {
                "time": stamps(days)[trips.signal],
                "side": np.where(trips.side > 0, "long", "short"),
                "probability": probability,
                "group": group,
                "return": trips.returns(opens, broker.p.commission),
            }
        )


def row_of(symbol):
    """Return the stamp, open, technical state and both probabilities of a feed's bar"""
    data, technical, ml = symbol.data, symbol.technical, symbol.ml
    state = technical.state[0] if len(data) >= technical._minperiod else 0.0
    probabilities = (nan, nan) if ml is None else (ml.probability[0], ml.probability_down[0])
    return data.datetime[0], data.open[0], state, *probabilities
