"""OpenOrders: which part of an order leaves a position, and which opens or enlarges one."""

from collections import defaultdict
from typing import Any, NamedTuple

import backtrader as bt

__all__ = ["AT_ONCE", "OpenOrders"]

AT_ONCE = (None, bt.Order.Market, bt.Order.Close)  # filled at the next chance, come what may
ROUNDING = 1e-9  # part of a size that may be due to the rounding of its terms


class Placed(NamedTuple):
    """An order that went to the broker."""

    order: Any
    opens: float  # the part of its size that is an entry
    group: int  # what orders that cancel each other share


class OpenOrders:
    """
    The orders of a strategy that wait at the broker. The part of a new order that goes against
    the position is an exit, the rest is an entry.

    Formula:
      - position = what is held, once all market orders that are pending are filled
      - exit = min(size, the position against the order's side)
      - entry = size - exit

    Note:
      Orders other than market orders may also be exits, placed in advance, of an entry that
      waits for its price, unless both are in one OCO group. Orders with a ``parent`` are not
      asked about: they share its fate.
    """

    def __init__(self):
        self._placed = defaultdict(list)  # data feed -> its orders still alive

    def exit_size(self, data, held, size, exectype=None, oco=None):
        """Return the part of a signed size that only reduces: its size, all of it or 0 nearly

        ``oco`` is the number of an order of its OCO group, None where it has none.
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
        """Remember an order that went to the broker, and the part of its size that is an entry"""
        group = self._group(oco)
        placed = Placed(order, opens, order.ref if group is None else group)
        self._placed[order.data].append(placed)

    def _group(self, oco):
        if oco is None:
            return None
        placed = (one for orders in self._placed.values() for one in orders)
        return next((one.group for one in placed if one.order.ref == oco), None)
