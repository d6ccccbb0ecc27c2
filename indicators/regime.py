"""Regime: ranging, trending up, trending down."""

import numpy as np

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.technical import regimes

__all__ = ["Regime"]


class Regime(BarLines):
    '''
    Market regime, by the rule of ``technical.regimes``: a filter, never a feature.

    Formula:
      - regime = a ``technical.regimes.Regime``: 1 up when ADX(14) >= threshold and +DI > -DI, 2
        down when ADX(14) >= threshold otherwise, after ``confirm`` such bars in a row; else 0
        ranging
      - state = 1 up, -1 down, 0 ranging

    See:
      - https://en.wikipedia.org/wiki/Average_directional_movement_index
    '''

    lines = ("regime", "state")
    params = (("threshold", 20.0), ("confirm", 3))
    plotinfo = dict(plotyticks=[-1, 0, 1], plotymargin=0.15)
    plotlines = dict(regime=dict(_plotskip=True), state=dict(color="tab:blue"))

    def _plotlabel(self):
        return [self.p.threshold, self.p.confirm]

    def columns(self, bars):
        found = regimes.regimes(bars, threshold=self.p.threshold, confirm=self.p.confirm)
        side = np.select([found == regimes.Regime.UP, found == regimes.Regime.DOWN], [1.0, -1.0])
        return found.astype(np.float64), side

    def memory(self):
        return regimes.MEMORY + self.p.confirm
