"""Random vetoes: what a strategy makes when chance, not ML, thins out its entries as much.

Trading less under costs looks like skill. So ML-on is held against a coin that vetoes entries of
the technical side until as many are left on each side, with the same exits, sizes and costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bt_fusion.outcomes import Outcomes
from bt_fusion.replay import Trips

__all__ = ["Placebo", "Tally", "VetoLaw", "random_vetoes", "tally_of"]

CERTAIN = 1 - 1e-12  # a rate of 1 has no finite hazard
STEPS = 60
CLOSE_ENOUGH = 0.01  # entries


@dataclass(frozen=True, eq=False)
class Tally:
    """What runs of the same rule came to, one value a run.

    Attributes
    ----------
    entries : ndarray of int64, shape (n_runs,)
    score : ndarray of float64, shape (n_runs,)
        Studentised gross return of the closed trades, see `Placebo`; 0 without any.
    expectancy : ndarray of float64, shape (n_runs,)
        Mean net return of the closed trades as a fraction of their value, NaN without any.
    profit : ndarray of float64, shape (n_runs,)
        Net profit as a fraction of the cash at the start.
    """

    entries: np.ndarray
    score: np.ndarray
    expectancy: np.ndarray
    profit: np.ndarray


@dataclass(frozen=True, eq=False)
class Placebo:
    """Where a run lies among runs whose entries chance has chosen.

    Attributes
    ----------
    kind : str
        What chance did.
    real : Tally
        Of the run itself, one value each.
    drawn : Tally
        One value a draw.
    per_bar : ndarray of float64, shape (n_bars,)
        Return of the account a bar above that of the mean draw.

    Notes
    -----
    The statistic is sum(r) / sqrt(sum(r^2)) over closed trades, with r the trade's return before
    costs less the mean one that chance makes on the same side. Before costs, because all trades
    pay alike, and -c/sigma would favour whoever picks volatile bars. By side, because under a
    drift long and short differ without any skill. As a self-normalised sum (Efron 1969) it is
    Student's t in another scale, and hardly depends on the number of trades.
    """

    kind: str
    real: Tally
    drawn: Tally
    per_bar: np.ndarray

    @property
    def p_value(self) -> float:
        """Share of draws that chose at least as well, the run itself counted among them."""
        return float((1 + (self.drawn.score >= self.real.score).sum()) / (len(self) + 1))

    def __len__(self) -> int:
        return len(self.drawn.score)


@dataclass(frozen=True, eq=False)
class VetoLaw:
    """A random veto: flat, and the technical state says a side, it enters with a probability.

    Attributes
    ----------
    outcomes : Outcomes
    rate : ndarray of float64, shape (n_bars,)
        Probability of an entry at each bar reached flat.
    entered : ndarray of float64, shape (n_bars,)
        Probability of an entry at each bar, all things considered.
    """

    outcomes: Outcomes
    rate: np.ndarray
    entered: np.ndarray

    @classmethod
    def matching(cls, outcomes: Outcomes, long: int, short: int) -> "VetoLaw":
        """Find the law that enters so often on each side, in expectation.

        Where ML entered more often than the rule without any veto, nothing is vetoed.

        Notes
        -----
        A veto bar by bar at ML's own rate would enter more often than ML does: its agreement
        comes in spells, most of which pass while a position is open.
        """
        side, targets = outcomes.side, {1: long, -1: short}
        bars = {s: int((side == s).sum()) for s in targets}
        rates = {s: min(1.0, target / max(1, bars[s])) for s, target in targets.items()}
        for _ in range(STEPS):
            rate = np.where(side > 0, rates[1], np.where(side < 0, rates[-1], 0.0))
            entered = entry_probability(rate, outcomes.left)
            missed = 0.0
            for s, target in targets.items():
                made = entered[side == s].sum()
                if made > 0:  # made = bars / (1 / rate + hold), nearly: linear in 1 / rate
                    waited = 1 / rates[s] + bars[s] * (1 / max(target, 1e-9) - 1 / made)
                    changed = 1 / max(1.0, waited) if target else 0.0
                    missed = max(missed, abs(made - target) if changed != rates[s] else 0.0)
                    rates[s] = changed
            if missed < CLOSE_ENOUGH:
                break
        return cls(outcomes, rate, entered)

    def means(self) -> np.ndarray:
        """Return the mean gross return of the closed trades on each bar's side."""
        side, gross = self.outcomes.side, self.outcomes.gross
        closed = self.entered * self.outcomes.closed
        mean = np.zeros(len(side))
        for s in (1, -1):
            weight = np.where(side == s, closed, 0.0)
            if weight.sum() > 0:
                mean[side == s] = weight @ gross / weight.sum()
        return mean

    def draw(self, draws: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (which draws, the signal bars of their next entries) until all are through.

        Each wait is one exponential variate against the summed hazard of the bars, which is the
        same as a coin tossed at each of them.
        """
        rng = np.random.default_rng(seed)
        hazard = np.cumsum(-np.log1p(-np.minimum(self.rate, CERTAIN)))
        before = np.append(0.0, hazard)
        left, who, bar = self.outcomes.left, np.arange(draws), np.zeros(draws, dtype=np.int64)
        while len(who):
            at = np.searchsorted(hazard, before[bar] + rng.standard_exponential(len(who)))
            enters = at < len(hazard)
            who, at = who[enters], at[enters]
            yield who, at
            goes_on = left[at] >= 0
            who, bar = who[goes_on], left[at[goes_on]]


def entry_probability(rate: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return how probable an entry is at each bar, by the chances of being flat there.

    >>> entry_probability(np.array([0.5, 0.5, 0.5, 0.0]), np.array([2, 3, -1, -1]))
    array([0.5  , 0.25 , 0.375, 0.   ])
    """
    free = [0.0] * (len(rate) + 1)  # chance of getting flat at a bar; the last place: never
    entered, flat = [], 1.0
    for bar, (chance, end) in enumerate(zip(rate.tolist(), left.tolist(), strict=True)):
        flat += free[bar]
        made = flat * chance
        flat -= made
        free[end] += made
        entered.append(made)
    return np.array(entered)


def random_vetoes(outcomes: Outcomes, trips: Trips, draws: int = 1_000, seed: int = 0) -> Placebo:
    """Hold a run against random vetoes that leave as many entries on each side.

    Parameters
    ----------
    outcomes : Outcomes
        Of the bars and the technical side alone.
    trips : Trips
        What ML-on traded, see `replay`.
    draws : int
    seed : int

    Examples
    --------
    >>> from bt_fusion.bars import BarArrays
    >>> from bt_fusion.replay import replay
    >>> from bt_fusion.samples import random_walk
    >>> bars = BarArrays.of(random_walk(2_000))
    >>> state = np.sign(np.diff(bars.close, prepend=bars.close[0]))
    >>> chance = np.random.default_rng(0).random(2_000) < 0.3
    >>> placebo = random_vetoes(Outcomes.of(bars, state), replay(state * chance, state), 200)
    >>> 0.05 < placebo.p_value < 0.95
    True
    """
    law = VetoLaw.matching(outcomes, int((trips.side > 0).sum()), int((trips.side < 0).sum()))
    means = law.means()
    counted = Counted(outcomes, means, draws)
    for who, at in law.draw(draws, seed):
        counted.add(who, at)
    real = outcomes.per_bar(outcomes.entries_of(trips))
    above = real - outcomes.per_bar(law.entered)
    return Placebo("veto", tally_of(outcomes, means, trips), counted.tally(), above)


def tally_of(outcomes: Outcomes, means: np.ndarray, trips: Trips) -> Tally:
    """Return what one run came to, in the same figures as the draws'."""
    counted = Counted(outcomes, means, 1)
    counted.add(np.zeros(len(trips.signal), dtype=np.int64), trips.signal)
    return counted.tally()


class Counted:
    """Sums over the trades of many runs."""

    def __init__(self, outcomes: Outcomes, means: np.ndarray, runs: int):
        closed = outcomes.closed
        excess = np.where(closed, outcomes.gross - means, 0.0)
        net = np.where(closed, outcomes.net, 0.0)
        ones = np.ones(len(closed))
        # columns: entries, closed, excess, its square, net return, log growth
        columns = (ones, closed, excess, excess**2, net, outcomes.growth)
        self._each = np.column_stack(columns).astype(float)
        self._sums = np.zeros((runs, len(columns)))

    def add(self, who: np.ndarray, at: np.ndarray) -> None:
        """Add a trade at a signal bar to each of some runs; a run may come several times."""
        np.add.at(self._sums, who, self._each[at])

    def tally(self) -> Tally:
        """Return the figures of every run."""
        entries, closed, excess, squares, net, growth = self._sums.T
        with np.errstate(invalid="ignore", divide="ignore"):
            score = np.where(squares > 0, excess / np.sqrt(squares), 0.0)
            expectancy = np.where(closed > 0, net / closed, np.nan)
        return Tally(entries.astype(np.int64), score, expectancy, np.expm1(growth))
