"""Figures of many runs at once, from sums over their trades."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.placebo import DrawFigures

__all__ = ["COLUMNS", "Endings", "MeanDraw", "TradeColumns", "ratio", "sharpe_of_sums"]

COLUMNS = (
    *("entries", "held", "closed", "gain", "square", "shared_long", "shared_short"),
    *("net", "won", "profit", "growth", "account", "account_square"),
)


@dataclass(frozen=True, eq=False)
class MeanDraw:
    """Position of the mean draw, the baseline of the scores.

    Attributes
    ----------
    position : ndarray of float64, shape (2, n_bars)
        Mean long and mean short position (negative) on each bar, from its open to the next open.
    size : ndarray of float64, shape (2,)
        Entries or bars held of the mean draw on each side.
    by : {"entries", "held"}
        What `size` counts. The baseline is scaled by the run's own count over `size`.
    """

    position: np.ndarray
    size: np.ndarray
    by: Literal["entries", "held"]


@dataclass(frozen=True, eq=False)
class Endings:
    """Exits of trades that may end inside a bar.

    Attributes
    ----------
    move : ndarray of float64, shape (n_trades,)
        Price return over the last bar held, up to the exit.
    cost : ndarray of float64, shape (n_trades,)
        Of the exit, as a fraction of the price.
    """

    move: np.ndarray
    cost: np.ndarray


class TradeColumns:
    """Contributions of single trades to the sums behind a run's figures.

    Parameters
    ----------
    moves : ndarray of float64, shape (n_bars,)
        Price return from each bar's open to the next open.
    costs : Costs
    mean : MeanDraw

    Notes
    -----
    A run's score needs sum(g) and sum(g^2) over the bars, g = (position - times x mean) x move.
    Both follow from sums over its trades, because a run holds one position at a time: the gain of
    the bars held, its square, and squared moves times both mean positions.
    """

    def __init__(self, moves: np.ndarray, costs: Costs, mean: MeanDraw):
        self.moves, self.costs, self.mean = moves, costs, mean
        square, (long, short) = moves**2, mean.position
        self._gain = mean.position @ moves
        self._overlap = (mean.position * square) @ mean.position.T
        columns = np.stack([moves, square, long * square, short * square], axis=1)
        self._summed = np.append(np.zeros((1, 4)), np.cumsum(columns, axis=0), axis=0)

    def of(
        self,
        start: np.ndarray,
        stop: np.ndarray,
        side: np.ndarray,
        closed: np.ndarray,
        net: np.ndarray,
        growth: np.ndarray,
        endings: Endings | None = None,
    ) -> list[np.ndarray]:
        """Return the columns of trades in the order of `COLUMNS`, each of shape (n_trades,).

        Parameters
        ----------
        start, stop : ndarray of int64, shape (n_trades,)
            First bar held, and the bar after the last.
        side : ndarray of int64, shape (n_trades,)
        closed : ndarray of bool, shape (n_trades,)
        net, growth : ndarray of float64, shape (n_trades,)
            See `trade_results`.
        endings : Endings, optional
            Of trades that may end inside a bar; if not given, the last bar counts in full.
        """
        sums = self._summed.take(stop, axis=0) - self._summed.take(start, axis=0)
        most, final = len(self.moves) - 1, np.maximum(stop - 1, 0)
        cost, last = self.costs.rate, self.moves.take(final)
        left = np.full(len(stop), cost)
        if endings is not None:
            sums += self._changed(final, last, endings.move)
            last, left = endings.move, endings.cost
        gain, square, long, short = sums.T
        gain, held, ends = side * gain, stop - start, closed.astype(float)
        won = np.maximum(net, 0.0) * ends
        left = left * ends
        paid_on = side * (cost * self.moves.take(np.minimum(start, most)) + left * last)
        turnover = cost**2 + left**2 + (2 * cost * left) * (held == 1)  # both fills on one bar
        return [
            *(np.ones(len(start)), held, ends, gain, square, side * long, side * short),
            *(net * ends, won > 0, won, growth),
            *(gain - cost - left, square - 2 * paid_on + turnover),
        ]

    def _changed(self, bar: np.ndarray, whole: np.ndarray, part: np.ndarray) -> np.ndarray:
        """Return the change of the sums where only part of a bar's move is earned."""
        long, short = self.mean.position[:, bar] * whole
        more = part - whole
        return np.stack([more, part**2 - whole**2, long * more, short * more], axis=1)

    def figures(self, sums: np.ndarray) -> DrawFigures:
        """Return the figures of runs from their sums by side, shape (n_runs, 2, n_columns)."""
        side = dict(zip(COLUMNS, np.moveaxis(sums, 2, 0), strict=True))
        both = {name: each.sum(axis=1) for name, each in side.items()}
        bars = len(self.moves)
        share = self.costs.share
        return DrawFigures(
            entries=both["entries"].astype(np.int64),
            score=self.score(side[self.mean.by], both),
            expectancy=ratio(both["net"], both["closed"]),
            profit=np.expm1(both["growth"]),
            win_rate=ratio(both["won"], both["closed"]),
            profit_factor=ratio(both["profit"], both["profit"] - both["net"]),
            sharpe=sharpe_of_sums(share * both["account"], share**2 * both["account_square"], bars),
            exposure=both["held"] / bars,
        )

    def score(self, count: np.ndarray, both: dict[str, np.ndarray]) -> np.ndarray:
        """Return sum(g) / sqrt(sum(g^2)) of runs, 0 for a run equal to the mean draw.

        Parameters
        ----------
        count : ndarray of float64, shape (n_runs, 2)
            Entries or bars held (see `MeanDraw.by`), by side.
        both : dict of ndarray, shape (n_runs,)
            gain, square, shared_long, shared_short: sums over both sides.
        """
        times = count / np.maximum(self.mean.size, 1e-12)
        shared = np.stack([both["shared_long"], both["shared_short"]], axis=1)
        chosen = both["gain"] - times @ self._gain
        noise = both["square"] - 2 * (times * shared).sum(axis=1)
        noise += np.einsum("ns,st,nt->n", times, self._overlap, times)
        some = noise > 1e-9 * both["square"]
        return np.where(some, chosen, 0.0) / np.sqrt(np.where(some, noise, 1.0))


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; NaN where the divisor is zero up to rounding.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    some = below > 1e-12
    return np.where(some, above, np.nan) / np.where(some, below, 1.0)


def sharpe_of_sums(total: np.ndarray, square: np.ndarray, bars: int) -> np.ndarray:
    """Return mean over standard deviation of returns from their sum and sum of squares.

    >>> sharpe_of_sums(np.array([2.0, 2.0]), np.array([4.0, 1.0]), 4)
    array([0.5, nan])
    """
    spread = square - total**2 / bars
    some = spread > 1e-12 * square
    deviation = np.sqrt(np.where(some, spread, 1.0) / max(1, bars - 1))
    return np.where(some, total / bars, np.nan) / deviation
