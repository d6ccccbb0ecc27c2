"""Exposure: what the open positions of an account take of it."""

import backtrader as bt

__all__ = ["Exposure"]


class Exposure:
    """
    The open positions of a strategy's account, as their commission schemes value them: size *
    price / leverage of a stock, size * margin of a future. Shorts count like longs.

    Formula:
      - leverage = sum of abs(value of a position) / value of the account

    Note:
      Held over many bars: it is to be made again after each fill. To ask Backtrader's broker for
      the position of a feed gives it one there, and of a feed without a bar it cannot tell the
      value then; so none is asked for that is not there already.
    """

    def __init__(self, strategy):
        broker = strategy.broker
        own = isinstance(broker, bt.brokers.BackBroker)
        datas = list(broker.positions) if own else strategy.datas
        sizes = [(data, broker.getposition(data).size) for data in datas]
        self._held = {data: Held(broker, data, size) for data, size in sizes if size}
        self._summed = own and self._is_summed(broker.p.shortcash)

    def __bool__(self):
        return bool(self._held)

    def worth(self, cash, value):
        """Return what the positions take of an account with this cash and value, at the closes."""
        if self._summed:
            return abs(value - cash)
        return sum(held.worth(held.close[0]) for held in self._held.values())

    def leverage_at(self, prices, value):
        """Return the leverage when feeds had these prices, and others their closes.

        ``value`` is that at the closes. 0 where the account was worth nothing at these prices.
        """
        worth = 0.0
        for data, held in self._held.items():
            close = held.close[0]
            price = prices.get(data, close)
            worth += held.worth(price)
            value -= held.scheme.profitandloss(held.size, price, close)
        return worth / value if value > 0 else 0.0

    def feeds(self):
        """Return the feeds with a position, the largest first."""
        return sorted(self._held, key=lambda data: -self._held[data].worth(data.close[0]))

    def _is_summed(self, shortcash):
        """Tell whether the broker's value is the cash and the worth of all positions, or less it"""
        shorts = sum(held.size < 0 for held in self._held.values())
        one_side = shorts == 0 or (shortcash and shorts == len(self._held))
        return one_side and all(held.leverage == 1 for held in self._held.values())


class Held:
    """A position: its size, the commission scheme, the line of closes."""

    __slots__ = ("close", "leverage", "scheme", "size")

    def __init__(self, broker, data, size):
        self.size, self.close = size, data.lines.close
        self.scheme = broker.getcommissioninfo(data)
        self.leverage = self.scheme.get_leverage()

    def worth(self, price):
        """Return what it takes of the account at a price."""
        return abs(self.scheme.getvaluesize(self.size, price)) / self.leverage
