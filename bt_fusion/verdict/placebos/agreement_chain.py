"""Random agreement as a Markov chain with a given frequency and duration."""

from dataclasses import dataclass
from math import ceil, log

import numpy as np
from scipy.optimize import brentq

__all__ = ["AgreementChain", "fit_chain", "mixing_steps", "reached", "spells"]

NEGLIGIBLE = 0.02  # autocorrelation treated as zero
MOST_STEPS = 1_000_000
GRID = 200  # rates tried before refining the root


@dataclass(frozen=True)
class AgreementChain:
    """Random agreement: a two-state Markov chain that renews a position while it is on.

    Attributes
    ----------
    starts : float
        Probability that an agreement starts on a bar after a bar without one.
    ends : float
        Probability that it ends on a bar after a bar with one.
    hold_bars : int

    Notes
    -----
    The chain is stationary. The run is flat at age k of an episode if the last `hold_bars` of bars
    0..k are all off: f_k = (1 - share) (1 - starts)^min(k, hold_bars - 1). It enters at age 0 if
    the chain is on, and at age k > 0 if it was flat and an agreement starts: e_k = starts f_(k-1).

    Examples
    --------
    >>> chain = AgreementChain(starts=0.5, ends=0.5, hold_bars=2)
    >>> chain.held(4), chain.entered(4)
    (array([0.5 , 0.75, 0.75, 0.75]), array([0.5  , 0.25 , 0.125, 0.125]))
    """

    starts: float
    ends: float
    hold_bars: int

    @property
    def share(self) -> float:
        """Share of bars that agree."""
        return self.starts / (self.starts + self.ends)

    @property
    def persistence(self) -> float:
        """Autocorrelation from bar to bar."""
        return 1 - self.starts - self.ends

    def held(self, ages: int) -> np.ndarray:
        """Return the probability of a position at each age of an episode, shape (ages,)."""
        return 1 - (1 - self.share) * none_started(self.starts, ages, self.hold_bars)

    def entered(self, ages: int) -> np.ndarray:
        """Return the probability of an entry at each age of an episode, shape (ages,)."""
        flat = 1 - self.held(ages)
        return np.append(self.share, self.starts * flat[:-1])[:ages]


def none_started(starts: float | np.ndarray, ages: int, hold_bars: int) -> np.ndarray:
    """Return the probability that no agreement has started by each age, given an off start.

    Parameters
    ----------
    starts : float or ndarray, shape (n,)

    Returns
    -------
    ndarray of float64, shape (ages,) or (n, ages)
    """
    return (1 - np.asarray(starts))[..., None] ** np.minimum(np.arange(ages), hold_bars - 1)


def fit_chain(weight: np.ndarray, entries: float, held: float, hold_bars: int) -> AgreementChain:
    """Return the chain with an expected number of entries and bars held.

    Parameters
    ----------
    weight : ndarray of float64, shape (ages,)
        Number of episodes that reach each age.
    entries, held : float
        Expected values to match. If both cannot be met, `held` takes precedence.
    hold_bars : int

    Notes
    -----
    The expected bars held are linear in the share of bars off. So that share follows from `starts`,
    and the entries depend on `starts` alone.
    """
    total = weight.sum()
    if held < 0.5 or entries < 0.5:
        return AgreementChain(0.0, 1.0, hold_bars)
    if held > total - 0.5:
        return AgreementChain(1.0, 0.0, hold_bars)

    def off_share(starts: float | np.ndarray) -> np.ndarray:
        return (total - held) / (none_started(starts, len(weight), hold_bars) @ weight)

    def excess(starts: np.ndarray) -> np.ndarray:
        off = off_share(starts)
        later = off * starts * (none_started(starts, len(weight) - 1, hold_bars) @ weight[1:])
        return weight[0] * (1 - off) + later - entries

    def too_short(starts: float) -> float:
        return float(off_share(starts)) * (1 + starts) - 1  # above 0 where `ends` is above 1

    # At least one start, on average
    most = brentq(too_short, 0.0, 1.0) if too_short(1.0) > 0 else 1.0
    rates = np.geomspace(min(1.0 / total, most), most, GRID)
    found = excess(rates)
    turns = np.flatnonzero(found[:-1] * found[1:] <= 0)
    if len(turns):
        at = turns[-1]  # of two solutions, the one that switches more often: its draws vary more
        starts = brentq(excess, rates[at], rates[at + 1])
    else:
        starts = float(rates[np.abs(found).argmin()])
    off = float(off_share(starts))
    return AgreementChain(starts, min(1.0, starts * off / (1 - off)), hold_bars)


def reached(length: np.ndarray, blocked: np.ndarray, hold_bars: int) -> np.ndarray:
    """Return the number of episodes that reach each age, shape (hold_bars + 1,).

    Ages from `hold_bars` on are equivalent and counted in the last place. A blocked episode is one
    bar shorter.

    >>> reached(np.array([1, 4]), np.array([0.0, 0.5]), hold_bars=2)
    array([2. , 1. , 1.5])
    """
    ages = np.arange(hold_bars)[:, None]
    counts = np.array([((length - lost)[None] > ages) for lost in (0, 1)])
    tails = np.array([np.maximum(length - lost - hold_bars, 0) for lost in (0, 1)])
    share = np.stack([1 - blocked, blocked])
    early = np.einsum("lae,le->a", counts, share)
    return np.append(early, (tails * share).sum())


def mixing_steps(chain: AgreementChain) -> int:
    """Return the number of steps after which the chain is practically stationary.

    >>> mixing_steps(AgreementChain(0.25, 0.25, 5)), mixing_steps(AgreementChain(0.5, 0.5, 5))
    (6, 1)
    """
    left = abs(chain.persistence)
    if left < NEGLIGIBLE:
        return 1
    return min(ceil(log(NEGLIGIBLE) / log(left)), MOST_STEPS) if left < 1 else 1


def spells(
    chain: AgreementChain, steps: int, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the draw, first step and end step (exclusive) of every spell of agreement."""
    pairs = pairs_needed(chain, steps)
    off, on = (
        waiting_times(rate, steps, (draws, pairs), rng) for rate in (chain.starts, chain.ends)
    )
    off[rng.random(draws) < chain.share, 0] = 0.0  # the first step agrees
    stop = np.cumsum(off + on, axis=1)
    first = stop - on
    draw, place = np.nonzero(first < steps)
    ends = np.minimum(stop[draw, place], steps)
    return draw, first[draw, place].astype(np.int64), ends.astype(np.int64)


def pairs_needed(chain: AgreementChain, steps: int) -> int:
    """Return how many off-on pairs cover the steps, with a margin of ten standard deviations.

    The standard deviation of the number of pairs is at most its root.
    """
    with np.errstate(divide="ignore"):
        expected = steps / (np.divide(1.0, chain.starts) + np.divide(1.0, chain.ends))
    return int(expected + 10 * np.sqrt(expected) + 50)


def waiting_times(
    rate: float, most: int, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Draw geometric numbers of bars, `most` at most.

    Rounded up from exponential variates, which is several times faster.
    """
    with np.errstate(divide="ignore"):
        hazard = -np.log1p(-rate)
        wait = rng.standard_exponential(shape) / hazard if hazard else np.full(shape, np.inf)
    return np.clip(np.ceil(wait), 1.0, most)
