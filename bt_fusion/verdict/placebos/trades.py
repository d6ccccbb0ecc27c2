"""Trades as filled by the broker, with the gain of each on each bar."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from bt_fusion.verdict.placebos.placebo import DrawFigures
from bt_fusion.verdict.placebos.run_figures import ratio, sharpe_of_sums

__all__ = ["Trades", "self_normalised", "squares", "trade_paths"]


@dataclass(frozen=True, eq=False)
class Trades:
    """Closed trades of a run.

    Attributes
    ----------
    kind : sequence
        Group that is drawn separately, such as (symbol, side); one value per trade.
    entry, exit : ndarray of int64, shape (n_trades,)
        Bars, with the same numbering in both runs.
    net : ndarray of float64, shape (n_trades,)
        Profit after costs, as a fraction of the entry's value.
    share : ndarray of float64, shape (n_trades,)
        Fraction of the account's value in the position.
    path : sparse array of float64, shape (n_trades, n_bars)
        Gain on each bar before costs, as a fraction of the account; see `trade_paths`.
    """

    kind: Sequence[Hashable]
    entry: np.ndarray
    exit: np.ndarray
    net: np.ndarray
    share: np.ndarray
    path: csr_array

    def __len__(self) -> int:
        return len(self.entry)

    @property
    def growth(self) -> np.ndarray:
        """Log growth of the account."""
        return np.log1p(np.maximum(self.share * self.net, -1 + 1e-12))

    @property
    def net_path(self) -> csr_array:
        """The path after costs, which fall on the exit bar."""
        costs = self.path.sum(axis=1) - self.share * self.net
        paid = csr_array((costs, (np.arange(len(self)), self.exit)), shape=self.path.shape)
        return csr_array(self.path - paid)

    def per_bar(self, weight: np.ndarray) -> np.ndarray:
        """Return the account's return per bar, costs on the exit bar, shape (n_bars,)."""
        return weight @ self.net_path

    def chosen(self, places: np.ndarray) -> "Trades":
        """Return the trades at these places."""
        return Trades(
            [self.kind[place] for place in places.tolist()],
            self.entry[places],
            self.exit[places],
            self.net[places],
            self.share[places],
            self.path[places],
        )

    def joined(self, other: "Trades") -> "Trades":
        """Return these trades plus others over the same bars."""
        return Trades(
            [*self.kind, *other.kind],
            np.append(self.entry, other.entry),
            np.append(self.exit, other.exit),
            np.append(self.net, other.net),
            np.append(self.share, other.share),
            csr_array(vstack([self.path, other.path])),
        )

    def figures(self, taken: np.ndarray, score: np.ndarray) -> DrawFigures:
        """Return the figures of runs of these trades.

        Parameters
        ----------
        taken : ndarray, shape (n_runs, n_trades)
            Number of times each run takes each trade.
        score : ndarray, shape (n_runs,)
        """
        count, won = taken.sum(axis=1), taken @ np.maximum(self.net, 0.0)
        account, bars = self.net_path, self.path.shape[1]
        return DrawFigures(
            entries=count.astype(np.int64),
            score=score,
            expectancy=ratio(taken @ self.net, count),
            profit=np.expm1(taken @ self.growth),
            win_rate=ratio(taken @ (self.net > 0), count),
            profit_factor=ratio(won, won - taken @ self.net),
            sharpe=sharpe_of_sums(taken @ account.sum(axis=1), squares(taken, account), bars),
            exposure=self.bars_held(taken) / bars,
        )

    def bars_held(self, taken: np.ndarray) -> np.ndarray:
        """Return the number of bars on which each run holds any trade, shape (n_runs,).

        A trade taken twice stands for another one of its length, at another time.
        """
        if (np.sort(self.entry)[1:] >= np.sort(self.exit)[:-1]).all():  # one at a time
            return taken @ (self.exit - self.entry)
        again = np.maximum(taken - 1, 0) @ (self.exit - self.entry)
        ends, at = np.unique(np.append(self.entry, self.exit), return_inverse=True)
        number = np.arange(len(self))
        change = np.repeat([1, -1], len(self))
        steps = csr_array((change, (np.append(number, number), at)), (len(self), len(ends)))
        lengths = np.diff(ends)
        once = [((run @ steps).cumsum()[:-1] > 0) @ lengths for run in np.minimum(taken, 1)]
        return np.array(once) + again

    def numbered(self) -> list[tuple[Hashable, int, int]]:
        """Return a unique key per trade: kind, entry, and its number among equal ones."""
        seen: dict[tuple[Hashable, int], int] = {}
        keys = []
        for kind, entry in zip(self.kind, self.entry.tolist(), strict=True):
            number = seen[kind, entry] = seen.get((kind, entry), -1) + 1
            keys.append((kind, entry, number))
        return keys


def trade_paths(
    opens: np.ndarray,
    entry: np.ndarray,
    exit: np.ndarray,
    entry_price: np.ndarray,
    exit_price: np.ndarray,
    weight: np.ndarray,
) -> csr_array:
    """Return each trade's gain on each bar held, from open to open.

    Parameters
    ----------
    opens : ndarray, shape (n_bars,)
    entry, exit : ndarray of int, shape (n_trades,)
        Bars of both fills.
    entry_price, exit_price : ndarray, shape (n_trades,)
    weight : ndarray, shape (n_trades,)
        Fraction of the account's value in the position, negative for a short one.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> opens = np.array([9.0, 10.0, 12.0, 11.0])
    >>> trade_paths(opens, np.array([1]), np.array([3]), 10 * one, 11 * one, one).toarray()
    array([[ 0. ,  0.2, -0.1,  0. ]])
    """
    held = exit - entry + 1
    row = np.repeat(np.arange(len(entry)), held)
    first = np.cumsum(held) - held
    bar = np.arange(len(row)) - np.repeat(first - entry, held)
    start, stop = opens[bar], opens[np.minimum(bar + 1, len(opens) - 1)]
    start[first], stop[first + held - 1] = entry_price, exit_price
    gain = weight[row] * (stop - start) / entry_price[row]
    return csr_array((gain, (row, bar)), shape=(len(entry), len(opens)))


def squares(weight: np.ndarray, path: csr_array) -> np.ndarray:
    """Return the sum of squares over the bars of weighted sums of paths, shape (n_runs,).

    Computed from products of trades that share a bar; these are few.

    Parameters
    ----------
    weight : ndarray, shape (n_runs, n_trades)
    path : sparse array, shape (n_trades, n_bars)
    """
    return ((weight @ (path @ path.T)) * weight).sum(axis=1)


def self_normalised(total: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return sums divided by the root of their sums of squares, 0 for an empty sum."""
    some = square > 0
    return np.where(some, total, 0.0) / np.sqrt(np.where(some, square, 1.0))
