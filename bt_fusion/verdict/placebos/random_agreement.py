"""Random filters under the renewing exit, with the run's entries and bars held.

Under costs, trading less looks like skill, and so does holding longer. So ML-on is compared with
random filters that have the same number of entries and bars held on each side, with the same rule
and costs.
"""

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.agreement_draws import DrawnTrips, drawn_trips
from bt_fusion.verdict.placebos.chain_pair import SIDES, ChainPair
from bt_fusion.verdict.placebos.entry_outcomes import (
    Costs,
    mean_position,
    moves,
    trade_results,
    turnover,
)
from bt_fusion.verdict.placebos.levels import LevelExits
from bt_fusion.verdict.placebos.placebo import DrawFigures, Placebo
from bt_fusion.verdict.placebos.replay import RoundTrips
from bt_fusion.verdict.placebos.run_figures import Endings, MeanDraw, TradeColumns
from bt_fusion.verdict.placebos.trades import Trades

__all__ = ["random_agreement"]


def random_agreement(
    bars: BarArrays,
    state: np.ndarray,
    trips: RoundTrips,
    hold_bars: int = 5,
    costs: Costs = Costs(),
    draws: int = 1_000,
    seed: int = 0,
    *,
    paths: Trades | None = None,
    like: RoundTrips | None = None,
    exits: LevelExits | None = None,
) -> Placebo:
    """Compare a run with random filters that match its entries and bars held on each side.

    Parameters
    ----------
    bars : BarArrays
    state : ndarray, shape (n_bars,)
        Technical state: -1, 0, 1; NaN counts as 0. 0 where the side is not allowed.
    trips : RoundTrips
        ML-on's trades, see `renewed`.
    hold_bars : int
    costs : Costs
    draws, seed : int
    paths : Trades, optional
        The same trips as filled by the broker, if fills differ from the rule's (a stop, a rejected
        order). The run's figures are then computed from them; open trips are left out.
    like : RoundTrips, optional
        The trips whose entries and bars held are matched instead: those of the rule alone, if stops
        or targets end trips early.
    exits : LevelExits, optional
        Stops and targets that end the trips of the draws.

    Notes
    -----
    With stops and targets, the mean position is that of the filters without them: it only has to be
    known in advance, and the draws meet the same levels as the run. The average result of a draw
    (`Placebo.per_bar`, `Placebo.centre`) is then computed from the draws.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> from bt_fusion.verdict.placebos.replay import renewed
    >>> bars = BarArrays.of(random_walk(2_000))
    >>> state = np.sign(np.diff(bars.close, prepend=bars.close[0]))
    >>> chance = np.random.default_rng(0).random(2_000) < 0.3
    >>> placebo = random_agreement(bars, state, renewed(state, chance), draws=200)
    >>> 0.05 < placebo.p_value < 0.95, placebo.misfit < 0.1
    (True, True)
    """
    if paths is not None:
        closed = trips.exit_bar >= 0
        trips = trips[closed]
    entries, held = matched(trips if like is None else like, len(bars))
    pair = ChainPair.matching(state, entries, held, hold_bars)
    runs = Runs(bars, costs, pair, exits)
    blocks, mean = [], np.zeros(len(bars))
    for block in drawn_trips(pair, draws, seed, exits):
        blocks.append(runs.figures(block))
        if exits is not None:
            mean += runs.per_bar(block.trips) / draws
    drawn = DrawFigures.joined(blocks)
    if not draws or exits is None:
        mean = pair.per_bar(runs.moves, costs)
    if paths is None:
        real, made = runs.of(trips), runs.per_bar(trips)
    else:
        own = matched(trips, len(bars))[1]
        real, made = runs.of_paths(paths, own), paths.per_bar(np.ones(len(paths)))
    centre = float(drawn.score.mean()) if draws and exits is not None else 0.0
    return Placebo("coin", real, drawn, made - mean, *pair.misfit(entries, held), True, centre)


