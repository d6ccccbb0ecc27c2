"""Sizes, fills and cash of many runs at once, as in Backtrader's broker."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bt_fusion.backtest.replayed.market import Market
from bt_fusion.verdict.placebos.levels import Levels, fills
from bt_fusion.verdict.placebos.replay import RoundTrips

__all__ = ["Fills", "fill_trips"]


@dataclass(frozen=True, eq=False)
class Fills:
    """Trades of one run as filled by the broker, shape (n_trades,) each.

    Attributes
    ----------
    trips : RoundTrips
    size : ndarray of float64
        Of the position, negative for a short one.
    bought : ndarray of float64
        Price of the entry's fill.
    entry : ndarray of float64
        The same as reported by the order: its value over its size.
    exit : ndarray of float64
        Price of the exit's fill; for an open trade the last close.
    cash : ndarray of float64
        Cash before the entry, equal to the account's value because it is flat.
    left : ndarray of float64
        Cash after the entry.
    final : float
        Cash after the last exit, or after the last entry if it is still open.
    stopped : ndarray of bool
        Whether a trade that ends inside a bar ends at its stop.
    commission : float
        Fraction of the value, per side.
    """

    trips: RoundTrips
    size: np.ndarray
    bought: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    cash: np.ndarray
    left: np.ndarray
    final: float
    stopped: np.ndarray
    commission: float

    @property
    def closed(self) -> np.ndarray:
        """Which trades have ended."""
        return self.trips.exit_bar >= 0

    @property
    def paid(self) -> np.ndarray:
        """Commission of each trade."""
        size = np.abs(self.size)
        opened, closed = (size * self.commission * each for each in (self.bought, self.exit))
        return np.where(self.closed, opened + closed, opened)

    @property
    def pnl(self) -> np.ndarray:
        """Profit of each trade after commission; of an open one, at the last close."""
        return self.size * (self.exit - self.entry) - self.paid

    @property
    def value(self) -> np.ndarray:
        """Value of each entry, in cash."""
        return np.abs(self.size * self.bought)


def fill_trips(
    market: Market, levels: Levels | None, runs: Sequence[RoundTrips]
) -> list[Fills | None]:
    """Fill the round trips of several runs, all with the same stop and target.

    Fills the first trades of all runs, then the second ones, and so on: each depends only on the
    cash left by the previous trade of its run.

    Parameters
    ----------
    market : Market
    levels : Levels, optional
    runs : sequence of RoundTrips

    Returns
    -------
    list of Fills or None
        None for a run in which the broker would reject an order, or in which a price meets a stop
        or target only in the last digit.

    Notes
    -----
    Every operation follows the order of Backtrader's broker, positions and trades, so every number
    equals the engine's bit for bit.
    """
    grid = Grid.of(np.array([len(trips.signal) for trips in runs], dtype=np.int64))
    orders = Orders.of(market, runs, grid)
    with np.errstate(all="ignore"):  # the rest of a failed run does not count
        filled, final = filled_orders(market, levels, orders, grid.width)
        wrong = filled["wrong"] | changed(market, levels, orders, filled["entry"])
    found: list[Fills | None] = []
    for run, trips in enumerate(runs):
        own, rank = grid.of_run(run), grid.rank[run]
        parts = {name: filled[name][own] for name in PARTS}
        made = Fills(trips, **parts, final=final[rank], commission=market.account.commission)
        found.append(None if wrong[own].any() else made)
    return found


PARTS = ("size", "bought", "entry", "exit", "cash", "left", "stopped")


@dataclass(frozen=True, eq=False)
class Orders:
    """Trade data known before the sizes, in tables of one shape.

    Attributes
    ----------
    side : ndarray of int64
    closed, inside : ndarray of bool
        Whether a trade has ended, and whether inside a bar.
    signal, entered, left : ndarray of int64
        Bars of signal, entry and exit; for an open trade the last bar.
    close : ndarray of float64
        Of the signal's bar.
    bought, sold : ndarray of float64
        Fill prices of orders at the opens of entry and exit; for an open trade the last close.
    """

    side: np.ndarray
    closed: np.ndarray
    inside: np.ndarray
    signal: np.ndarray
    entered: np.ndarray
    left: np.ndarray
    close: np.ndarray
    bought: np.ndarray
    sold: np.ndarray

    @classmethod
    def of(cls, market: Market, runs: Sequence[RoundTrips], grid: "Grid") -> "Orders":
        """Place the trips of several runs in a table."""
        bars, slips, last = market.bars, market.account.slippage, len(market) - 1
        signal, side, exit_bar, inside = (
            np.concatenate([np.zeros(0, dtype=np.int64), *parts])
            for parts in zip(*(trip_columns(trips) for trips in runs), strict=True)
        )
        closed, entered = exit_bar >= 0, np.minimum(signal + 1, last)
        left = np.where(closed, exit_bar, last)
        bought = fills(bars, entered, bars.open[entered], side, slips)
        sold = fills(bars, left, bars.open[left], -side, slips)
        sold = np.where(closed, sold, bars.close[-1])
        parts = (side, closed, inside > 0, signal, entered, left, bars.close[signal], bought, sold)
        return cls(*map(grid.placed, parts))


def trip_columns(trips: RoundTrips) -> tuple[np.ndarray, ...]:
    """Return signal, side, exit bar and inside."""
    inside = np.zeros(len(trips.side)) if trips.inside is None else trips.inside
    return trips.signal, trips.side, trips.exit_bar, inside.astype(np.int64)


def filled_orders(
    market: Market, levels: Levels | None, orders: Orders, width: list[int]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the fields of `Fills` for all trades, which ones failed, and each run's cash."""
    share, rate = market.account.share, market.account.commission
    cash = np.full(orders.side.shape[1], market.account.cash)
    found = {name: np.zeros(orders.side.shape) for name in PARTS}
    found |= {name: np.zeros(orders.side.shape, dtype=bool) for name in ("stopped", "wrong")}
    for row, wide in enumerate(width):
        at = row, slice(0, wide)
        before, side, bought = cash[:wide], orders.side[at], orders.bought[at]
        units = before * share / orders.close[at]
        size, fee = side * units, units * rate
        left_at_close = before - size * orders.close[at] - fee * orders.close[at]
        worth = size * bought
        left = before - worth - fee * bought
        entry, sold, stopped = worth / size, orders.sold[at], orders.inside[at]
        if levels is not None:
            known = None if levels.atr is None else levels.atr[orders.entered[at]]
            met = levels.filled_at(
                market.bars, orders.left[at], side, entry, known, market.account.slippage
            )
            sold, stopped = np.where(stopped, met.filled, sold), stopped & met.stopped
        after = left + (worth + size * (sold - bought)) - fee * sold
        enough = (units > 0) & (left_at_close >= 0) & (left >= 0)
        values = (size, bought, entry, sold, before, left, stopped)
        for name, value in zip((*PARTS, "wrong"), (*values, ~enough), strict=True):
            found[name][at] = value
        cash[:wide] = np.where(orders.closed[at], after, left)
    return found, cash


