"""Entries: base of analyzers of orders that open a position."""

from warnings import warn

import backtrader as bt

from bt_fusion.errors import BtFusionWarning
from bt_fusion.strategies.open_orders import OpenOrders

__all__ = ["Entries", "drop_references"]


def drop_references(analyzer):
    """Drop a finished analyzer's references to its strategy, as Cerebro does before pickling.

    Cerebro does not know child analyzers: they would carry the strategy and its feeds along.
    """
    analyzer.strategy = analyzer._parent = None
    for name in [name for name in vars(analyzer) if name.startswith("data")]:
        setattr(analyzer, name, None)


class Entries(bt.Analyzer):
    '''
    Base of analyzers of every entry that any strategy orders: an order, or its part, that opens a
    position or adds to one. Exits do not count, nor do the stops and targets of an entry.

    Methods to override:
      - ``entry(order, bars)``: called for such an order, after the strategy's ``next``
      - ``ordered(order, bars)``: called before that for every order, including exits
      - ``bar()``: called on every bar, after both

    Note:
      The first such analyzer of a strategy reads its orders and passes them to the others. It needs
      Backtrader's own broker; with another broker there are no orders. ``bars`` is the number of
      the feed's bars known when the order was placed: at a bar's open (cheat-on-open) one less than
      there are.
    '''

    def start(self):
        first = vars(self.strategy).setdefault("_first_entries", self)
        if first is not self:
            first._listeners.append(self)
        self._listeners = [self]
        self._collects = self._sees_orders() and first is self
        self._seen = set()  # numbers of orders already handled
        self._listed = 0  # leading number of the broker's orders that are all handled
        self._known = {}  # data feed -> its bars at the last ``next``
        self._broker = self.strategy.broker
        engine = self.strategy.env  # whether orders may be placed before ``next``
        self._opens = engine.p.cheat_on_open or engine.p.quicknotify or engine._pretimers
        self._open_orders = OpenOrders()

    def _sees_orders(self):
        broker = self.strategy.broker
        if isinstance(broker, bt.brokers.BackBroker):
            return True
        text = f"{type(self).__name__} sees no orders of a {type(broker).__name__}"
        warn(text, BtFusionWarning, stacklevel=2)
        return False

    def entry(self, order, bars):
        '''Handle an order that opens a position or adds to one'''

    def ordered(self, order, bars):
        '''Handle an order'''

    def bar(self):
        '''Handle a bar'''

    def notify_order(self, order):
        # before next the broker notifies of orders of earlier bars and of this open
        # an order vetoed by ``with_ml`` is falsy: no broker ever had it
        if self._collects and order.ref not in self._seen and order:
            # an order placed and cancelled within an earlier bar is ignored
            now, before = order.data.datetime[0], self._known.get(order.data, 0)
            here = order.created.dt == now and len(order.data) > before
            new = self._new_orders(*([order] if here or order.executed.size else ()))
            self._report([each for each in new if each.ref <= order.ref])

    def prenext(self):
        self.next()

    def next(self):
        if self._collects and self._may_be_new():
            self._known = {data: len(data) for data in self.strategy.datas}
            self._report(self._new_orders())
            self._listed = len(self._broker.orders)
        elif self._opens:
            self._known = {data: len(data) for data in self.strategy.datas}
        self.bar()

    def stop(self):
        # a result from another process must not carry feeds along
        self._open_orders = self._seen = self._known = self._listeners = None
        self._broker = None
        vars(self.strategy).pop("_first_entries", None)

    def _may_be_new(self):
        '''Return False quickly, as on most bars, if there is no unhandled order'''
        broker = self._broker
        waiting = broker.pending
        return len(broker.orders) > self._listed or (waiting and waiting[-1].ref not in self._seen)

    def _new_orders(self, *notified):
        '''Return the unhandled orders in the order of placement'''
        broker = self.strategy.broker
        # orders that skip the cash check are pending but not listed
        orders = [*broker.orders[self._listed :], *broker.pending, *notified]
        new = {each.ref: each for each in reversed(orders) if each.ref not in self._seen}
        return [new[ref] for ref in sorted(new)]

    def _report(self, orders):
        self._seen.update([each.ref for each in orders])
        orders = [each for each in orders if each.owner is self.strategy]
        held = {}
        for order in orders:  # cheat-on-open fills an order on its own bar
            held.setdefault(order.data, self.strategy.getposition(order.data).size)
            held[order.data] -= order.executed.size
        for order in orders:
            for each in self._listeners:
                each.ordered(order, self._known.get(order.data, 0))
            if order.parent is None:
                self._place(order, held[order.data])
            held[order.data] += order.executed.size

    def _place(self, order, held):
        size, data = order.created.size, order.data
        leader = self.strategy.broker._ocos.get(order.ref)  # of its OCO group, or itself
        group = None if leader == order.ref else leader
        exit = self._open_orders.exit_size(data, held, size, order.exectype, group)
        self._open_orders.add(order, abs(size) - exit, group)
        if exit < abs(size):
            for each in self._listeners:
                each.entry(order, self._known.get(data, 0))
