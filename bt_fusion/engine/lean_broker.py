"""LeanBroker: Backtrader's broker, with less to do on a bar without an order."""

import backtrader as bt

__all__ = ["LeanBroker"]

SCHEMES = (bt.CommInfoBase, bt.CommissionInfo)  # what they do with a stock is known
ORDERS = (bt.order.BuyOrder, bt.order.SellOrder)


class LeanBroker(bt.brokers.BackBroker):
    """
    A ``BackBroker`` to the last bit. On a bar without an order it only looks at prices, and where
    stocks without interest are held it works out the account's value with fewer calls.

    Note:
      The time at which interest was last looked at is not kept where there is none.
    """

    def next(self):
        waiting = self.pending or self.submitted or self._toactivate or self._userhist
        if waiting or not all(map(self._is_stock, self.positions)):
            super().next()
            return
        for data, position in self.positions.items():
            if position.size:
                position.adjbase = data.lines.close[0]
        self._get_value()

    def submit(self, order, check=True):
        if type(order) in ORDERS:
            place_params(order)
        return super().submit(order, check)

    def notify(self, order):
        self.notifs.append(cloned(order) if type(order) in ORDERS else order.clone())

    def _is_stock(self, data):
        """Tell whether holding a feed costs no interest and moves no cash"""
        scheme = self.getcommissioninfo(data)
        return type(scheme) in SCHEMES and scheme._stocklike and not scheme._creditrate

    def _get_value(self, datas=None, lever=False):
        more = self._cash_addition or self._fundhist or not self.p.shortcash
        if datas or lever or more or not all(map(self._is_stock, self.positions)):
            return super()._get_value(datas, lever)
        worth = unlevered = unrealized = 0.0
        for data, position in self.positions.items():
            p, size, close = self.getcommissioninfo(data).p, position.size, data.lines.close[0]
            value, gain = size * close, size * (close - position.price) * p.mult
            worth += value
            unrealized += gain
            if value > 0:
                unlevered += (value - gain) / p.leverage
                unlevered += gain
            else:
                unlevered += value
        self._value = self.cash + unlevered
        self._fundval = self._value / self._fundshares
        self._valuemkt, self._valuelever = unlevered, self.cash + worth
        self._valuemktlever, self._leverage = worth, worth / (unlevered or 1.0)
        self._unrealized = unrealized
        return self._value


def place_params(order):
    """Put what an order was made with beside what it has become: it is looked for there first."""
    own = vars(order)
    own.update((name, value) for name, value in vars(order.p).items() if name not in own)


def cloned(order):
    """Return what ``order.clone()`` returns: a copy with executions of its own."""
    order.executed.markpending()
    made = copied(order)
    made.executed = copied(order.executed)
    return made


def copied(thing):
    made = object.__new__(type(thing))
    made.__dict__.update(thing.__dict__)
    return made
