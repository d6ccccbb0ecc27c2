"""DiscoverySignal: confident longs and shorts, inside the regime."""

import numpy as np

from bt_fusion.indicators.fused_signal import FusedSignal

__all__ = ["DiscoverySignal"]


class DiscoverySignal(FusedSignal):
    """
    Long and short classes of an ``MLEnsemble`` above a confidence threshold (system B), with
    the regime filter only along the trend. Without a usable model the state stands alone.

    Formula:
      - fused = 1 when P(long) > ml_threshold and P(long) > P(short), with the filter only when
        the state is 1
      - fused = -1 when P(short) > ml_threshold and P(short) > P(long), with the filter only
        when the state is -1
      - fused = 0 otherwise, also where a probability is NaN

    Params:
      - ``technical``: a line of 1, -1 and 0, such as ``Regime(data).state``
      - ``ml``: an ``MLEnsemble`` on the same data feed
      - ``ml_threshold``: probability to be above; reaching it is not enough
      - ``regime_filter``: longs only in uptrends, shorts only in downtrends
    """

    params = (("regime_filter", True),)

    def _fuse(self, state, up, down):
        if not self.ml.usable:
            return state
        buy = (up > self.p.ml_threshold) & (up > down)
        sell = (down > self.p.ml_threshold) & (down > up)
        if self.p.regime_filter:
            buy, sell = buy & (state > 0), sell & (state < 0)
        fused = np.subtract(buy, sell, dtype=float)
        return np.where(np.isnan(state), np.nan, fused)
