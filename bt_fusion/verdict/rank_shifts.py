"""Gain of the ranks of P(side), in place and shifted at random along the bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.signal import lfilter

from bt_fusion.verdict.placebos.entry_outcomes import moves

__all__ = [
    "PredictedBars",
    "RankedBars",
    "gains",
    "gains_by_time",
    "random_shifts",
    "rolled",
    "running_rank",
]

FEWEST_BEFORE = 20  # earlier bars of the same side needed for a rank
RANK_BLOCK = 1_024  # bars compared in one block
LEAST_SHIFTED = 20  # fewest bars of a side for a circular shift
LEAST_SHIFT = 0.05  # smallest shift, as a fraction of the bars
DECAY = 0.94  # of squared returns, as in RiskMetrics
LEAST_VARIANCE = 0.01  # smallest variance to divide by, as a fraction of the mean squared return
CELLS = 400_000  # draws x bars in memory at once


@dataclass(frozen=True, eq=False)
class PredictedBars:
    """Bars of one symbol with their technical state and ML's prediction of it.

    Attributes
    ----------
    opens : ndarray of float64, shape (n_bars,)
    last_close : float
    state : ndarray, shape (n_bars,)
        Technical state: -1, 0, 1; NaN counts as 0.
    probability : ndarray of float64, shape (n_bars,)
        Of the state's side; NaN if unknown.
    time : ndarray, shape (n_bars,), optional
        Matches bars of several symbols; the bar number if not given.
    """

    opens: np.ndarray
    last_close: float
    state: np.ndarray
    probability: np.ndarray
    time: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class RankedBars:
    """The bars of one symbol that have a state and a prediction, long ones first.

    Attributes
    ----------
    bar, side : ndarray of int64, shape (n_ranked,)
    rank : ndarray of float64, shape (n_ranked,)
        Of P(side) among the bars of that side so far, NaN for the first ones, see `running_rank`.
    probability : ndarray of float64, shape (n_ranked,)
    gross : ndarray of float64, shape (n_ranked,)
        Return in the side's direction over the holding period, before costs; NaN near the end.
    long : int
        Number of long bars.
    returns : ndarray of float64, shape (n_bars - 1,)
        From the open after each bar to the next open, divided by the volatility so far.
    time : ndarray, shape (n_bars - 1,)
    hold_bars : int
    """

    bar: np.ndarray
    side: np.ndarray
    rank: np.ndarray
    probability: np.ndarray
    gross: np.ndarray
    long: int
    returns: np.ndarray
    time: np.ndarray
    hold_bars: int

    @classmethod
    def of(cls, market: PredictedBars, hold_bars: int) -> "RankedBars":
        """Rank the bars of each side; a side with under 20 bars is left out."""
        count = len(market.opens) - 1  # an order on the last bar is never filled
        side = np.sign(np.nan_to_num(market.state[:count])).astype(np.int64)
        known = np.isfinite(market.probability[:count])
        bars = [np.flatnonzero(known & (side == own)) for own in (1, -1)]
        bars = [bar[: len(bar) * (len(bar) >= LEAST_SHIFTED)] for bar in bars]
        bar = np.concatenate(bars)
        return cls(
            bar,
            side[bar],
            np.concatenate([running_rank(market.probability[each]) for each in bars]),
            market.probability[bar],
            side[bar] * held_returns(market.opens, hold_bars)[bar],
            len(bars[0]),
            scaled_by_volatility(moves(market.opens, market.last_close)[1:]),
            np.arange(count) if market.time is None else market.time[:count],
            hold_bars,
        )

    @cached_property
    def weight(self) -> np.ndarray:
        """Position weights: the rank, 0 where unknown, shape (n_ranked,)."""
        return np.nan_to_num(self.rank)

    def moved(self, distance: np.ndarray) -> np.ndarray:
        """Return the ranks of each side shifted in a circle, shape (n_draws, n_ranked).

        Parameters
        ----------
        distance : ndarray of float64, shape (n_draws, 2)
            Shift of the long and of the short bars, as a fraction of their number.
        """
        sides = self.weight[: self.long], self.weight[self.long :]
        return np.concatenate(
            [rolled(ranks, far) for ranks, far in zip(sides, distance.T, strict=True)], axis=1
        )

    @cached_property
    def _place(self) -> np.ndarray:
        """Index of each bar among the ranked ones, n_ranked if unranked, shape (n_bars - 1,)."""
        place = np.full(len(self.returns), len(self.bar))
        place[self.bar] = np.arange(len(self.bar))
        return place

    def position(self, weight: np.ndarray) -> np.ndarray:
        """Return the sum of the open positions per bar, shape (n_runs, n_bars - 1).

        Each bar's position is held for `hold_bars` bars.
        """
        sided = np.zeros((len(weight), len(self.bar) + 1), dtype=np.float32)
        np.multiply(weight, self.side, out=sided[:, :-1], casting="unsafe")
        summed = np.cumsum(sided.take(self._place, axis=1), axis=1)
        held = summed.copy()
        held[:, self.hold_bars :] -= summed[:, : -self.hold_bars]
        return held


def running_rank(values: np.ndarray, first: int = FEWEST_BEFORE) -> np.ndarray:
    """Return the rank of each value among those before it, scaled to [0, 1] less 1/2.

    A rank among all values would look ahead. A prediction that falls as prices rise, such as a
    distance from a long average, ranks high where prices are low in hindsight and so rise later,
    even on a random walk.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    first : int
        Number of first values without a rank (NaN), with too few values before them.

    References
    ----------
    So and Shin, Recursive mean adjustment in time-series inferences (1999), for means.

    Examples
    --------
    >>> running_rank(np.array([3.0, 1.0, 2.0, 4.0, 2.0]), first=1)
    array([   nan, -0.5  ,  0.   ,  0.5  , -0.125])
    """
    ranks, seen = np.full(len(values), np.nan), np.empty(0)
    for start in range(0, len(values), RANK_BLOCK):
        block = values[start : start + RANK_BLOCK]
        earlier = np.tri(len(block), k=-1, dtype=bool)
        below = np.searchsorted(seen, block, "left") + (earlier & (block < block[:, None])).sum(1)
        upto = np.searchsorted(seen, block, "right") + (earlier & (block <= block[:, None])).sum(1)
        before = np.arange(start, start + len(block))
        known = before >= max(first, 1)
        ranks[before[known]] = ((below + upto) / 2)[known] / before[known] - 0.5
        seen = np.sort(np.concatenate([seen, block]), kind="stable")
    return ranks


def rolled(values: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Return values shifted in a circle by fractions of its length, one row per shift.

    >>> rolled(np.array([1, 2, 3, 4]), np.array([0.25, 0.5]))
    array([[4, 1, 2, 3],
           [3, 4, 1, 2]])
    """
    count = len(values)
    if count < 2:
        return np.broadcast_to(values, (len(distance), count))
    steps = np.clip(np.rint(distance * count).astype(np.int64), 1, count - 1)
    twice = np.concatenate([values, values])
    return np.lib.stride_tricks.sliding_window_view(twice, count)[count - steps]


