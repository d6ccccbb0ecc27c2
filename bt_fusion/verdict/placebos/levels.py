"""Stop and target orders over arrays: where each bar's position would hit them."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays

__all__ = ["Distance", "LevelExits", "LevelFills", "Levels", "fills", "first_touch"]


@dataclass(frozen=True)
class Distance:
    """Distance of an order from the entry price; no order if both are 0.

    Attributes
    ----------
    share : float
        Fraction of the entry price.
    units : float
        ATR units.
    """

    share: float = 0.0
    units: float = 0.0

    def price(self, entry: np.ndarray, side: np.ndarray, atr: np.ndarray | None) -> np.ndarray:
        """Return the order's price on a side, beyond all prices if there is no order.

        >>> Distance(0.1).price(np.array([100.0]), np.array([-1]), None)
        array([90.])
        """
        if self.share:
            return entry * (1 + side * self.share)
        if self.units and atr is not None:
            return entry + side * self.units * atr
        return np.where(side > 0, np.inf, -np.inf)


@dataclass(frozen=True, eq=False)
class LevelExits:
    """Bar and price at which a position signalled at each bar hits its stop or target.

    Attributes
    ----------
    bar : ndarray of int64, shape (n_bars,)
        Bar of the fill; n_bars if neither is hit.
    price : ndarray of float64, shape (n_bars,)
        Price of the fill without slippage.
    filled : ndarray of float64, shape (n_bars,)
        With slippage.
    """

    bar: np.ndarray
    price: np.ndarray
    filled: np.ndarray


@dataclass(frozen=True, eq=False)
class LevelFills:
    """Fill prices of orders on known bars, shape (n_orders,) each.

    Attributes
    ----------
    price : ndarray of float64
        Without slippage.
    filled : ndarray of float64
        With slippage.
    stopped : ndarray of bool
        True for the stop, False for the target.
    """

    price: np.ndarray
    filled: np.ndarray
    stopped: np.ndarray


@dataclass(frozen=True, eq=False)
class Levels:
    """Stop and target orders of each position.

    Attributes
    ----------
    stop, target : Distance
        Measured from the entry's fill.
    atr : ndarray of float64, shape (n_bars,), optional
        Average true range. The entry bar's value is used, because the orders are placed after it.
        NaN while it warms up.

    Notes
    -----
    The orders are active from the bar after the entry. If a bar's range touches both, the stop
    counts. If a bar opens beyond the stop, it fills at the open; a target fills at the open if that
    is better. A target never slips beyond its own price.
    """

    stop: Distance = Distance()
    target: Distance = Distance()
    atr: np.ndarray | None = None

    @property
    def ready(self) -> np.ndarray | bool:
        """Bars on which the strategy can trade, shape (n_bars,), or True for all."""
        return True if self.atr is None else np.isfinite(self.atr)

    def exits(self, bars: BarArrays, side: np.ndarray, slippage: float = 0.0) -> LevelExits:
        """Return where a position signalled at each bar hits them, ignoring other exits.

        Parameters
        ----------
        bars : BarArrays
        side : ndarray of int64, shape (n_bars,)
            Of the position: -1, 1; 0 for no entry.
        slippage : float
            Fraction of the price.

        Examples
        --------
        >>> flat = np.array([100.0, 100.0, 100.0, 100.0])
        >>> low = np.array([100.0, 98.0, 99.5, 97.0])  # the entry's own bar does not count
        >>> bars = BarArrays(flat, flat, flat, low, flat, flat)
        >>> exits = Levels(Distance(0.01)).exits(bars, np.ones(4, dtype=int))
        >>> exits.bar, exits.price[0]
        (array([3, 3, 4, 4]), np.float64(99.0))
        """
        count, own = len(bars), np.where(side < 0, -1, 1)
        entry_bar = np.minimum(np.arange(count) + 1, count - 1)
        entry = fills(bars, entry_bar, bars.open[entry_bar], own, slippage)
        atr = None if self.atr is None else self.atr[entry_bar]
        bar = self.touched(bars, np.arange(count) + 2, own, entry, atr)
        bar = np.where(side != 0, bar, count)
        met = bar < count
        found = self.filled_at(bars, np.minimum(bar, count - 1), own, entry, atr, slippage)
        price, filled = (np.where(met, each, np.nan) for each in (found.price, found.filled))
        return LevelExits(bar, price, filled)

    def touched(
        self,
        bars: BarArrays,
        start: np.ndarray,
        side: np.ndarray,
        entry: np.ndarray,
        atr: np.ndarray | None,
    ) -> np.ndarray:
        """Return the first bar from each start that hits stop or target, n_bars for none.

        Parameters
        ----------
        bars : BarArrays
        start : ndarray of int64, shape (n_positions,)
        side : ndarray of int64, shape (n_positions,)
            -1, 1.
        entry : ndarray of float64, shape (n_positions,)
            Price of the entry's fill.
        atr : ndarray of float64, shape (n_positions,), optional
            Of the entry's bar.
        """
        stop, target = self.stop.price(entry, -side, atr), self.target.price(entry, side, atr)
        lower, upper = np.minimum(stop, target), np.maximum(stop, target)
        return first_touch(bars.low, bars.high, lower, upper, start)

    def filled_at(
        self,
        bars: BarArrays,
        at: np.ndarray,
        side: np.ndarray,
        entry: np.ndarray,
        atr: np.ndarray | None,
        slippage: float = 0.0,
    ) -> LevelFills:
        """Return the fills on bars that hit stop or target; `at`: these bars, else as above.

        Parameters
        ----------
        slippage : float
            Fraction of the price.
        """
        stop, target = self.stop.price(entry, -side, atr), self.target.price(entry, side, atr)
        opened, high, low = bars.open[at], bars.high[at], bars.low[at]
        stopped = np.where(side > 0, low <= stop, high >= stop)
        level = np.where(stopped, stop, target)
        beyond = (side * (opened - level) < 0) == stopped
        price = np.where(beyond, opened, level)
        at_limit = side * np.maximum(side * (price * (1 - side * slippage)), side * target)
        at_limit = np.where(side > 0, at_limit, np.minimum(at_limit, high))
        filled = np.where(stopped, fills(bars, at, price, -side, slippage), at_limit)
        return LevelFills(price, filled, stopped)


def fills(
    bars: BarArrays, at: np.ndarray, price: np.ndarray, side: np.ndarray, slippage: float
) -> np.ndarray:
    """Return fill prices with slippage, limited to the range of their bars."""
    taken = price * (1 + side * slippage)
    return np.where(side > 0, np.minimum(taken, bars.high[at]), np.maximum(taken, bars.low[at]))


def first_touch(
    low: np.ndarray, high: np.ndarray, lower: np.ndarray, upper: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Return the first bar from each start whose range reaches one of two prices.

    Parameters
    ----------
    low, high : ndarray, shape (n_bars,)
    lower, upper : ndarray, shape (n_starts,)
    start : ndarray of int64, shape (n_starts,)

    Returns
    -------
    ndarray of int64, shape (n_starts,)
        n_bars for none.

    Notes
    -----
    Lowest lows and highest highs of 1, 2, 4, ... bars let each start skip the largest stretch that
    reaches neither price, then the next smaller one: n log n steps for any distance.

    Examples
    --------
    >>> price = np.array([5.0, 6.0, 5.0, 3.0])
    >>> lower, upper = np.array([4.0, 1.0]), np.array([9.0, 9.0])
    >>> first_touch(price, price, lower, upper, np.array([0, 0]))
    array([3, 4])
    """
    count = len(low)
    lows, highs = [low], [high]
    while 2 ** len(lows) <= count:
        reach = 2 ** (len(lows) - 1)
        lows.append(np.minimum(lows[-1][:-reach], lows[-1][reach:]))
        highs.append(np.maximum(highs[-1][:-reach], highs[-1][reach:]))
    at = np.minimum(start, count)
    for power in reversed(range(len(lows))):
        inside = np.minimum(at, len(lows[power]) - 1)
        fits = at + 2**power <= count
        skips = fits & (lows[power][inside] > lower) & (highs[power][inside] < upper)
        at = np.where(skips, at + 2**power, at)
    return at
