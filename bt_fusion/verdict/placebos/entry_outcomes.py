"""Trade results of an entry at each bar, under a strategy's exit rule and costs."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, exit_bars

__all__ = ["Costs", "Outcomes", "mean_position", "moves", "trade_results", "turnover"]


@dataclass(frozen=True)
class Costs:
    """Trading costs and position size.

    Attributes
    ----------
    commission : float
        Fraction of the value, per side.
    slippage : float
        Fraction of the price, per fill; a fill stays within its bar's range.
    share : float
        Fraction of the account's value in a position.
    """

    commission: float = 0.0005
    slippage: float = 0.0
    share: float = 0.95

    @property
    def rate(self) -> float:
        """Commission and slippage of one side."""
        return self.commission + self.slippage


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Results of a trade signalled at each bar.

    Attributes
    ----------
    side : ndarray of int64, shape (n_bars,)
        1 long, -1 short, 0 where no entry is possible.
    exit_bar : ndarray of int64, shape (n_bars,)
        Bar at whose open the trade ends, -1 if still open at the last bar.
    gross : ndarray of float64, shape (n_bars,)
        Profit before costs as a fraction of the entry's value; open trades at the last close.
    net : ndarray of float64, shape (n_bars,)
        The same after commission and slippage.
    growth : ndarray of float64, shape (n_bars,)
        Log growth of the account.
    opens : ndarray of float64, shape (n_bars,)
    last : float
        The last close.
    costs : Costs
    """

    side: np.ndarray
    exit_bar: np.ndarray
    gross: np.ndarray
    net: np.ndarray
    growth: np.ndarray
    opens: np.ndarray
    last: float
    costs: Costs

    @classmethod
    def of(
        cls,
        bars: BarArrays,
        technical: np.ndarray,
        rule: ExitRule = ExitRule(),
        costs: Costs = Costs(),
        allowed: np.ndarray | None = None,
    ) -> "Outcomes":
        """Compute every bar's trade in the direction of its technical state.

        Parameters
        ----------
        bars : BarArrays
        technical : ndarray, shape (n_bars,)
            -1, 0, 1; NaN counts as 0.
        rule : ExitRule
        costs : Costs
        allowed : ndarray of bool, shape (n_bars,), optional
            Bars whose signals may enter; all if not given.
        """
        side = rule.sides(technical)
        if allowed is not None:
            side = np.where(allowed, side, 0)
        exit_bar = exit_bars(side, technical, rule)
        signal, last = np.arange(len(side)), bars.close[-1]
        ends = np.append(bars.open, last)[np.where(exit_bar >= 0, exit_bar, len(side))]
        gross = side * (ends / bars.open[np.minimum(signal + 1, len(side) - 1)] - 1)
        net, growth = trade_results(bars, signal, side, exit_bar, costs)
        return cls(side, exit_bar, gross, net, growth, bars.open, last, costs)

    @property
    def closed(self) -> np.ndarray:
        """Whether each bar's trade closes before the last bar."""
        return self.exit_bar >= 0

    @property
    def moves(self) -> np.ndarray:
        """Price return from each bar's open to the next open, the last to its close."""
        return moves(self.opens, self.last)

    @property
    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """First bar each bar's trade is held, and the bar after the last."""
        count = len(self.side)
        start = np.minimum(np.arange(count) + 1, count)
        return start, np.where(self.closed, self.exit_bar, count)

    def sum_held(self, values: np.ndarray) -> np.ndarray:
        """Return per-bar values summed over the holding period of each bar's trade."""
        start, stop = self.spans
        summed = np.append(0.0, np.cumsum(values))
        return summed[stop] - summed[start]

    def exposure(self, entered: np.ndarray) -> np.ndarray:
        """Return the mean position on each bar, given the probability of each entry.

        Parameters
        ----------
        entered : ndarray of float64, shape (n_bars,)
            Probability, or 0 and 1, of an entry at each signal bar.

        Returns
        -------
        ndarray of float64, shape (n_bars,)
            1 a full long position, -1 a short one, from the bar's open to the next open.
        """
        return mean_position(*self.spans, self.side * entered, len(self.side))

    def per_bar(self, entered: np.ndarray) -> np.ndarray:
        """Return the account's mean return per bar, given the probability of each entry.

        From each bar's open to the next open; exit costs fall on the last bar held.
        """
        start, stop = self.spans
        last = np.where(self.closed, stop - 1, len(self.side))
        paid = turnover(start, last, entered, len(self.side)) * self.costs.rate
        return self.costs.share * (self.exposure(entered) * self.moves - paid)

    def entries_of(self, trips: RoundTrips) -> np.ndarray:
        """Return 1 at each bar whose signal a replay entered on, else 0."""
        entered = np.zeros(len(self.side))
        entered[trips.signal] = 1.0
        return entered


def mean_position(start: np.ndarray, stop: np.ndarray, weight: np.ndarray, bars: int) -> np.ndarray:
    """Return the sum of weights of the trades held on each bar, shape (n_bars,).

    >>> mean_position(np.array([0, 2]), np.array([2, 4]), np.array([1.0, -1.0]), 4)
    array([ 1.,  1., -1., -1.])
    """
    change = np.bincount(start, weight, minlength=bars + 1)
    change = change - np.bincount(stop, weight, minlength=bars + 1)
    return np.cumsum(change[:bars])


def turnover(first: np.ndarray, last: np.ndarray, weight: np.ndarray, bars: int) -> np.ndarray:
    """Return the weight of fills per bar: entries on the first bar held, exits on the last.

    >>> turnover(np.array([0, 1]), np.array([0, 3]), np.array([1.0, 1.0]), 3)  # the last is open
    array([2., 1., 0.])
    """
    made = np.bincount(first, weight, minlength=bars + 1)
    return (made + np.bincount(last, weight, minlength=bars + 1))[:bars]


def moves(opens: np.ndarray, last: float) -> np.ndarray:
    """Return the price return from each bar's open to the next open, or the last close.

    >>> moves(np.array([10.0, 11.0, 11.0]), 22.0)
    array([0.1, 0. , 1. ])
    """
    return np.append(opens[1:], last) / opens - 1


def trade_results(
    bars: BarArrays,
    signal: np.ndarray,
    side: np.ndarray,
    exit_bar: np.ndarray,
    costs: Costs,
    filled: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return net returns of trades, and their log growth of the account.

    Parameters
    ----------
    bars : BarArrays
    signal, side, exit_bar : ndarray of int64, shape (n_trades,)
        As in `RoundTrips`; a side of 0 is not a trade.
    costs : Costs
    filled : ndarray of float64, shape (n_trades,), optional
        Price of an exit inside a bar, NaN where the trade ends at an open.
    """
    count, last = len(bars), bars.close[-1]
    buy = np.append(np.minimum(bars.open * (1 + costs.slippage), bars.high), last)
    sell = np.append(np.maximum(bars.open * (1 - costs.slippage), bars.low), last)
    short = (side < 0) * (count + 1)  # prices stored in pairs: one look-up each
    start = np.minimum(signal + 1, count - 1)
    entry = np.concatenate([buy, sell]).take(start + short)
    closed = exit_bar >= 0
    exit = np.concatenate([sell, buy]).take(np.where(closed, exit_bar, count) + short)
    if filled is not None:
        exit = np.where(np.isnan(filled), exit, filled)
    made = side * (exit - entry) - costs.commission * (entry + closed * exit)
    made *= side != 0
    growth = np.log1p(np.maximum(costs.share * made / bars.close.take(signal), -1 + 1e-12))
    return made / entry, growth
