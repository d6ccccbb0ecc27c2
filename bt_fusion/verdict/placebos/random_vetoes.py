"""Random filters: the strategy's results if chance, not ML, skips the same number of entries.

Under costs, trading less looks like skill. So ML-on is compared with random filters of the
technical signals that have the same number of entries on each side, and the same exits, sizes and
costs.
"""

import numpy as np

from bt_fusion.verdict.placebos.entry_outcomes import Outcomes
from bt_fusion.verdict.placebos.placebo import DrawFigures, Placebo
from bt_fusion.verdict.placebos.replay import RoundTrips
from bt_fusion.verdict.placebos.run_figures import MeanDraw, TradeColumns
from bt_fusion.verdict.placebos.veto_probability import SIDES, VetoProbability

__all__ = ["Accounts", "random_vetoes"]


def random_vetoes(
    outcomes: Outcomes, trips: RoundTrips, draws: int = 1_000, seed: int = 0
) -> Placebo:
    """Compare a run with random filters that have the same number of entries on each side.

    Parameters
    ----------
    outcomes : Outcomes
        Of the bars and the technical signals alone.
    trips : RoundTrips
        ML-on's trades, see `replay`.
    draws : int
    seed : int

    Examples
    --------
    >>> from bt_fusion.data.bars import BarArrays
    >>> from bt_fusion.verdict.placebos.replay import replay
    >>> from bt_fusion.data.samples import random_walk
    >>> bars = BarArrays.of(random_walk(2_000))
    >>> state = np.sign(np.diff(bars.close, prepend=bars.close[0]))
    >>> chance = np.random.default_rng(0).random(2_000) < 0.3
    >>> placebo = random_vetoes(Outcomes.of(bars, state), replay(state * chance, state), 200)
    >>> 0.05 < placebo.p_value < 0.95
    True
    """
    long, short = (int((trips.side == s).sum()) for s in SIDES)
    veto = VetoProbability.matching(outcomes, long, short)
    accounts = Accounts(veto)
    drawn = np.zeros((draws, 2, accounts.each.shape[1]))
    for who, at in veto.draw(draws, seed):
        drawn[who, accounts.side[at]] += accounts.each[at]
    above = outcomes.per_bar(outcomes.entries_of(trips)) - outcomes.per_bar(veto.entered)
    return Placebo("veto", accounts.of(trips), accounts.figures(drawn), above)


class Accounts:
    """Contributions of each bar's trade to the sums behind a run's figures.

    Parameters
    ----------
    veto : VetoProbability
        The random filter that runs are compared with.

    Attributes
    ----------
    each : ndarray of float64, shape (n_bars, n_columns)
        See `TradeColumns`.
    """

    def __init__(self, veto: VetoProbability):
        out = veto.outcomes
        sides = [out.side == s for s in SIDES]
        entered = [np.where(side, veto.entered, 0.0) for side in sides]
        mean = np.array([out.exposure(each) for each in entered])
        size = np.array([each.sum() for each in entered])
        self.columns = TradeColumns(out.moves, out.costs, MeanDraw(mean, size, by="entries"))
        self.side = np.where(out.side < 0, 1, 0)
        start, stop = out.spans
        table = self.columns.of(start, stop, out.side, out.closed, out.net, out.growth)
        self.each = np.stack(table, axis=1) * (out.side != 0)[:, None]

    def of(self, trips: RoundTrips) -> DrawFigures:
        """Return the figures of one run."""
        return self.figures(self.summed(trips.signal)[None])

    def summed(self, signal: np.ndarray) -> np.ndarray:
        """Return the sums of one run by side, shape (2, n_columns)."""
        total = np.zeros((2, self.each.shape[1]))
        np.add.at(total, self.side[signal], self.each[signal])
        return total

    def figures(self, sums: np.ndarray) -> DrawFigures:
        """Return the figures of runs from their sums, shape (n_runs, 2, n_columns)."""
        return self.columns.figures(sums)
