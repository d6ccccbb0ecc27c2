"""HybridScore: sum of technical and ML points, behind the mandatory filter."""

import backtrader as bt
import numpy as np

from bt_fusion.indicators.fused_signal import same_feed
from bt_fusion.indicators.line_arrays import fill, whole
from bt_fusion.technical.entry_score import EntryRule, MLPoints

__all__ = ["HybridScore"]

UNKNOWN = (np.nan, np.nan)  # probability and signal


class HybridScore(bt.Indicator):
    '''
    Entry score of system C: the points of a ``TechnicalScore``, plus those of an ``MLEnsemble`` if
    given. Without a usable model only the technical points count.

    Formula:
      - ml_points = 2 when P >= 0.70, 1 when P >= 0.60, 0.5 when P >= 0.50, -1 when P < 0.45,
        else 0, also where P is NaN; with majority voting 2 for a strong buy, 1 for a buy, -1 for
        a sell, else 0
      - total = technical score + ml_points
      - enter = 1 when RSI < 30 (mandatory, also with ML) and total >= 6, or >= 4 without
        ML; else 0

    Params:
      - ``points``: a ``technical.entry_score.MLPoints``
      - ``rule``: a ``technical.entry_score.EntryRule``, the filter's limit and the minimum scores

    Note:
      Inputs: a ``TechnicalScore`` and optionally an ``MLEnsemble``, both on the same data feed.
    '''

    _mindatas = 1
    lines = ("total", "ml_points", "enter")
    params = (("points", MLPoints()), ("rule", EntryRule()))
    plotinfo = dict(plotyticks=[0, 3, 6, 9], plotymargin=0.1)
    plotlines = dict(
        total=dict(color="tab:blue"),
        ml_points=dict(color="tab:orange"),
        enter=dict(_plotskip=True),
    )

    def _plotlabel(self):
        return [self.p.rule.least if self.ml is not None else self.p.rule.least_technical]

    def __init__(self):
        self.technical = self.data0
        self.ml = self.data1 if len(self.datas) > 1 else None
        if self.ml is not None:
            same_feed(self, self.technical, self.ml)

    def next(self):
        ml = UNKNOWN if self.ml is None else (self.ml.probability[0], self.ml.signal[0])
        usable = self.ml is not None and self.ml.usable
        values = self._sum(usable, self.technical.score[0], self.technical.rsi[0], *ml)
        for line, value in zip(self.lines, values, strict=True):
            line[0] = float(value)

    def oncestart(self, start, end):
        '''Does nothing: ``once`` fills every bar'''

    def once(self, start, end):
        count = self.technical.buflen()
        score, rsi = (whole(line, count) for line in (self.technical.score, self.technical.rsi))
        ml = UNKNOWN
        if self.ml is not None:
            ml = (whole(line, count) for line in (self.ml.lines.probability, self.ml.lines.signal))
        usable = self.ml is not None and self.ml.usable_bars(count)
        for line, values in zip(self.lines, self._sum(usable, score, rsi, *ml), strict=True):
            fill(line, values)

    def _sum(self, usable, score, rsi, probability, signal):
        points = np.zeros_like(score)
        if np.any(usable):
            points = np.where(usable, self._points(probability, signal), 0.0)
        total = score + points
        enter = np.where(np.isnan(total), np.nan, self.p.rule(rsi, total, usable))
        return total, points, enter

    def _points(self, probability, signal):
        if self.ml.voting == "majority":
            return self.p.points.of_vote(signal)
        return self.p.points(probability)
