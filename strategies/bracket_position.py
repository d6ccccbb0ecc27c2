"""BracketPosition: entries as bracket orders, safe under partial fills and rejections."""

import backtrader as bt

from bt_fusion.strategies.one_position import OnePosition
from bt_fusion.strategies.symbol import keep_apart

__all__ = ["BracketPosition"]


class BracketPosition(OnePosition):
    '''
    Base of strategies whose entries and additions are bracket orders: the stop and the target of
    ``symbol.levels`` are active from the bar after the one that fills it completely.

    Note:
      If a stop or target is filled in part, or while an addition is filled or pending, the rest of
      the position is closed at the next open. The same happens, as ``unfilled``, if the broker
      rejects the rest of a partly filled order. An order still waiting for its rest when the
      position is due to exit is cancelled.
    '''

    def act(self, symbol):
        if self.filling(symbol) and super().exit_reason(symbol):
            self.cancel(symbol.order)
        return super().act(symbol)

    def filling(self, symbol):
        '''Return whether an entry or addition is partly filled and waits for the rest'''
        order = symbol.order
        return bool(order and order.executed.size and not is_exit(order))

    def bracket(self, symbol, side, size, **order):
        '''Place a market order with a stop and a target; return it'''
        stop, target = symbol.levels
        place = self.buy_bracket if side > 0 else self.sell_bracket
        orders = place(
            data=symbol.data,
            size=size,
            exectype=bt.Order.Market,
            stopprice=stop,
            stopexec=None if stop is None else bt.Order.Stop,
            limitprice=target,
            limitexec=None if target is None else bt.Order.Limit,
            oargs=order,
            stopargs={"exit_reason": "stop"},
            limitargs={"exit_reason": "target"},
            **self.unchecked,
        )
        levels = [each for each in orders[1:] if each is not None]
        keep_apart(orders[0], levels)
        symbol.exit_orders += levels
        return orders[0]

    def notify_order(self, order):
        symbol = next((one for one in self.symbols if one.data is order.data), None)
        pending = symbol and symbol.order
        exits = symbol and any(each.ref == order.ref for each in symbol.exit_orders)
        super().notify_order(order)
        if exits and order.executed.size:
            self.close_rest(symbol, order.info["exit_reason"])
        elif pending and pending.ref == order.ref and ended_in_part(order):
            self.close_rest(symbol, super().exit_reason(symbol) or "unfilled")

    def close_rest(self, symbol, reason):
        '''Close the rest of a position after a partial fill, or a fill on the entry's bar'''
        if symbol.order and is_exit(symbol.order):
            return
        if symbol.order:
            self.cancel(symbol.order)
        if self.getposition(symbol.data).size:
            self.leave(symbol, reason)

    def place_stop_and_target(self, symbol, entry):
        '''Do nothing: the entry's bracket contains them'''


def is_exit(order):
    """Return whether an order of ours closes a position"""
    return "exit_reason" in order.info


def ended_in_part(order):
    """Return whether an order has ended with part of its size filled"""
    return bool(order.executed.size and order.status != order.Completed and not order.alive())
