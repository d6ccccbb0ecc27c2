"""LeanBroker: Backtrader's broker, faster on bars without an order."""

from typing import Any

import backtrader as bt

__all__ = ["LeanBroker"]

SCHEMES = (bt.CommInfoBase, bt.CommissionInfo)  # their treatment of a stock is known


class Placed:
    """Stores an order's creation parameters as plain attributes, for fast access."""

    p: Any

    def __init__(self):
        vars(self).update(vars(self.p))
        super().__init__()


class LeanBuyOrder(Placed, bt.order.BuyOrder):
    """A buy order of ``LeanBroker``."""


class LeanSellOrder(Placed, bt.order.SellOrder):
    """A sell order of ``LeanBroker``."""


ORDERS = (LeanBuyOrder, LeanSellOrder)
ARGUMENTS = (  # of Backtrader's ``buy`` and ``sell``, in order
    *("owner", "data", "size", "price", "plimit", "exectype", "valid", "tradeid", "oco"),
    *("trailamount", "trailpercent", "parent", "transmit", "histnotify", "_checksubmit"),
)
OF_ORDER = frozenset(ARGUMENTS) - {"plimit", "oco", "_checksubmit"}  # passed on by name


class LeanBroker(bt.brokers.BackBroker):
    """
    Gives the same results as ``BackBroker``, bit for bit. On a bar without an order it only reads
    prices, and for stocks without interest it computes the account's value with fewer calls.
    """

    def next(self):
        waiting = self.pending or self.submitted or self._toactivate or self._userhist
        more = self._cash_addition or self._fundhist or not self.p.shortcash
        if waiting or more or not self._value_stocks():
            super().next()

    def setcommission(self, *args, **kwargs):
        self._note_time()
        super().setcommission(*args, **kwargs)

    def addcommissioninfo(self, *args, **kwargs):
        self._note_time()
        super().addcommissioninfo(*args, **kwargs)

    def _note_time(self):
        """Record when interest was last checked, which matters only once a scheme charges it"""
        for data, position in self.positions.items():
            if position.size:
                position.datetime = data.datetime.datetime()

    def buy(self, *args, **kwargs):
        return self._place(LeanBuyOrder, dict(zip(ARGUMENTS, args, strict=False)) | kwargs)

    def sell(self, *args, **kwargs):
        return self._place(LeanSellOrder, dict(zip(ARGUMENTS, args, strict=False)) | kwargs)

    def _place(self, kind, given):
        """Place an order of our own class as Backtrader does; unknown arguments become ``info``"""
        oco, check = given.pop("oco", None), given.pop("_checksubmit", True)
        known = {name: given.pop(name) for name in OF_ORDER & given.keys()}
        order = kind(pricelimit=given.pop("plimit", None), **known)
        order.addinfo(**given)
        self._ocoize(order, oco)
        return self.submit(order, check=check)

    def get_notification(self):
        return self.notifs.popleft() if self.notifs else None

    def notify(self, order):
        self.notifs.append(cloned(order) if type(order) in ORDERS else order.clone())

    def _get_value(self, datas=None, lever=False):
        more = self._cash_addition or self._fundhist or not self.p.shortcash
        if datas or lever or more or not self._value_stocks():
            return super()._get_value(datas, lever)
        return self._value

    def _value_stocks(self):
        """Compute the account's value; False if a position costs interest or moves cash"""
        worth = unlevered = unrealized = 0.0
        for data, position in self.positions.items():
            scheme, close, size = self.getcommissioninfo(data), data.lines.close[0], position.size
            if type(scheme) not in SCHEMES or not scheme._stocklike or scheme._creditrate:
                return False
            if size:
                position.adjbase = close
            value, gain = size * close, size * (close - position.price) * scheme.p.mult
            worth += value
            unrealized += gain
            if value > 0:
                unlevered += (value - gain) / scheme.p.leverage
                unlevered += gain
            else:
                unlevered += value
        self._value = self.cash + unlevered
        self._fundval = self._value / self._fundshares
        self._valuemkt, self._valuelever = unlevered, self.cash + worth
        self._valuemktlever, self._leverage = worth, worth / (unlevered or 1.0)
        self._unrealized = unrealized
        return True


def cloned(order):
    """Return a copy with its own executions, as ``order.clone()``."""
    order.executed.markpending()
    made = shallow_copy(order)
    made.executed = shallow_copy(order.executed)
    return made


def shallow_copy(value):
    made = object.__new__(type(value))
    made.__dict__.update(value.__dict__)
    return made
