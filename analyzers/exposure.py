"""Exposure: value and leverage of an account's open positions."""

import backtrader as bt

__all__ = ["Exposure"]


class Exposure:
    """
    Open positions of a strategy's account, valued by their commission schemes: size *
    price / leverage of a stock, size * margin of a future. Shorts count like longs.

    Formula:
      - leverage = sum of abs(value of a position) / value of the account

    Attributes:
      - ``held``: data feed with a position -> its size, as of the last ``update``

    Note:
      Backtrader's broker creates a position for a feed when asked for it, and then cannot value a
      feed without a bar. So only existing positions are read.
    """

    def __init__(self, strategy):
        self._broker, self._datas = strategy.broker, strategy.datas
        self._own = isinstance(strategy.broker, bt.brokers.BackBroker)
        self._schemes = {}  # data feed -> its commission scheme
        self._plain = set()  # feeds whose scheme grants no leverage
        self.update()

    def update(self):
        """Read the positions again, as after a fill."""
        broker = self._broker
        if self._own:
            positions = broker.positions.items()
        else:
            positions = [(data, broker.getposition(data)) for data in self._datas]
        self.held = held = {data: place.size for data, place in positions if place.size}
        if held.keys() - self._schemes.keys():
            self._learn_schemes()
        self._summed = self._own and self._is_summed()

    def worth(self, cash, value):
        """Return the positions' value for an account with this cash and value, at the closes."""
        if self._summed:
            return abs(value - cash)
        return sum(self._worth(data, data.close[0]) for data in self.held)

    def leverage_at(self, prices, value):
        """Return the leverage at these prices of some feeds, and the closes of the others.

        ``value`` is that at the closes. 0 if the account has no value at these prices.
        """
        worth = 0.0
        for data, size in self.held.items():
            close = data.close[0]
            price = prices.get(data, close)
            worth += self._worth(data, price)
            value -= self._schemes[data].profitandloss(size, price, close)
        return worth / value if value > 0 else 0.0

    def largest(self):
        """Return the feeds with a position, largest first."""
        return sorted(self.held, key=lambda data: -self._worth(data, data.close[0]))

    def _worth(self, data, price):
        scheme = self._schemes[data]
        return abs(scheme.getvaluesize(self.held[data], price)) / scheme.get_leverage()

    def _learn_schemes(self):
        self._schemes |= {data: self._broker.getcommissioninfo(data) for data in self.held}
        self._plain = {data for data, each in self._schemes.items() if each.get_leverage() == 1}

    def _is_summed(self):
        """Return whether the broker's value is the cash plus or minus the value of all positions"""
        longs = {size > 0 for size in self.held.values()}
        one_side = len(longs) < 2 and (False not in longs or self._broker.p.shortcash)
        return one_side and self._plain.issuperset(self.held)
