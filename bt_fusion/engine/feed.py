"""BarsData: bars as a Backtrader feed that loads them all at once."""

from array import array

import backtrader as bt
import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import check_bars
from bt_fusion.indicators.line_arrays import fill, float_days

__all__ = ["BarsData"]


class BarsData(bt.feed.DataBase):
    '''
    A data feed over a DataFrame of bars, checked by ``bt_fusion.check_bars``. It trades as
    ``PandasData`` does, in less time: whole columns are loaded at once, and no tick attributes
    are kept where nothing reads them (the broker then takes the prices of the bar itself).

    Params:
      - ``dataname``: a DataFrame with a DatetimeIndex and open, high, low, close, volume
    '''

    def start(self):
        super().start()
        bars = check_bars(self.p.dataname)
        self._days = float_days(bars.index.values)
        self._rows = bars.to_numpy()
        self._row = 0

    def preload(self):
        if self._filters or self._tzinput:  # filters want bar after bar
            super().preload()
            return
        inside = (self._days >= self.fromdate) & (self._days <= self.todate)
        blank = array("d", np.zeros(inside.sum()).tobytes())
        columns = zip(COLUMNS, self._rows[inside].T, strict=True)
        known = {"datetime": self._days[inside], **dict(columns)}
        for name in self.getlinealiases():
            line = getattr(self.lines, name)
            line.array[0:0] = blank  # before what Cerebro's lookahead may have added
            fill(line, known.get(name, np.full(len(blank), np.nan)))
        self._row = len(self._days)
        self.home()

    def _load(self):
        if self._row >= len(self._days):
            return False
        self.lines.datetime[0] = self._days[self._row]
        for name, value in zip(COLUMNS, self._rows[self._row].tolist(), strict=True):
            getattr(self.lines, name)[0] = value
        self._row += 1
        return True

    def _tick_nullify(self):
        if self.replaying:
            super()._tick_nullify()

    def _tick_fill(self, force=False):
        if self.replaying:
            super()._tick_fill(force)
