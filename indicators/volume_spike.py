"""VolumeSpike: volume over its mean."""

import numpy as np

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.technical.entry_measures import volume_ratio

__all__ = ["VolumeSpike"]


class VolumeSpike(BarLines):
    '''
    Volume of a bar relative to its moving average.

    Formula:
      - ratio = volume / SMA(volume, period), the bar's own volume included; 1 if there is no volume
        at all
      - spike = 1 when ratio >= threshold, else 0
    '''

    lines = ("ratio", "spike")
    params = (("period", 20), ("threshold", 1.5))
    plotlines = dict(ratio=dict(color="tab:gray"), spike=dict(_plotskip=True))

    def _plotlabel(self):
        return [self.p.period, self.p.threshold]

    def _plotinit(self):
        self.plotinfo.plotyhlines = [self.p.threshold]

    def columns(self, bars):
        ratio = volume_ratio(bars, self.p.period)
        spike = np.where(np.isnan(ratio), np.nan, ratio >= self.p.threshold)
        return ratio, spike

    def memory(self):
        return self.p.period
