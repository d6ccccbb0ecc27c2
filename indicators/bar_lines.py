"""BarLines: a causal function of bars as Backtrader lines, computed once or bar by bar."""

import backtrader as bt
import numpy as np

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.indicators.line_arrays import bar_values, fill, preloaded

__all__ = ["BarLines"]


class BarLines(bt.Indicator):
    '''
    Base of indicators whose lines are a causal function of bars. With preloaded bars the function
    is called once for all of them, else on each bar, with the bars it remembers. The lines are the
    same.

    Methods to override:
      - ``columns(bars)``: takes ``BarArrays``, returns one array for each line; row t must
        depend on bars up to t alone
      - ``memory()``: bars after which the start no longer matters; None if it always does
      - ``latest(time, values, still_open)``: the lines of one bar, for classes with their own
        stream instead of ``memory``

    Note:
      The minimum period is 1: lines are NaN in warm-up and never delay a strategy.
    '''

    def columns(self, bars):
        raise NotImplementedError(f"{type(self).__name__} must say what its columns are")

    def memory(self):
        return None

    def __init__(self):
        self._rows = None  # lines of all bars, if preloaded
        self._buffer = None  # remembered bars, if not preloaded
        self._bar = None  # last streamed bar: number, timestamp and values

    def oncestart(self, start, end):
        '''Does nothing: ``once`` fills every bar'''

    def once(self, start, end):
        for line, values in zip(self.lines, self.columns(preloaded(self.data)), strict=True):
            fill(line, values)

    def prenext(self):
        self.next()

    def next(self):
        if self._rows is None and self._bar is None and self.data.buflen() > len(self.data):
            self._rows = np.column_stack(self.columns(preloaded(self.data)))
        row = self._streamed() if self._rows is None else self._rows[len(self.data) - 1]
        for line, value in zip(self.lines, row.tolist(), strict=True):
            line[0] = value

    def latest(self, time, values, still_open):
        '''Return the lines of a new bar, or of the last bar with new values'''
        self._buffer = self._buffer or BarBuffer(keep=self.memory())
        take = self._buffer.replace if still_open else self._buffer.push
        take(time, values)
        bars = self._buffer.arrays()
        columns = self.columns(bars if self.memory() is None else bars.tail(self.memory()))
        return np.array([column[-1] for column in columns])

    def _streamed(self):
        bar = (len(self.data), *bar_values(self.data))
        if bar != self._bar:  # not the same bar again, as with a clock of smaller bars
            still_open = self._bar is not None and bar[0] == self._bar[0]
            self._bar = bar
            self._row = self.latest(*bar[1:], still_open)
        return self._row
