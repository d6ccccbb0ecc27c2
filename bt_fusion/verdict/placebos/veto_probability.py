"""Entry probabilities of a random filter with a given number of entries per side."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bt_fusion.verdict.placebos.entry_outcomes import Outcomes

__all__ = ["SIDES", "VetoProbability", "entry_probability"]

SIDES = (1, -1)
MOST = 25.0  # largest hazard searched: a rate of 1 has no finite hazard
STEPS = 60
CLOSE_ENOUGH = 0.01  # entries


@dataclass(frozen=True, eq=False)
class VetoProbability:
    """Random filter: while flat, each technical signal enters with a probability.

    Attributes
    ----------
    outcomes : Outcomes
    rate : ndarray of float64, shape (n_bars,)
        Probability of an entry at each bar, given that the run is flat.
    entered : ndarray of float64, shape (n_bars,)
        Unconditional probability of an entry at each bar.
    """

    outcomes: Outcomes
    rate: np.ndarray
    entered: np.ndarray

    @classmethod
    def matching(cls, outcomes: Outcomes, long: int, short: int) -> "VetoProbability":
        """Return the filter with an expected number of entries on each side.

        If ML entered more often than the rule can, nothing is skipped.

        Notes
        -----
        A filter with ML's own rate per bar would enter more often than ML: ML agrees in spells, and
        most of a spell passes while a position is open. So the expected entries are matched, by
        Newton steps on their logarithm as a function of the log hazard.
        """
        sides = np.stack([outcomes.side == s for s in SIDES])
        targets = np.array([long, short], dtype=float)
        rate = np.where(outcomes.side != 0, 1.0, 0.0)
        entered = entry_probability(rate, outcomes.exit_bar)
        made = sides @ entered
        if (made <= targets + 0.5).all():
            return cls(outcomes, rate, entered)
        some = targets > 0
        start = np.clip(targets / np.maximum(1, sides.sum(axis=1)), 1e-9, 0.5)
        hazard, slope, before = np.where(some, start, 0.0), np.ones(2), None
        for _ in range(STEPS):
            rate = -np.expm1(-hazard) @ sides
            entered = entry_probability(rate, outcomes.exit_bar)
            made = np.maximum(sides @ entered, 1e-9)
            stuck = (hazard >= MOST) & (made < targets)
            if (np.abs(made - targets)[some & ~stuck] < CLOSE_ENOUGH).all():
                break
            if before is not None:
                slope = elasticity(hazard, made, *before, slope)
            before = hazard, made
            step = np.clip(np.log(np.where(some, targets / made, 1.0)) / slope, -1, 1)
            hazard = np.minimum(hazard * np.exp(step), MOST)
        for side, target in zip(sides, targets, strict=True):
            whole = np.where(side, 1.0, rate)
            taken = entry_probability(whole, outcomes.exit_bar)
            if 0 < side @ taken <= target + 0.5:  # ML skipped nothing on this side
                rate, entered = whole, taken
        return cls(outcomes, rate, entered)

    def draw(self, draws: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (draw numbers, signal bars of their next entries) until all draws end.

        Each wait compares one exponential variate with the cumulative hazard, equivalent to one
        draw per bar. It ends at the latest at a bar whose entry is certain.
        """
        rng = np.random.default_rng(seed)
        certain = self.rate >= 1
        hazard = np.cumsum(-np.log1p(-np.where(certain, 0.0, self.rate)))
        before = np.append(0.0, hazard)
        latest = next_true(certain)
        exit_bar = self.outcomes.exit_bar
        who, bar = np.arange(draws), np.zeros(draws, dtype=np.int64)
        while len(who):
            waited = np.searchsorted(hazard, before[bar] + rng.standard_exponential(len(who)))
            at = np.minimum(waited, latest[bar])
            enters = at < len(hazard)
            who, at = who[enters], at[enters]
            yield who, at
            goes_on = exit_bar[at] >= 0
            who, bar = who[goes_on], exit_bar[at[goes_on]]


def next_true(mask: np.ndarray) -> np.ndarray:
    """Return the first true position at or after each place; len(mask) for none.

    >>> next_true(np.array([False, True, False]))
    array([1, 1, 3, 3])
    """
    place = np.where(np.append(mask, True), np.arange(len(mask) + 1), len(mask))
    return np.minimum.accumulate(place[::-1])[::-1]


def elasticity(
    hazard: np.ndarray, made: np.ndarray, hazard0: np.ndarray, made0: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Return the slope of log entries over log hazard in the last step."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log(made / made0) / np.log(hazard / hazard0)
    return np.clip(np.where(np.isfinite(slope), slope, known), 0.05, 1.0)


def entry_probability(rate: np.ndarray, exit_bar: np.ndarray) -> np.ndarray:
    """Return the probability of an entry at each bar: the rate times that of being flat.

    >>> entry_probability(np.array([0.5, 0.5, 0.5, 0.0]), np.array([2, 3, -1, -1]))
    array([0.5  , 0.25 , 0.375, 0.   ])
    """
    free = [0.0] * (len(rate) + 1)  # probability of becoming flat at a bar; last place: never
    entered, flat = [], 1.0
    for bar, (chance, end) in enumerate(zip(rate.tolist(), exit_bar.tolist(), strict=True)):
        flat += free[bar]
        made = flat * chance
        flat -= made
        free[end] += made
        entered.append(made)
    return np.array(entered)
