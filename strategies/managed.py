"""ManagedStrategy: EMA and signal model enter; three models manage exit, stops and size (E)."""

from math import inf

import backtrader as bt

from bt_fusion.indicators import EMACross, FusedSignal
from bt_fusion.indicators.ml_ensemble import model_for
from bt_fusion.indicators.trade_plan.plan_lines import planner_of
from bt_fusion.indicators.trade_plan.position_advice import PositionAdvice
from bt_fusion.indicators.trade_plan.stop_distance import StopDistance
from bt_fusion.models.agreement import DEFAULT_THRESHOLD, check_threshold
from bt_fusion.strategies.bracket_position import BracketPosition
from bt_fusion.strategies.parameters import check_numbers
from bt_fusion.strategies.risk_sizer import AccountHistory, RiskSizer, most_size
from bt_fusion.strategies.symbol import Symbol
from bt_fusion.trade_models.position_model import Advice
from bt_fusion.trade_models.risk_model import RISK_FEATURES

__all__ = ["ManagedStrategy"]

LEAST_ADDITION = 0.1  # fraction of the entry's size: less is not worth its costs


class ManagedStrategy(BracketPosition):
    '''
    Trades the state of an EMA cross where the signal model agrees, with bracket orders of stop and
    target, and exits after ``hold_bars`` bars (system E). A managed model's other three models
    decide when to exit early or add, the distances of stop and target, and the size; each can be
    switched off. Without ML it trades the state with the label's stop and target.

    Params:
      - ``model`` (default None): a ``ManagedModel``, the folder of a saved one, or a ``TradePlan``;
        for all feeds, or a dictionary of them by feed name. A signal-only model trades with the
        label's stop and target, and size multiplier 1
      - ``ml`` (default True): False trades the technical state alone
      - ``position``, ``stops``, ``risk`` (default True): whether to use these models
      - ``ema_fast``, ``ema_slow`` (default 12, 26)
      - ``ml_threshold`` (default auto): see ``FusionStrategy``
      - ``hold_bars`` (default 12)
      - ``atr_stop``, ``atr_target`` (default 1.5): distances from the close of the signal in ATR
        units, without a stop model
      - ``atr_multiplier`` (default 1): multiplies both distances of the stop model
      - ``max_risk_pct`` (default 0.02): largest loss at such a stop, or at any stop after an
        addition, as a share of the account
      - ``max_adds`` (default 1): additions to a position, each as large as its entry if the
        account's value and ``max_risk_pct`` allow; they share its stop and target
      - ``long_only`` (default False)
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on with the
        technical state alone, or ``raise``
      - ``on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop`` using it from that bar on, until it is replaced

    Note:
      Exit reasons are ``stop``, ``target``, ``horizon``, ``advice`` and ``unfilled``: the broker
      filled an entry or addition in part and rejected the rest. Stop and target are active from the
      bar after the one that fills the order completely. If one of them is filled in part, or an
      addition is filled on its bar, the rest of the position is closed at the next open.
    '''

    params = (
        ("position", True),
        ("stops", True),
        ("risk", True),
        ("ema_fast", 12),
        ("ema_slow", 26),
        ("ml_threshold", DEFAULT_THRESHOLD),
        ("hold_bars", 12),
        ("atr_stop", 1.5),
        ("atr_target", 1.5),
        ("atr_multiplier", 1.0),
        ("max_risk_pct", 0.02),
        ("max_adds", 1),
    )
    ml_only = (
        *BracketPosition.ml_only,
        *("position", "stops", "risk", "ml_threshold"),
        *("atr_multiplier", "max_risk_pct", "max_adds"),
    )
    aliases = BracketPosition.aliases | {"ml_entry_threshold": "ml_threshold"}

    def __init__(self):
        check_numbers(self.p, "ema_fast", "ema_slow", "hold_bars", least=1, whole=True)
        check_numbers(self.p, "max_adds", whole=True)
        check_threshold(self.p.ml_threshold)
        self.watch(*(self.symbol(data) for data in self.datas))
        self.account = AccountHistory(self)

    def symbol(self, data):
        '''Put the indicators on a feed'''
        technical = EMACross(data, fast=self.p.ema_fast, slow=self.p.ema_slow)
        signal, ml, atr = technical.state, None, bt.ind.ATR(data, period=self.p.atr_period)
        planner = None
        if self.p.ml:
            given = model_for(data, self.p.model)
            planner = planner_of(given)
            ml = self.ensemble(data, model=given if planner is None else planner)
            signal = FusedSignal(technical.state, ml, ml_threshold=self.p.ml_threshold).fused
        symbol = Symbol(data, technical, signal, ml, atr)
        symbol.advice = symbol.distance = None
        symbol.levels, symbol.adds, symbol.size = (None, None), 0, 0.0
        if planner is not None and self.p.position:
            symbol.advice = PositionAdvice(data, model=planner)
        if planner is not None and (self.p.stops or self.p.risk):
            limits = {"atr_multiplier": self.p.atr_multiplier, "max_risk_pct": self.p.max_risk_pct}
            symbol.distance = StopDistance(data, model=planner, **limits)
        return symbol

    def exit_reason(self, symbol):
        due = super().exit_reason(symbol)
        if due or not self.advised(symbol) or symbol.advice.now() != Advice.EXIT:
            return due
        return "advice"

    def advised(self, symbol):
        '''Return whether there is advice on this bar; a stopped model gives none'''
        return symbol.advice is not None and symbol.ml.usable

    def act(self, symbol):
        outcome = super().act(symbol)
        if symbol.order or not self.advised(symbol) or symbol.adds >= self.p.max_adds:
            return outcome
        if symbol.advice.now() == Advice.ADD:
            self.add(symbol)
        return outcome

    def enter(self, symbol, side):
        '''Open a position at the feed's next open, with stop and target'''
        size = self.entry_size(symbol, side)
        if not size > 0:
            return "size 0"
        levels = self.levels(symbol, side, size)
        if not (self.beyond(symbol, levels[0], -side) and self.beyond(symbol, levels[1], side)):
            return "no distance"
        symbol.levels, symbol.adds, symbol.size = levels, 0, size
        symbol.entered = len(symbol.data)
        symbol.order = self.bracket(symbol, side, size, entry=True)
        return "ordered" if symbol.order else "size 0"

    def entry_size(self, symbol, side):
        '''Return the sizer's size times the risk multiplier, limited by the account'''
        size = self.getsizing(symbol.data, isbuy=side > 0)
        if not size > 0:
            return 0
        most = max(most_size(self, symbol.data), min(size, most_size(self, symbol.data, 1.0)))
        size = min(size * self.multiplier(symbol), most)
        return self.in_units(size)

    def in_units(self, size):
        '''Return a size in whole units if the sizer uses them'''
        return int(size) if getattr(self._sizer.p, "whole", False) else size

    def multiplier(self, symbol):
        '''Return the risk model's size multiplier, 1 if it is not used'''
        if not self.p.risk or not self.planned(symbol) or isinstance(self._sizer, RiskSizer):
            return 1.0
        plan, row = symbol.distance.row()
        return plan.multiplier(row, self.account.state())

    def levels(self, symbol, side, size):
        '''Return stop and target price of a position of this size, None for none'''
        close, lines = symbol.data.close[0], symbol.distance
        if not self.p.stops or not self.planned(symbol) or not lines.stop[0] > 0:
            return self.stop_and_target(symbol, close, side)
        return close - side * lines.capped(size), close + side * lines.target[0]

    def planned(self, symbol):
        '''Return whether a model sets stop, target and size of this bar'''
        return symbol.distance is not None and symbol.ml.usable

    def beyond(self, symbol, level, side):
        '''Return whether a level is beyond the close on a side; True without a level'''
        return level is None or side * (level - symbol.data.close[0]) > 0

    def add(self, symbol):
        '''Add to the position at the next open, as far as account and stop allow'''
        held = self.getposition(symbol.data).size
        side, most = (1 if held > 0 else -1), most_size(self, symbol.data)
        size = min(symbol.size, min(most, self.most_at_stop(symbol, side)) - abs(held))
        size = self.in_units(size)
        if size < LEAST_ADDITION * symbol.size:
            return
        symbol.adds += 1
        symbol.order = self.bracket(symbol, side, size)

    def most_at_stop(self, symbol, side):
        '''Return the position size that loses ``max_risk_pct`` of the account at its stop'''
        stop, data = symbol.levels[0], symbol.data
        if stop is None:
            return inf
        if not self.beyond(symbol, stop, -side):
            return 0.0
        loss = abs(data.close[0] - stop) * self.broker.getcommissioninfo(data).p.mult
        return self.p.max_risk_pct * self.broker.getvalue() / loss

    def entry_facts(self, symbol):
        return super().entry_facts(symbol) | self.plan_facts(symbol) | self.trade_facts(symbol)

    def plan_facts(self, symbol):
        '''Return stop, target and size of an entry on this bar, and the inputs of its size'''
        if not self.planned(symbol):
            return {}
        plan, row = symbol.distance.row()
        facts = {"ATR": plan.atr[row]}
        if self.p.stops:
            facts |= {"stop in ATR": plan.stop[row], "target in ATR": plan.target[row]}
        if self.p.risk:
            account = self.account.state()
            values = dict(zip(RISK_FEATURES, [*account, *plan.market[row]], strict=True))
            facts |= {"size multiplier": plan.multiplier(row, account), **values}
        return {name: float(value) for name, value in facts.items()}

    def trade_facts(self, symbol):
        '''Return the advice for the open position, and the trade state behind it'''
        advice = symbol.advice.now() if symbol.advice is not None else None
        if advice is None:
            return {}
        return {"advice": advice.name, **symbol.advice.state()}
