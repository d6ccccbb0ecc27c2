"""Random vetoes: what a strategy makes when chance, not ML, thins out its entries as much.

Trading less under costs looks like skill. So ML-on is held against a coin that vetoes entries of
the technical side until as many are left on each side, with the same exits, sizes and costs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from bt_fusion.outcomes import Outcomes
from bt_fusion.replay import Trips, walk

__all__ = ["Accounts", "Placebo", "Tally", "VetoLaw", "random_vetoes", "shifted"]

SIDES = (1, -1)
CERTAIN = 1 - 1e-15
MOST = 25.0  # hazard: a rate of 1 has no finite one
STEPS = 60
CLOSE_ENOUGH = 0.01  # entries


@dataclass(frozen=True, eq=False)
class Tally:
    """What runs of the same rule came to, one value a run.

    Attributes
    ----------
    entries : ndarray of int64, shape (n_runs,)
    score : ndarray of float64, shape (n_runs,)
        How well the entries were chosen, see `Placebo`; 0 without any.
    expectancy : ndarray of float64, shape (n_runs,)
        Mean net return of the closed trades as a fraction of their value, NaN without any.
    profit : ndarray of float64, shape (n_runs,)
        Net profit as a fraction of the cash at the start.
    """

    entries: np.ndarray
    score: np.ndarray
    expectancy: np.ndarray
    profit: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["Tally"]) -> "Tally":
        """Return the runs of several tallies as one; an empty one where there are none."""
        none = [np.empty(0)] * (not parts)
        columns = (
            np.concatenate([*none, *(getattr(part, each.name) for part in parts)])
            for each in fields(cls)
        )
        return cls(*columns)


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
    The score is sum(g) / sqrt(sum(g^2)) over the bars, with g = (position - mean position of the
    draws) x return of the bar: what the choice of entries gained over chance, in units of its own
    noise. The mean position counts as many entries on each side as the run made. Where returns
    cannot be foreseen g is a martingale difference, and this self-normalised sum is close to
    standard normal however bunched the entries are, however long they last and however the
    market's noise comes and goes (de la Pena, Lai and Shao, Self-Normalized Processes, 2009). A
    mean return per trade would not be: it forgets that bunched entries share bars with the mean
    draw otherwise than scattered ones do.

    Before costs, because all trades pay alike, and costs over noise would favour whoever picks
    volatile bars. By side, because under a drift long and short differ without any skill.
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

        Where ML entered more often than the rule can, nothing is vetoed.

        Notes
        -----
        A veto bar by bar at ML's own rate would enter more often than ML does: its agreement
        comes in spells, most of which pass while a position is open. So entries are matched, by
        Newton's steps from the logarithm of the hazard to that of the expected entries.
        """
        sides = np.stack([outcomes.side == s for s in SIDES])
        targets = np.array([long, short], dtype=float)
        rate = np.where(outcomes.side != 0, 1.0, 0.0)
        entered = entry_probability(rate, outcomes.left)
        made = sides @ entered
        if (made <= targets + 0.5).all():
            return cls(outcomes, rate, entered)
        some = targets > 0
        start = np.clip(targets / np.maximum(1, sides.sum(axis=1)), 1e-9, 0.5)
        hazard, slope, before = np.where(some, start, 0.0), np.ones(2), None
        for _ in range(STEPS):
            rate = -np.expm1(-hazard) @ sides
            entered = entry_probability(rate, outcomes.left)
            made = np.maximum(sides @ entered, 1e-9)
            stuck = (hazard >= MOST) & (made < targets)
            if (np.abs(made - targets)[some & ~stuck] < CLOSE_ENOUGH).all():
                break
            if before is not None:
                slope = elasticity(hazard, made, *before, slope)
            before = hazard, made
            step = np.clip(np.log(np.where(some, targets / made, 1.0)) / slope, -1, 1)
            hazard = np.minimum(hazard * np.exp(step), MOST)
        return cls(outcomes, rate, entered)

    def draw(self, draws: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (which draws, the signal bars of their next entries) until all are through.

        Each wait is one exponential variate against the summed hazard of the bars, which is the
        same as a coin tossed at each of them.
        """
        rng = np.random.default_rng(seed)
        hazard = np.cumsum(np.minimum(-np.log1p(-np.minimum(self.rate, CERTAIN)), MOST))
        before = np.append(0.0, hazard)
        left, who, bar = self.outcomes.left, np.arange(draws), np.zeros(draws, dtype=np.int64)
        while len(who):
            at = np.searchsorted(hazard, before[bar] + rng.standard_exponential(len(who)))
            enters = at < len(hazard)
            who, at = who[enters], at[enters]
            yield who, at
            goes_on = left[at] >= 0
            who, bar = who[goes_on], left[at[goes_on]]


def elasticity(
    hazard: np.ndarray, made: np.ndarray, hazard0: np.ndarray, made0: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Return how the logarithm of the entries follows that of the hazard, by the last step."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log(made / made0) / np.log(hazard / hazard0)
    return np.clip(np.where(np.isfinite(slope), slope, known), 0.05, 1.0)


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
    long, short = (int((trips.side == s).sum()) for s in SIDES)
    law = VetoLaw.matching(outcomes, long, short)
    accounts = Accounts(law)
    drawn = np.zeros((draws, accounts.each.shape[1]))
    for who, at in law.draw(draws, seed):
        drawn[who] += accounts.each[at]
    above = outcomes.per_bar(outcomes.entries_of(trips)) - outcomes.per_bar(law.entered)
    return Placebo("veto", accounts.of(trips), accounts.tally(drawn), above)


def shifted(
    outcomes: Outcomes,
    trips: Trips,
    agrees: np.ndarray,
    draws: int = 200,
    seed: int = 0,
) -> Placebo:
    """Hold a run against its own probabilities, moved along the bars by random distances.

    A circular shift keeps how often, how long and how surely ML speaks, and breaks its link to
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
    law = VetoLaw.matching(outcomes, long, short)
    accounts = Accounts(law)
    count = len(outcomes.side)
    least = count // 20
    rng = np.random.default_rng(seed)
    drawn = np.zeros((draws, accounts.each.shape[1]))
    for row, distance in enumerate(rng.integers(least, max(least + 1, count - least), draws)):
        up, down = np.roll(agrees, distance, axis=1)
        side = outcomes.side * np.where(outcomes.side > 0, up, down)
        drawn[row] = accounts.each[walk(side, outcomes.left)].sum(axis=0)
    above = outcomes.per_bar(outcomes.entries_of(trips)) - outcomes.per_bar(law.entered)
    return Placebo("shift", accounts.of(trips), accounts.tally(drawn), above)


class Accounts:
    """What each bar's trade adds to the sums a run is judged by.

    Parameters
    ----------
    law : VetoLaw
        The chance that runs are held against.

    Attributes
    ----------
    each : ndarray of float64, shape (n_bars, columns)
        Entries long and short, closed, gain of the bars held, the same squared, squared times the
        mean long and the mean short position, net return, log growth.
    """

    def __init__(self, law: VetoLaw):
        out = law.outcomes
        sides = [out.side == s for s in SIDES]
        entered = [np.where(side, law.entered, 0.0) for side in sides]
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

    def of(self, trips: Trips) -> Tally:
        """Return what one run came to, in the same figures as the draws'."""
        return self.tally(self.each[trips.signal].sum(axis=0)[None])

    def tally(self, sums: np.ndarray) -> Tally:
        """Return the figures of runs from the sums over their trades, shape (n_runs, columns)."""
        entries, (closed, gain, square), shared, (net, growth) = np.split(sums.T, [2, 5, 7])
        times = entries / np.maximum(self._expected, 1e-12)[:, None]  # the mean draw, so often
        chosen = gain - self._gain @ times
        noise = square - 2 * (times * shared).sum(axis=0)
        noise += np.einsum("sn,st,tn->n", times, self._overlap, times)
        some = noise > 1e-9 * square  # else the run is the mean draw itself
        score = np.where(some, chosen, 0.0) / np.sqrt(np.where(some, noise, 1.0))
        expectancy = np.where(closed > 0, net, np.nan) / np.maximum(closed, 1)
        return Tally(entries.sum(axis=0).astype(np.int64), score, expectancy, np.expm1(growth))
