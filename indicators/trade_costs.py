"""TradeCosts: a broker's costs for one side of a trade, as a fraction of the price."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.errors import OptionError

__all__ = ["TradeCosts", "costs_of"]

PRICES = (100.0, 250.0)  # sample prices to separate the two parts of a commission


@dataclass(frozen=True)
class TradeCosts:
    """
    Commission and slippage of one side of a trade: ``share`` is a fraction of the price, ``fixed``
    an amount of money for each unit, such as a futures commission over the multiplier.
    """

    share: float = 0.0
    fixed: float = 0.0

    def round_trip(self, price):
        '''Return the costs of entry and exit together as a fraction of a price'''
        return 2 * (self.share + self.fixed / price if self.fixed else self.share)


def costs_of(broker, data):
    """Return the ``TradeCosts`` of a broker for a data feed.

    OptionError for a commission not proportional to the order's size, such as one with a minimum
    amount: it is not a fraction of the price.
    """
    scheme = broker.getcommissioninfo(data)
    (low, high), p = PRICES, broker.p
    (at_low, ten), (at_high, _) = (
        [mean_commission(scheme, size, x) for size in (1, 10)] for x in PRICES
    )
    share = (at_high - at_low) / (high - low)
    fixed = at_low - share * low
    middle = mean_commission(scheme, 1, (low + high) / 2)
    if not np.allclose([ten, middle], [10 * at_low, (at_low + at_high) / 2]):
        raise OptionError(
            f"ml_threshold auto: the commission of {type(scheme).__name__} is not in proportion to "
            "the order, so it is no fraction of the price; give ml_threshold a number"
        )
    worth = scheme.p.mult  # money per point of the price
    slips = getattr(p, "slip_open", True)  # if False, orders filled at the open have no slippage
    slip = (getattr(p, "slip_perc", 0.0) or 0.0) if slips else 0.0
    points = 0.0 if slip or not slips else getattr(p, "slip_fixed", 0.0) or 0.0
    fixed = 0.0 if abs(fixed) < 1e-9 * at_low else fixed
    return TradeCosts(share / worth + slip, fixed / worth + points)


def mean_commission(scheme, size, price):
    """Return the mean commission of a buy and a sell"""
    return float(scheme.getcommission(size, price) + scheme.getcommission(-size, price)) / 2