def matched(trips: RoundTrips, bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Return entries and bars held on the long and on the short side."""
    start, stop = trips.spans(bars)
    rows = [trips.side == side for side in SIDES]
    entries = np.array([row.sum() for row in rows])
    return entries, np.array([(stop - start)[row].sum() for row in rows])


class Runs:
    """Runs over the same bars, compared with the mean random filter."""

    def __init__(
        self, bars: BarArrays, costs: Costs, pair: ChainPair, exits: LevelExits | None = None
    ):
        self.bars, self.costs, self.exits = bars, costs, exits
        self.moves = moves(bars.open, bars.close[-1])
        position = pair.position
        mean = MeanDraw(position, np.abs(position).sum(axis=1), by="held")
        self.columns = TradeColumns(self.moves, costs, mean)

    def of(self, trips: RoundTrips) -> DrawFigures:
        """Return the figures of one run."""
        order = np.argsort(trips.side < 0, kind="stable")
        return self.figures(DrawnTrips(np.zeros(len(order), dtype=np.int64), trips[order], 1))

    def figures(self, drawn: DrawnTrips) -> DrawFigures:
        """Return the figures of each draw."""
        trips, runs = drawn.trips, drawn.draws
        start, stop = trips.spans(len(self.bars))
        filled, endings = self.left_inside(trips)
        results = trade_results(
            self.bars, trips.signal, trips.side, trips.exit_bar, self.costs, filled
        )
        columns = self.columns.of(start, stop, trips.side, trips.exit_bar >= 0, *results, endings)
        first = np.searchsorted(runs * (trips.side < 0) + drawn.draw, np.arange(2 * runs + 1))
        sums = [sums_between(column, first) for column in columns]
        return self.columns.figures(np.stack(sums, axis=1).reshape(2, runs, -1).swapaxes(0, 1))

    def per_bar(self, trips: RoundTrips) -> np.ndarray:
        """Return a run's account return per bar; exit costs fall on the last bar held."""
        count = len(self.bars)
        start, stop = trips.spans(count)
        last = np.where(trips.exit_bar >= 0, stop - 1, count)
        paid = turnover(start, last, np.ones(len(start)), count) * self.costs.rate
        made = mean_position(start, stop, trips.side, count) * self.moves - paid
        endings = self.left_inside(trips)[1]
        if endings is not None:
            last = np.minimum(last, count - 1)  # an open trip earns the whole move
            change = trips.side * (endings.move - self.moves[last])
            change -= (trips.exit_bar >= 0) * (endings.cost - self.costs.rate)
            made += np.bincount(last, change, minlength=count)
        return self.costs.share * made

    def left_inside(self, trips: RoundTrips) -> tuple[np.ndarray | None, Endings | None]:
        """Return exit fills inside a bar (NaN for other trips), and the endings of all trips."""
        if self.exits is None or trips.inside is None:
            return None, None
        inside, at = trips.inside, trips.signal
        last = np.maximum(trips.spans(len(self.bars))[1] - 1, 0)
        opens, price = self.bars.open[last], self.exits.price[at]
        filled = np.where(inside, self.exits.filled[at], np.nan)
        move = np.where(inside, price / opens - 1, self.moves[last])
        slipped = np.abs(filled - price) / opens
        cost = np.where(inside, self.costs.commission + slipped, self.costs.rate)
        return filled, Endings(move, cost)

    def of_paths(self, paths: Trades, held: np.ndarray) -> DrawFigures:
        """Return the figures of a run from its fills; `held` is its bars held, long and short."""
        gained = (1 / paths.share) @ paths.path
        shared = self.columns.mean.position * self.moves @ gained
        sums = {
            "gain": gained.sum(),
            "square": gained @ gained,
            "shared_long": shared[0],
            "shared_short": shared[1],
        }
        score = self.columns.score(held[None], {name: np.array([s]) for name, s in sums.items()})
        return paths.figures(np.ones((1, len(paths))), score)


def sums_between(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the sums of values from each place to the next, shape (n_places - 1,).

    >>> sums_between(np.array([1, 2, 4]), np.array([0, 2, 2, 3]))
    array([3., 0., 4.])
    """
    summed = np.add.reduceat(np.append(values, 0.0), places[:-1])
    return np.where(np.diff(places) > 0, summed, 0.0)  # reduceat gives one value for none
