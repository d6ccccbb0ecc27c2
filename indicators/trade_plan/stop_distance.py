"""StopDistance: distances of an entry's stop and target, as Backtrader lines."""

from bt_fusion.errors import OptionError
from bt_fusion.indicators.trade_plan.plan_lines import PlanLines
from bt_fusion.trade_models.stop_model import capped_stop

__all__ = ["StopDistance"]


class StopDistance(PlanLines):
    '''
    Distances of the stop and the target from the close, for an entry on each bar, in price units,
    set by a managed model's stop model (system E).

    Formula:
      - stop = multiplier of the stop model x ATR(14) x atr_multiplier
      - target = the same with its multiplier of the target, which is the larger one
      - without a stop model yet: the stop and target of the model's label

    Params:
      - ``model``, ``allow_in_sample``: see ``PlanLines``
      - ``atr_multiplier`` (default 1): 1.5 makes both distances 50 % larger
      - ``max_risk_pct`` (default None): largest loss at the stop, as a share of the account: 0.02
        for 2 %

    Methods:
      - ``capped(size)``: the stop of the current bar, at most ``max_risk_pct`` of the account
        divided by the size and the point value (the multiplier of the feed's commission scheme)

    Note:
      NaN without a prediction. The minimum period is 1.
    '''

    lines = ("stop", "target")
    params = (("atr_multiplier", 1.0), ("max_risk_pct", None))
    plotinfo = dict(subplot=True)

    def __init__(self):
        super().__init__()
        if not self.p.atr_multiplier > 0:
            raise OptionError(f"atr_multiplier {self.p.atr_multiplier} must be above 0")
        if self.p.max_risk_pct is not None and not 0 < self.p.max_risk_pct <= 1:
            raise OptionError(f"max_risk_pct {self.p.max_risk_pct} must be a fraction: 0.02 is 2 %")

    def lines_of(self, plan):
        unit = plan.atr * self.p.atr_multiplier
        return plan.stop * unit, plan.target * unit

    def capped(self, size, distance=None):
        '''Return the stop distance of a position of this size on the current bar'''
        distance = self.lines.stop[0] if distance is None else distance
        if self.p.max_risk_pct is None:
            return distance
        broker = self._owner.broker
        point_value = broker.getcommissioninfo(self.data).p.mult
        return capped_stop(distance, broker.getvalue(), size, self.p.max_risk_pct, point_value)
