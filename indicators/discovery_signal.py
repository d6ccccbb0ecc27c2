"""DiscoverySignal: confident longs and shorts, inside the regime."""

from bt_fusion.errors import OptionError
from bt_fusion.indicators.fused_signal import FusedSignal
from bt_fusion.models.agreement import AUTO, Agreement

__all__ = ["DiscoverySignal"]


class DiscoverySignal(FusedSignal):
    """
    Long and short classes of an ``MLEnsemble`` above a confidence threshold (system B), with the
    regime filter only along the trend. Without a usable model it is the technical state.

    Formula:
      - fused = 1 when P(long) > ml_threshold and P(long) > P(short), with the filter only when
        the state is 1
      - fused = -1 when P(short) > ml_threshold and P(short) > P(long), with the filter only
        when the state is -1
      - fused = 0 otherwise, also where a probability is NaN
      - majority voting: the ensemble's signal decides instead, and the winner's share of the
        votes is at least ml_threshold

    Params:
      - ``technical``: a line of 1, -1 and 0, such as ``Regime(data).state``
      - ``ml``: an ``MLEnsemble`` on the same data feed
      - ``ml_threshold``: a number the probability must exceed
      - ``regime_filter``: longs only in uptrends, shorts only in downtrends
    """

    params = (("ml_threshold", 0.60), ("regime_filter", True))

    def __init__(self):
        if self.p.ml_threshold == AUTO:
            raise OptionError(
                "ml_threshold auto: the break-even probability is for FusedSignal and with_ml; "
                "give DiscoverySignal a number from 0 to 1"
            )
        super().__init__()

    def agreement(self):
        return Agreement(self.p.ml_threshold, above=True, voting=self.ml.voting)

    def passing(self, state):
        return super().passing(state) if self.p.regime_filter else (True, True)
