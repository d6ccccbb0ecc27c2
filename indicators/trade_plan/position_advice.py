"""PositionAdvice: hold, exit or add to the open position, as a Backtrader line."""

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.indicators.trade_plan.plan_lines import PlanLines
from bt_fusion.trade_models.position_model import Advice
from bt_fusion.trade_models.trade_state import STATE, OpenTrades

__all__ = ["PositionAdvice", "open_trade"]

BARS_AT_ONCE = 16  # bars of a new trade computed at once, if preloaded


class PositionAdvice(PlanLines):
    '''
    Advice of a managed model's position model for the strategy's open position at the next open
    (system E): exit, hold or add.

    Methods:
      - ``state()``: the seven trade values it was computed from; call it after ``now``
      - ``now()``: the ``bt_fusion.Advice`` (EXIT -1, HOLD 0, ADD 1) for the strategy's position in
        the data feed on the current bar; None without one. Call it in ``next``

    Params:
      - ``model``, ``allow_in_sample``: see ``PlanLines``

    Note:
      The line ``advice`` holds the results of ``now``, NaN where it was not called. The advice
      depends on the trade: its side, bars held, open profit, best and worst excursion, and the
      signal's probability now and at the entry. HOLD if there is no position model yet.
    '''

    lines = ("advice",)
    plotinfo = dict(plotyticks=[-1, 0, 1], plotymargin=0.15)

    def __init__(self):
        super().__init__()
        self._bars = self._sides = None  # of all bars, if preloaded
        self._seen = []  # high, low, close and both probabilities of past bars, if not preloaded
        self._known = (None, {})  # a trade, and the advice for its bars

    def lines_of(self, plan):
        return (np.full(len(plan), np.nan),)

    def columns(self, bars):
        found = super().columns(bars)
        self._bars = bars
        self._sides = self._plan.probability_up, self._plan.probability_down
        return found

    def latest(self, time, values, still_open):
        row = super().latest(time, values, still_open)
        plan = self._plan
        bar = (*values[1:4], plan.probability_up[-1], plan.probability_down[-1], plan.atr[-1])
        if still_open:
            self._seen[-1] = bar
        else:
            self._seen.append(bar)
        return row

    def now(self):
        '''Return the ``Advice`` for the open position, None without one'''
        trade = open_trade(self._owner, self.data)
        if trade is None:
            return None
        entry, bar = trade.baropen - 1, len(self) - 1
        key = (trade.ref, trade.price)
        if self._known[0] != key:
            self._known = (key, {})
        known = self._known[1]
        if bar not in known:
            known |= self._advice(trade, entry, bar)
        advice, _ = known[bar]
        self.lines.advice[0] = advice
        return Advice(advice)

    def state(self):
        '''Return the inputs of the current bar's advice other than features, by name'''
        _, state = self._known[1].get(len(self) - 1, (None, ()))
        return dict(zip(STATE, state, strict=False))

    def _advice(self, trade, entry, bar):
        '''Return the advice and its trade state by bar, at least for this bar'''
        if entry < 1:  # no earlier bar: no probability at the entry
            return {bar: (int(Advice.HOLD), ())}
        side = 1 if trade.size > 0 else -1
        if self._whole:
            plan, (up, down) = self._plan, self._sides
            bars, first, atr = self._bars, entry, plan.atr[entry - 1]
            last = min(bar + BARS_AT_ONCE, len(bars))
        else:
            past = np.array(self._seen[entry - 1 :]).T
            high, low, close, up, down, units = past
            bars = BarArrays(None, close, high, low, close, close)
            plan, first, atr, last = self._plan, 1, units[0], bar + 1
        open_trades = OpenTrades(
            bars, np.array([side]), np.array([first]), np.array([trade.price]), np.array([atr])
        )
        ahead = np.arange(bar, last)
        held, none = ahead - entry, np.zeros(len(ahead), dtype=np.int64)
        state = open_trades.states(none, held, up, down)
        rows = ahead if self._whole else np.array([-1])
        advice = plan.advice(rows, state).tolist()
        pairs = zip(advice, state.tolist(), strict=True)
        return dict(zip(ahead.tolist(), pairs, strict=True))


def open_trade(strategy, data):
    """Return the strategy's open trade in a data feed, None without one"""
    for trades in strategy._trades[data].values():
        if trades and trades[-1].isopen:
            return trades[-1]
    return None