def changed(market: Market, levels: Levels | None, orders: Orders, entry: np.ndarray) -> np.ndarray:
    """Return which trades would hit stop or target on another bar at this entry price.

    The trips were found with the fill's price, which differs from the order's in the last digit.
    That matters if a bar just touches a level.
    """
    if levels is None:
        return np.zeros(orders.side.shape, dtype=bool)
    atr = None if levels.atr is None else levels.atr[orders.entered]
    met = levels.touched(market.bars, orders.entered + 1, orders.side, entry, atr)
    decided = np.where(orders.closed, orders.left - 1, len(market) - 1)
    return np.where(orders.inside, met != orders.left, met <= decided)


@dataclass(frozen=True, eq=False)
class Grid:
    """Positions of several runs' trades in a table: row k holds the k-th trade of each run.

    Runs with more trades come first, so each row is full up to its width.

    Attributes
    ----------
    rank : ndarray of int64, shape (n_runs,)
        Column of each run.
    counts : ndarray of int64, shape (n_runs,)
    row, column : ndarray of int64, shape (n_trades,)
        Of each trade, run after run.
    width : list of int
        Runs that have a trade in each row.
    """

    rank: np.ndarray
    counts: np.ndarray
    row: np.ndarray
    column: np.ndarray
    width: list[int]

    @classmethod
    def of(cls, counts: np.ndarray) -> "Grid":
        """Build the grid for runs with these numbers of trades."""
        rank = np.argsort(np.argsort(-counts, kind="stable"))
        start = np.repeat(np.cumsum(counts) - counts, counts)
        row = np.arange(counts.sum()) - start
        width = np.bincount(row, minlength=0).tolist()
        return cls(rank, counts, row, np.repeat(rank, counts), width)

    def placed(self, values: np.ndarray) -> np.ndarray:
        """Return values of all trades as a table, shape (most trades, n_runs)."""
        table = np.zeros((len(self.width), len(self.counts)), dtype=values.dtype)
        table[self.row, self.column] = values
        return table

    def of_run(self, run: int) -> tuple[slice, int]:
        """Return the place of a run's trades in a table."""
        return slice(0, int(self.counts[run])), int(self.rank[run])
