"""TechnicalScore: the nine technical points of system C, and their inputs."""

from dataclasses import fields

import numpy as np

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.technical.candle_patterns import pattern_name
from bt_fusion.technical.entry_measures import Measures, Periods, measure
from bt_fusion.technical.entry_score import EntryRule, TechnicalPoints

__all__ = ["TechnicalScore"]

PARTS = ("rsi", "band", "volume", "pattern", "macd", "stochastic", "support")
MEASURES = tuple(field.name for field in fields(Measures) if field.name != "close")


class TechnicalScore(BarLines):
    '''
    Score of 0 to 9 points for buying an oversold price (system C). Each part is a line, and so is
    each of its inputs.

    Formula:
      - rsi_points = 1 when RSI < 30, 2 when RSI < 20
      - band_points = 1 at or within 0.5 % of the lower Bollinger band, 2 when more than half a
        standard deviation below it
      - volume_points = 1 from 1.5 times the mean volume, 2 from 3 times
      - pattern_points = 1 for a bullish one-bar pattern, 1.5 for a multi-bar pattern
      - macd_points = 0.5 when MACD is above its signal or its histogram rises
      - stochastic_points = 0.5 when %K < 20
      - support_points = 0.5 within 0.5 % of the nearest recent swing low
      - score = their sum, 0 to 9; NaN until every value is known
      - state = 1 when RSI < 30 (mandatory) and score >= 4, the entry without ML; else 0

    Params:
      - ``points``: a ``technical.entry_score.TechnicalPoints``, thresholds and points
      - ``periods``: a ``technical.entry_measures.Periods``
      - ``rule``: a ``technical.entry_score.EntryRule``, the filter's limit and the minimum scores

    Note:
      Lines after the parts hold ``rsi``, ``middle_band``, ``lower_band``, ``volume_ratio``,
      ``pattern`` (``pattern_name()`` returns its name), ``macd``, ``macd_signal``,
      ``stochastic_k``, ``stochastic_d``, ``support``, ``atr`` and others.
    '''

    lines = ("score", "state", *(f"{part}_points" for part in PARTS), *MEASURES)
    params = (("points", TechnicalPoints()), ("periods", Periods()), ("rule", EntryRule()))
    plotinfo = dict(plotyticks=[0, 3, 6, 9], plotymargin=0.1)
    plotlines = dict(
        score=dict(color="tab:blue"),
        state=dict(_plotskip=True),
        **{f"{part}_points": dict(_plotskip=True) for part in PARTS},
        **{name: dict(_plotskip=True) for name in MEASURES},
    )

    def _plotlabel(self):
        return [f"of {self.p.points.highest:g}"]

    def columns(self, bars):
        measured = measure(bars, self.p.periods)
        parts = self.p.points.parts(measured)
        values = (getattr(measured, name) for name in MEASURES)
        score = parts.sum(axis=1)
        enter = self.p.rule(measured.rsi, score, with_ml=False)
        return (score, np.where(np.isnan(score), np.nan, enter), *parts.T, *values)

    def memory(self):
        return self.p.periods.memory

    def pattern_name(self, ago=0):
        '''Return the name of the candle pattern, or ''' ''
        return pattern_name(self.lines.pattern[ago])
