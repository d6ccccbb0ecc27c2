"""SignalQuality: what became of every ML signal, by signal, confidence and regime."""

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.indicators.line_arrays import bar_values
from bt_fusion.models.predictions import Signal
from bt_fusion.statistics.excursions import excursions, quality_by
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["SignalQuality"]

KEYS = {"signal": ["signal"], "level": ["signal", "level"], "regime": ["signal", "regime"]}


class SignalQuality(bt.Analyzer):
    '''
    How often each signal of the ML ensemble was right, and how far prices went for and against
    it, whether the strategy traded it or not. Every data feed with an ensemble counts.

    Params:
      - ``horizon`` (default None): bars to follow a signal; None for the strategy's
        ``hold_bars``

    Methods:
      - ``get_analysis``: by ``signal``, ``level`` (of confidence) and ``regime``, a dictionary
        of rows: count, hit_rate, and the mean favourable and adverse excursion as fractions of
        the close; the latter three None where no signal's horizon is over
      - ``signals``: a DataFrame, one row a signal other than NEUTRAL
      - ``by(name)``: a DataFrame of the figures by ``signal``, ``level`` or ``regime``

    Note:
      A hit is a close beyond the signal's close at the end of the horizon. Regimes are those of
      ``bt_fusion.technical.regimes`` with its defaults.
    '''

    params = (("horizon", None),)

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._bars = {}  # data feed -> its bars and what ML predicted for each

    def prenext(self):
        self.next()

    def next(self):
        for symbol in self.strategy.symbols:
            rows = self._bars.setdefault(symbol, [])
            if symbol.ml is not None and len(symbol.data) > len(rows):
                time, values = bar_values(symbol.data)
                rows.append((time, *values, symbol.ml.signal[0], symbol.ml.confidence[0]))

    def stop(self):
        tables = [self._followed(symbol, rows) for symbol, rows in self._bars.items() if rows]
        self._signals = pd.concat(tables, ignore_index=True) if tables else None
        self._bars = None  # a result that travels from another process must not drag feeds along
        for name in KEYS:
            self.rets[name] = as_rows(self.by(name))
        self.rets._close()

    def signals(self):
        '''Return one row a signal: time, symbol, signal, level, regime, excursions'''
        return self._signals

    def by(self, name):
        '''Return count, hit rate and mean excursions by signal, level or regime'''
        return quality_by(self._signals, KEYS[name]) if self._signals is not None else None

    def _followed(self, symbol, rows):
        time, *values = zip(*rows, strict=True)
        *columns, signal, confidence = np.array(values, dtype=np.float64)
        bars = BarArrays(np.array(time, dtype="datetime64[ns]"), *columns)
        horizon = self.p.horizon or self.strategy.p.hold_bars
        table = excursions(bars, signal, horizon)
        table.insert(0, "time", bars.time)
        table.insert(1, "symbol", symbol.name)
        numbers = np.nan_to_num(signal).astype(int)
        table.insert(2, "signal", [Signal(number).name for number in numbers])
        levels = symbol.ml.levels(confidence)
        table.insert(3, "level", [None if level is None else str(level) for level in levels])
        table.insert(4, "regime", [Regime(number).name for number in regimes(bars)])
        return table[numbers != 0]


def as_rows(figures):
    """Return the rows of a table of figures as dictionaries, None for NaN"""
    if figures is None:
        return []
    rows = figures.reset_index().to_dict("records")
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]
