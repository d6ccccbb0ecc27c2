"""Random vetoes: what a strategy makes when chance, not ML, skips as many of its entries.

Trading less under costs looks like skill. So ML-on is compared with random vetoes that leave as
many of the technical side's entries on each side, with the same exits, sizes and costs.
"""

import numpy as np

from bt_fusion.verdict.placebos.entry_outcomes import Outcomes
from bt_fusion.verdict.placebos.placebo import DrawFigures, Placebo
from bt_fusion.verdict.placebos.replay import RoundTrips, one_at_a_time
from bt_fusion.verdict.placebos.veto_probability import SIDES, VetoProbability

__all__ = ["Accounts", "random_vetoes", "shifted"]


def random_vetoes(
    outcomes: Outcomes, trips: RoundTrips, draws: int = 1_000, seed: int = 0
) -> Placebo:
    """Compare a run with random vetoes that leave as many entries on each side.

    Parameters
    ----------
    outcomes : Outcomes
        Of the bars and the technical side alone.
    trips : RoundTrips
        What ML-on traded, see `replay`.
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
    drawn = np.zeros((draws, accounts.each.shape[1]))
    for who, at in veto.draw(draws, seed):
        drawn[who] += accounts.each[at]
    above = outcomes.per_bar(outcomes.entries_of(trips)) - outcomes.per_bar(veto.entered)
    return Placebo("veto", accounts.of(trips), accounts.figures(drawn), above)


def shifted(
    outcomes: Outcomes,
    trips: RoundTrips,
    agrees: np.ndarray,
    draws: int = 200,
    seed: int = 0,
) -> Placebo:
    """Compare a run with its own probabilities, moved along the bars by random distances.

    A circular shift keeps how often, how long and how surely ML predicts, and breaks its link to
    what the market does: also the harmless one to the technical side, so that shifted runs may
    enter more often or less. Distances are a twentieth of the bars at least.

    Parameters
    ----------
    outcomes, trips
        As in `random_vetoes`.
    agrees : ndarray of bool, shape (2, n_bars)
        Where ML is sure enough of a rise, and of a fall.
    draws, seed : int
    """
    long, short = (int((trips.side == s).sum()) for s in SIDES)
    veto = VetoProbability.matching(outcomes, long, short)
    accounts = Accounts(veto)
    count = len(outcomes.side)
    least = count // 20
    rng = np.random.default_rng(seed)
    drawn = np.zeros((draws, accounts.each.shape[1]))
    for row, distance in enumerate(rng.integers(least, max(least + 1, count - least), draws)):
        up, down = np.roll(agrees, distance, axis=1)
        side = outcomes.side * np.where(outcomes.side > 0, up, down)
        drawn[row] = accounts.each[one_at_a_time(side, outcomes.exit_bar)].sum(axis=0)
    above = outcomes.per_bar(outcomes.entries_of(trips)) - outcomes.per_bar(veto.entered)
    return Placebo("shift", accounts.of(trips), accounts.figures(drawn), above)


class Accounts:
    """What each bar's trade adds to the sums a run is judged by.

    Parameters
    ----------
    veto : VetoProbability
        Of the random vetoes that runs are compared with.

    Attributes
    ----------
    each : ndarray of float64, shape (n_bars, columns)
        Entries long and short, closed, gain of the bars held, the same squared, squared times the
        mean long and the mean short position, net return, log growth.
    """

    def __init__(self, veto: VetoProbability):
        out = veto.outcomes
        sides = [out.side == s for s in SIDES]
        entered = [np.where(side, veto.entered, 0.0) for side in sides]
        mean = [out.exposure(each) for each in entered]
        gain, square = out.side * out.sum_held(out.moves), out.moves**2
        shared = [out.side * out.sum_held(each * square) for each in mean]
        net = np.where(out.closed, out.net, 0.0)
        self.each = np.column_stack(
            [*sides, out.closed, gain, out.sum_held(square), *shared, net, out.growth]
        ).astype(float)
        self._expected = np.array([each.sum() for each in entered])
        self._gain = np.array([each @ gain for each in entered])
        self._overlap = np.array([[a @ (b * square) for b in mean] for a in mean])

    def of(self, trips: RoundTrips) -> DrawFigures:
        """Return what one run came to, in the same figures as the draws'."""
        return self.figures(self.each[trips.signal].sum(axis=0)[None])

    def figures(self, sums: np.ndarray) -> DrawFigures:
        """Return the figures of runs from the sums over their trades, shape (n_runs, columns)."""
        entries, (closed, gain, square), shared, (net, growth) = np.split(sums.T, [2, 5, 7])
        times = entries / np.maximum(self._expected, 1e-12)[:, None]  # the mean draw, so often
        chosen = gain - self._gain @ times
        noise = square - 2 * (times * shared).sum(axis=0)
        noise += np.einsum("sn,st,tn->n", times, self._overlap, times)
        some = noise > 1e-9 * square  # else the run is the mean draw itself
        score = np.where(some, chosen, 0.0) / np.sqrt(np.where(some, noise, 1.0))
        expectancy = np.where(closed > 0, net, np.nan) / np.maximum(closed, 1)
        return DrawFigures(
            entries.sum(axis=0).astype(np.int64), score, expectancy, np.expm1(growth)
        )
