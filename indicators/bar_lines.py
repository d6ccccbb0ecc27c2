"""BarLines: a causal function of bars as Backtrader lines, computed once or bar by bar."""

import backtrader as bt
import numpy as np

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.indicators.line_arrays import bar_values, fill, preloaded

__all__ = ["BarLines"]


class BarLines(bt.Indicator):
    '''
    Base of indicators whose lines are a causal function of bars. Where Backtrader holds all bars
    the function is asked once for all of them, else for the last one over the bars it remembers;
    the lines are the same.

    Methods to override:
      - ``columns(bars)``: takes ``BarArrays``, returns one array for each line; row t must
        depend on bars up to t alone
      - ``memory()``: bars after which the function has forgotten its start; None when it never
        does
      - ``latest(time, values, still_open)``: the lines of one bar, for what has a stream of its
        own instead of ``memory``

    Note:
      The minimum period is 1: lines are NaN in warm-up and never delay a strategy.
    '''

    def columns(self, bars):
        raise NotImplementedError(f"{type(self).__name__} must say what its columns are")

    def memory(self):
        return None

    def __init__(self):
        self._rows = None  # the lines of all bars, where they are preloaded
        self._buffer = None  # the bars that matter, where they are not
        self._bar = None  # the last bar streamed: its number, stamp and values

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
        '''Return the lines of a bar that has just come, or of the last one with new values'''
        self._buffer = self._buffer or BarBuffer(keep=self.memory())
        take = self._buffer.replace if still_open else self._buffer.push
        take(time, values)
        bars = self._buffer.arrays()
        columns = self.columns(bars if self.memory() is None else bars.tail(self.memory()))
        return np.array([column[-1] for column in columns])

    def _streamed(self):
        bar = (len(self.data), *bar_values(self.data))
        if bar != self._bar:  # the same bar again: a clock of smaller bars
            still_open = self._bar is not None and bar[0] == self._bar[0]
            self._bar = bar
            self._row = self.latest(*bar[1:], still_open)
        return self._row
