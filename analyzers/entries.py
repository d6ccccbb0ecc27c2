"""Entries: base of analyzers that look at each order that opens a position."""

from warnings import warn

import backtrader as bt

from bt_fusion.errors import BtFusionWarning
from bt_fusion.strategies.open_orders import OpenOrders

__all__ = ["Entries", "let_go"]


def let_go(analyzer):
    """Drop what a finished analyzer holds of its strategy, as Cerebro does where it pickles one.

    Of children Cerebro knows nothing: they would drag the strategy and its feeds along.
    """
    analyzer.strategy = analyzer._parent = None
    for name in [name for name in vars(analyzer) if name.startswith("data")]:
        setattr(analyzer, name, None)


class Entries(bt.Analyzer):
    '''
    Base of analyzers that look at every entry a strategy orders, whatever the strategy: an order,
    or the part of it, that opens a position or adds to one. Exits are none, nor are the stops
    and targets that go with an entry.

    Methods to override:
      - ``entry(order)``: called on the bar on which the order is given, after the strategy's
        ``next``
      - ``bar()``: called on every bar, after that

    Note:
      Orders are those that Backtrader's own broker lists; with another broker there are none.
    '''

    def start(self):
        self._known = 0  # orders of the broker that were looked at
        self._open_orders = OpenOrders()
        if not isinstance(self.strategy.broker, bt.brokers.BackBroker):
            name, broker = type(self).__name__, type(self.strategy.broker).__name__
            warn(f"{name} sees no orders of a {broker}", BtFusionWarning, stacklevel=2)
            self._known = None

    def entry(self, order):
        '''Look at an order that opens a position or adds to one'''

    def bar(self):
        '''Look at a bar'''

    def prenext(self):
        self.next()

    def next(self):
        if self._known is not None and len(self.strategy.broker.orders) > self._known:
            self._look()
        self.bar()

    def stop(self):
        self._open_orders = None  # a result from another process must not drag feeds along

    def _look(self):
        orders = self.strategy.broker.orders
        new = [each for each in orders[self._known :] if each.owner is self.strategy]
        self._known = len(orders)
        held = {}
        for order in new:  # cheat-on-open fills an order on the bar on which it is given
            held.setdefault(order.data, self.strategy.getposition(order.data).size)
            held[order.data] -= order.executed.size
        for order in new:
            if order.parent is None:
                size, data = order.created.size, order.data
                exit = self._open_orders.exit_size(
                    data, held[data], size, order.exectype, order.oco
                )
                self._open_orders.add(order, abs(size) - exit, order.oco)
                if exit < abs(size):
                    self.entry(order)
            held[order.data] += order.executed.size
