"""OpenOrders: split an order into the part that closes a position and the part that opens one."""

from collections import defaultdict
from typing import Any, NamedTuple

import backtrader as bt

__all__ = ["AT_ONCE", "OpenOrders"]

AT_ONCE = (None, bt.Order.Market, bt.Order.Close)  # always filled at the next opportunity
ROUNDING = 1e-9  # relative size below which a difference is rounding


class Placed(NamedTuple):
    """An order that went to the broker."""

    order: Any
    opens: float  # the part of its size that is an entry
    group: int  # shared by orders that cancel each other


class OpenOrders:
    """
    Pending orders of a strategy. The part of a new order against the position is an exit, the rest
    is an entry.

    Formula:
      - position = the position after all pending market orders are filled
      - exit = min(size, the position against the order's side)
      - entry = size - exit

    Note:
      Other orders may also be exits placed in advance for an entry that waits for its price, unless
      both are in one OCO group. Orders with a ``parent`` are not split: they pass or fail with it.
    """

    def __init__(self):
        self._placed = defaultdict(list)  # data feed -> its pending orders

    def exit_size(self, data, held, size, exectype=None, oco=None):
        """Return the unsigned part of a signed size that only reduces; rounding is ignored

        ``oco`` is the number of an order of its OCO group, or None.
        """
        side, size = (1 if size > 0 else -1), abs(size)
        self._placed[data] = placed = [one for one in self._placed[data] if one.order.alive()]
        waiting = 0.0
        for order, opens, group in placed:
            if order.exectype in AT_ONCE:
                held += order.executed.remsize
            elif order.size * side < 0 and group != self._group(oco):
                waiting += min(opens, abs(order.executed.remsize))
        against = max(0.0, -side * held)
        if exectype not in AT_ONCE:
            against += waiting
        exit = min(size, against)
        return next((end for end in (0, size) if abs(exit - end) <= ROUNDING * size), exit)

    def add(self, order, opens, oco=None):
        """Record an order sent to the broker, and the part of its size that is an entry"""
        group = self._group(oco)
        placed = Placed(order, opens, order.ref if group is None else group)
        self._placed[order.data].append(placed)

    def _group(self, oco):
        if oco is None:
            return None
        placed = (one for orders in self._placed.values() for one in orders)
        return next((one.group for one in placed if one.order.ref == oco), None)
