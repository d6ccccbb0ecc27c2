"""BarsData: bars as a Backtrader feed that loads them all at once."""

from array import array
from math import inf

import backtrader as bt
import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import check_bars
from bt_fusion.indicators.line_arrays import fill, float_days

__all__ = ["BarsData"]


class BarsData(bt.feed.DataBase):
    '''
    A data feed over a DataFrame of bars, checked by ``bt_fusion.check_bars``. It behaves like
    ``PandasData`` but is faster: whole columns are loaded at once, and unused tick attributes are
    not kept (the broker then uses the bar's prices).

    Params:
      - ``dataname``: a DataFrame with a DatetimeIndex and open, high, low, close, volume
    '''

    # the broker reads each of them at every order; found directly, they cost nothing
    tick_open = tick_high = tick_low = tick_close = tick_volume = tick_openinterest = None
    tick_last = None

    def start(self):
        super().start()
        for name in self.getlinealiases():  # so data.close needs no look-up among the lines
            setattr(self, name, getattr(self.lines, name))
        bars = check_bars(self.p.dataname)
        self._days = float_days(bars.index.values)
        self._rows = bars.to_numpy()
        self._row = 0
        self._moved = None  # its lines, if they hold all bars and nothing else depends on them

    def preload(self):
        if self._filters or self._tzinput:  # filters need bar after bar
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
        self._moved = self.lines.lines
        self.home()

    def advance_peek(self):
        if self._moved is None:
            return super().advance_peek()
        line = self.lines.datetime
        known = line.lencount < len(line.array) - line.extension
        return line.array[line.lencount] if known else inf

    def advance(self, size=1, datamaster=None, ticks=True):
        if self._moved is None or datamaster is not None:
            super().advance(size, datamaster, ticks)
            return
        for line in self._moved:
            line._idx += size
            line.lencount += size

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
