"""FusedSignal: the technical state where the ensemble agrees with it."""

import backtrader as bt
import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import fill, whole
from bt_fusion.models.agreement import DEFAULT_THRESHOLD, Agreement, check_threshold

__all__ = ["FusedSignal", "feed_of", "same_feed"]


class FusedSignal(bt.Indicator):
    '''
    The technical state where an ``MLEnsemble`` agrees, else 0 (system A). Without a usable model it
    is the technical state.

    Formula:
      - fused = 1 when the state is 1 and P(up) >= ml_threshold
      - fused = -1 when the state is -1 and P(down) >= ml_threshold
      - fused = 0 otherwise, also where a probability is NaN
      - majority voting: the ensemble's signal has the state's sign, and the winner's share of
        the votes is at least ml_threshold
      - ml_threshold = auto: the lowest probability that covers the broker's costs on that bar, see
        ``MLEnsemble.threshold``

    Params:
      - ``technical``: a line of 1, -1 and 0, such as ``EMACross(data).state``
      - ``ml``: an ``MLEnsemble`` on the same data feed
      - ``ml_threshold``: lowest probability, or share of votes, that counts as agreement; or
        ``auto``

    Note:
      Both inputs must use the same data feed: Backtrader pairs the lines of two feeds by position,
      not by time, which can look ahead. Compare lines of two feeds in ``next``.
    '''

    _mindatas = 2
    lines = ("fused",)
    params = (("ml_threshold", DEFAULT_THRESHOLD),)
    plotinfo = dict(plotyticks=[-1, 0, 1], plotymargin=0.15)

    def _plotlabel(self):
        return [self.p.ml_threshold]

    def __init__(self):
        check_threshold(self.p.ml_threshold)
        self.ml = self.data1
        same_feed(self, self.data0, self.ml)

    def next(self):
        ml = (line[0] for line in self.ml.lines)
        close = self.ml.data.close[0] if self.agreement().auto else np.nan
        self.lines.fused[0] = float(self._fuse(self.ml.usable, self.data0[0], close, *ml))

    def oncestart(self, start, end):
        '''Does nothing: ``once`` fills every bar'''

    def once(self, start, end):
        count = self.data0.buflen()
        lines = (self.data0.lines[0], self.ml.data.close, *self.ml.lines)
        usable, columns = self.ml.usable_bars(count), (whole(line, count) for line in lines)
        fill(self.lines.fused, self._fuse(usable, *columns))

    def agreement(self):
        '''Return the agreement required of ML'''
        return Agreement(self.p.ml_threshold, voting=self.ml.voting)

    def passing(self, state):
        '''Return where the technical state allows a long, and where a short'''
        return state > 0, state < 0

    def _fuse(self, usable, state, close, up, down, signal, confidence, win, loss):
        if not np.any(usable):
            return state
        required, break_even = self.agreement(), None
        if required.auto:
            break_even = self.ml.break_even_of(win, loss, self.ml.costs.round_trip(close))
        agreed = required.sides(up, down, signal, confidence, break_even)
        buy, sell = (a & p for a, p in zip(agreed, self.passing(state), strict=True))
        fused = np.subtract(buy, sell, dtype=float)
        return np.where(np.isnan(state), np.nan, np.where(usable, fused, state))


def same_feed(indicator, first, second):
    """Raise OptionError when two inputs of an indicator run on different data feeds."""
    if feed_of(first) is not feed_of(second):
        raise OptionError(
            f"{type(indicator).__name__} was given indicators of two data feeds, whose bars do "
            "not pair; give both the same feed, or compare their lines in next()"
        )


def feed_of(line):
    """Return the data feed that clocks an indicator or one of its lines, however nested."""
    while not isinstance(line, bt.feed.AbstractDataBase):
        if isinstance(line, bt.LineSeriesStub):  # its owner is the strategy
            line = line.lines[0]
        clock = getattr(line, "_clock", None)
        line = clock if clock is not None else line._owner
    return line
