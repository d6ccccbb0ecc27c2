"""Support: distance of the price from the nearest recent swing low."""

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.technical.support import nearest_support

__all__ = ["Support"]


class Support(BarLines):
    '''
    The recent swing low nearest to the close. A swing low counts only once it is confirmed,
    ``strength`` bars later, so the line never repaints.

    Formula:
      - swing low = a low below the ``strength`` lows before it, and not above the ``strength`` lows
        after it
      - support = the nearest of the latest ``swings`` swing lows, not older than ``window`` bars
      - distance = close / support - 1, negative below it

    See:
      - https://en.wikipedia.org/wiki/Support_and_resistance
    '''

    lines = ("support", "distance")
    params = (("strength", 5), ("swings", 5), ("window", 100))
    plotinfo = dict(subplot=False)
    plotlines = dict(
        support=dict(color="tab:purple", ls="--"),
        distance=dict(_plotskip=True),
    )

    def _plotlabel(self):
        return [self.p.strength, self.p.swings, self.p.window]

    def columns(self, bars):
        support = nearest_support(bars, self.p.strength, self.p.swings, self.p.window)
        return support, bars.close / support - 1.0

    def memory(self):
        return self.p.window + self.p.strength + 1
