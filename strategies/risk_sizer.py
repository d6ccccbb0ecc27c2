"""RiskSizer: a share of the account, times the multiplier of a managed model's risk model."""

import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.indicators.ml_ensemble import model_for
from bt_fusion.indicators.trade_plan.plan_lines import find_plan
from bt_fusion.strategies.sizers import EquityShare
from bt_fusion.trade_models.risk_model import account_state
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["AccountHistory", "RiskSizer", "most_size"]


class RiskSizer(EquityShare):
    '''
    Sizes a position as ``EquityShare``, times 0.10 to 1.25: the multiplier that a managed model's
    risk model sets from account and market (system E). Without a risk model yet it is 1.

    Params:
      - ``share``, ``whole``, ``split``: see ``EquityShare``
      - ``most`` (default 0.95): largest position, as a share of the account's value; more than 1
        needs a broker that lends
      - ``model`` (default None): a ``TradePlan``, or a dictionary of them by feed name, for a
        strategy without ``StopDistance`` or ``PositionAdvice`` on the feed, where the sizer looks
        for the plan

    Methods:
      - ``multiplier(data)``: of an entry on the current bar

    Note:
      Account means the broker's starting cash plus the results of this strategy's closed trades.
    '''

    params = (("most", 0.95), ("model", None))

    def _getsizing(self, comminfo, cash, data, isbuy):
        size = super()._getsizing(comminfo, cash, data, isbuy)
        if self.broker.getposition(data).size:
            return size
        size = min(size * self.multiplier(data), most_size(self.strategy, data, self.p.most))
        return int(size) if self.p.whole else size

    def multiplier(self, data):
        '''Return the size multiplier of an entry on the current bar'''
        if not hasattr(self, "_account"):
            self._account = AccountHistory(self.strategy)
        plan, row = self._plan(data)
        return plan.multiplier(row, self._account.state()) if row >= 0 else 1.0

    def _plan(self, data):
        lines = find_plan(self.strategy, data)
        if lines is not None:
            return lines.row()
        plan = model_for(data, self.p.model)
        if not isinstance(plan, TradePlan):
            raise OptionError(
                "RiskSizer needs a TradePlan (model=...), or a StopDistance or PositionAdvice on "
                f"the feed {data._name!r} of the strategy"
            )
        return plan.at(np.array([stamps(data.datetime[0])[()]])), 0


def most_size(strategy, data, most=0.95):
    """Return the size that, with the positions in other feeds, fills ``most`` of the account"""
    broker = strategy.broker
    held = sum(position_value(broker, each) for each in strategy.datas if each is not data)
    return max(0.0, broker.getvalue() * most - held) / unit_value(broker, data)


def position_value(broker, data):
    """Return the value of a feed's position at the current close, positive for both sides"""
    size = broker.getposition(data).size
    return abs(size) * unit_value(broker, data) if size else 0.0


def unit_value(broker, data):
    """Return the value of one unit at the current close"""
    return data.close[0] * broker.getcommissioninfo(data).p.mult


class AccountHistory:
    """Account history from a strategy's closed trades."""

    def __init__(self, strategy):
        self.strategy = strategy
        self._seen = {}  # (data feed, trade id) -> trades counted
        self._closed = []  # (when, number, profit after costs) of each
        self._state = None

    def state(self):
        """Return drawdown, value over the start, recent win rate and losses in a row"""
        if self._count() or self._state is None:
            results = [profit for _, _, profit in sorted(self._closed)]
            self._state = account_state(results, self.strategy.broker.startingcash)[-1]
        return self._state

    def _count(self):
        """Record trades closed since the last call; return whether there were any"""
        before = len(self._closed)
        for data, by_id in self.strategy._trades.items():
            for number, trades in by_id.items():
                at = self._seen.get((data, number), 0)
                while at < len(trades) and trades[at].isclosed:
                    trade = trades[at]
                    self._closed.append((trade.dtclose, trade.ref, trade.pnlcomm))
                    at += 1
                self._seen[data, number] = at
        return len(self._closed) > before
