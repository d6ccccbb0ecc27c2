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
      - ``entry(order, bars)``: called for such an order, after the strategy's ``next``
      - ``ordered(order, bars)``: called for every order, exits included, before that
      - ``bar()``: called on every bar, after both

    Note:
      The first of them on a strategy looks at its orders and tells the others. Orders are those
      of Backtrader's own broker; with another broker there are none. ``bars`` says how many bars
      of the feed were known when the order was given: at a bar's open (cheat-on-open) one less
      than there are.
    '''

    def start(self):
        first = vars(self.strategy).setdefault("_first_entries", self)
        if first is not self:
            first._listeners.append(self)
        self._listeners = [self]
        self._looks = self._sees_orders() and first is self
        self._seen = set()  # numbers of the orders that were looked at
        self._listed = 0  # how many of the broker's orders are all seen
        self._known = {}  # data feed -> its bars at the last ``next`` with an order, or any
        self._broker = self.strategy.broker
        engine = self.strategy.env  # whether orders may be given before ``next``
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
        '''Look at an order that opens a position or adds to one'''

    def ordered(self, order, bars):
        '''Look at an order'''

    def bar(self):
        '''Look at a bar'''

    def notify_order(self, order):
        # before next the broker tells of orders of earlier bars, and of those given at this open
        # one that ``with_ml`` vetoed counts as False: no broker ever had it
        if self._looks and order.ref not in self._seen and order:
            # one that was given and cancelled within an earlier bar is of no interest
            now, before = order.data.datetime[0], self._known.get(order.data, 0)
            here = order.created.dt == now and len(order.data) > before
            new = self._new_orders(*([order] if here or order.executed.size else ()))
            self._look([each for each in new if each.ref <= order.ref])

    def prenext(self):
        self.next()

    def next(self):
        if self._looks and self._may_be_new():
            self._known = {data: len(data) for data in self.strategy.datas}
            self._look(self._new_orders())
            self._listed = len(self._broker.orders)
        elif self._opens:
            self._known = {data: len(data) for data in self.strategy.datas}
        self.bar()

    def stop(self):
        # a result from another process must not drag feeds along
        self._open_orders = self._seen = self._known = self._listeners = None
        self._broker = None
        vars(self.strategy).pop("_first_entries", None)

    def _may_be_new(self):
        '''Tell quickly, as on most bars, that there is no order that was not looked at'''
        broker = self._broker
        waiting = broker.pending
        return len(broker.orders) > self._listed or (waiting and waiting[-1].ref not in self._seen)

    def _new_orders(self, *told):
        '''Return the orders that were not looked at, as they were given'''
        broker = self.strategy.broker
        # those that skip the check of cash wait without being listed
        given = [*broker.orders[self._listed :], *broker.pending, *told]
        new = {each.ref: each for each in reversed(given) if each.ref not in self._seen}
        return [new[ref] for ref in sorted(new)]

    def _look(self, orders):
        self._seen.update([each.ref for each in orders])
        orders = [each for each in orders if each.owner is self.strategy]
        held = {}
        for order in orders:  # cheat-on-open fills an order on the bar on which it is given
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