def random_shifts(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw circular shifts as fractions of the length, at least a twentieth in either direction."""
    return rng.uniform(LEAST_SHIFT, 1 - LEAST_SHIFT, shape)


def held_returns(opens: np.ndarray, hold_bars: int) -> np.ndarray:
    """Return the return over the holding period from the open after each bar, NaN at the end.

    >>> held_returns(np.array([1.0, 2.0, 3.0, 6.0]), 2)
    array([ 2., nan, nan, nan])
    """
    made = np.full(len(opens), np.nan)
    made[: -hold_bars - 1] = opens[hold_bars + 1 :] / opens[1:-hold_bars] - 1
    return made


def scaled_by_volatility(returns: np.ndarray) -> np.ndarray:
    """Return returns divided by the volatility known before each begins.

    Notes
    -----
    Volatility is the root of the exponentially weighted mean of past squared returns, starting at
    their overall mean. That mean only scales the first few returns. The variance is at least a
    hundredth of it, so that returns after unchanged prices stay finite.
    """
    mean = float((returns**2).mean()) if len(returns) else 0.0
    if mean == 0:
        return np.zeros(len(returns))
    squares = np.append(mean, returns[:-1] ** 2)
    variance, _ = lfilter([1 - DECAY], [1, -DECAY], squares, zi=[DECAY * mean])
    return returns / np.sqrt(np.maximum(variance, LEAST_VARIANCE * mean))


def gains(
    markets: Sequence[RankedBars], distances: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the total gain of the ranks and its sum of squares, shape (n_runs,).

    Parameters
    ----------
    markets : sequence of RankedBars
        Gains at the same time are added before they are squared.
    distances : ndarray of float64, shape (n_draws, 2), optional
        Shifts of long and short ranks; none if not given.
    """
    place, times = _common_times(markets)
    runs = 1 if distances is None else len(distances)
    block = max(1, CELLS // max(1, times))
    total, square = np.zeros((2, runs))
    for start in range(0, runs, block):
        rows = slice(start, min(start + block, runs))
        gained = np.zeros((rows.stop - start, times), dtype=np.float32)
        for market, at in zip(markets, place, strict=True):
            weight = market.weight[None] if distances is None else market.moved(distances[rows])
            gained[:, at] += market.position(weight) * market.returns.astype(np.float32)
        total[rows] = gained.sum(axis=1, dtype=float)
        square[rows] = np.einsum("ij,ij->i", gained, gained)
    return total, square


def gains_by_time(markets: Sequence[RankedBars]) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of all markets, ascending, and the gain of the ranks at each.

    Parameters
    ----------
    markets : sequence of RankedBars
    """
    place, count = _common_times(markets)
    gained, times = np.zeros(count), np.zeros(count, dtype=markets[0].time.dtype)
    for market, at in zip(markets, place, strict=True):
        gained[at] += market.position(market.weight[None])[0] * market.returns
        times[at] = market.time
    return times, gained


def _common_times(
    markets: Sequence[RankedBars],
) -> tuple[list[slice | np.ndarray], int]:
    """Return the positions of each market's bars among all times, and the number of times."""
    if len(markets) == 1:
        return [slice(None)], len(markets[0].time)
    every, place = np.unique(
        np.concatenate([market.time for market in markets]), return_inverse=True
    )
    cuts = np.cumsum([len(market.time) for market in markets])[:-1]
    return list(np.split(place, cuts)), len(every)
