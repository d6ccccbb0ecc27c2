"""SignalQuality: results of every ML signal, by signal, confidence and regime."""

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers.ensembles import ensembles_of, own_ensembles
from bt_fusion.data.bars import BarArrays
from bt_fusion.indicators.line_arrays import bar_values, feed_names
from bt_fusion.labels import Direction, labels_of
from bt_fusion.models.predictions import Signal
from bt_fusion.statistics.excursions import excursions, quality_by
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["SignalQuality"]

KEYS = {"signal": ["signal"], "level": ["signal", "level"], "regime": ["signal", "regime"]}
COLUMNS = ("time", "symbol", "signal", "level", "regime", "hit", "favourable", "adverse", "move")
HORIZON = 5  # bars, if no label or strategy sets the horizon


class SignalQuality(bt.Analyzer):
    '''
    Hit rate of each signal of an ML ensemble, and how far prices moved for and against it, traded
    or not. Covers every data feed with an ensemble.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes; None for the strategy's own
        ``MLEnsemble`` or that of ``with_ml``
      - ``label`` (default None): what a signal predicts, such as ``Direction(5)``; None for the
        model's label, or ``Direction`` over the horizon if it has none
      - ``horizon`` (default None): bars to follow prices; None for the label's, or the strategy's
        ``hold_bars``

    Methods:
      - ``get_analysis``: by ``signal``, ``level`` (of confidence) and ``regime``, a dictionary
        of rows: count, hit_rate, and the mean favourable and adverse excursion as fractions of
        the close; the last three are None until a signal's horizon is over
      - ``signals``: a DataFrame, one row per signal other than NEUTRAL
      - ``by(name)``: a DataFrame of the figures by ``signal``, ``level`` or ``regime``

    Note:
      A hit is a signal whose side equals the label of its bar. Regimes
      are those of ``bt_fusion.technical.regimes`` with its defaults.
    '''

    params = (("model", None), ("label", None), ("horizon", None))

    def __init__(self):
        self._own = own_ensembles(self.datas, self.p.model)

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._ensembles = ensembles_of(self.strategy, self._own)
        self._names = feed_names(self.strategy.datas)
        self._bars = {data: [] for data in self._ensembles}  # bars of each feed, with ML's signal

    def prenext(self):
        self.next()

    def next(self):
        for data, rows in self._bars.items():
            if len(data) > len(rows):
                rows.append(())
            elif not (rows and data.replaying):  # other feeds cause calls as well
                continue
            ml, (time, values) = self._ensembles[data], bar_values(data)
            rows[-1] = (time, *values, *ml.values()[2:])  # a replayed bar grows

    def stop(self):
        tables = [self._followed(data, rows) for data, rows in self._bars.items() if rows]
        nothing = pd.DataFrame(columns=list(COLUMNS))
        self._signals = pd.concat(tables, ignore_index=True) if tables else nothing
        # a result from another process must not carry feeds along
        self._bars = self._ensembles = self._own = self._names = None
        for name in KEYS:
            self.rets[name] = as_rows(self.by(name))
        self.rets._close()

    def signals(self):
        '''Return one row per signal: time, symbol, signal, level, regime, hit, excursions'''
        return self._signals

    def by(self, name):
        '''Return count, hit rate and mean excursions by signal, level or regime'''
        return quality_by(self._signals, KEYS[name])

    def _label(self, ml):
        if self.p.label is not None:
            return self.p.label
        known = getattr(self.strategy.p, "hold_bars", None) or HORIZON
        return ml.label or Direction(self.p.horizon or known)

    def _followed(self, data, rows):
        time, *values = zip(*rows, strict=True)
        *columns, signal, confidence = np.array(values, dtype=np.float64)
        bars = BarArrays(np.array(time, dtype="datetime64[ns]"), *columns)
        ml = self._ensembles[data]
        label, numbers = self._label(ml), np.nan_to_num(signal).astype(int)
        levels = ml.levels(confidence)
        facts = {
            "time": bars.time,
            "symbol": self._names[data],
            "signal": [Signal(number).name for number in numbers],
            "level": [None if level is None else str(level) for level in levels],
            "regime": [Regime(number).name for number in regimes(bars)],
            "hit": hits(label, bars, numbers),
        }
        moves = excursions(bars, signal, self.p.horizon or label.horizon)
        return pd.concat([pd.DataFrame(facts), moves], axis=1)[numbers != 0]


def hits(label, bars, signal):
    """Return 1.0 where a bar's class is the side of its signal, else 0.0, NaN if unknown"""
    y = labels_of(label, bars).y
    falling = min(label.classes)
    hit = np.where(signal > 0, y == 1, y == falling).astype(float)
    return np.where(np.isnan(y), np.nan, hit)


def as_rows(figures):
    """Return the rows of a table of figures as dictionaries, None for NaN"""
    rows = figures.reset_index().to_dict("records")
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]
