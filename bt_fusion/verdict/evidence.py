"""Evidence for a verdict, and how much more data would change it."""

from dataclasses import dataclass
from math import inf

from scipy.special import ndtri

__all__ = ["PROBABLE", "STRICT", "ChanceTest", "Evidence", "growth_needed", "limit_for"]

# p-values of the two grades. On 200 markets without an edge, .01 would pass more than 4 in
# one set of 20, .005 in one of 300.
STRICT, PROBABLE = 0.005, 0.025
NO_LEAN = 0.25  # from this p-value on, more of the same data does not help


@dataclass(frozen=True)
class ChanceTest:
    """ML-on compared with random draws.

    Attributes
    ----------
    p_value : float
        Share of draws as good as ML or better, ML included.
    p_against : float
        Share of draws as bad as ML or worse, ML included.
    draws : int
    as_good, as_bad : int or None
        Number of draws as good or better, and as bad or worse; None for a pooled test. A p-value
        may exceed the share counted: see `upper_tail`.
    """

    p_value: float
    p_against: float
    draws: int
    as_good: int | None = None
    as_bad: int | None = None

    def side(self, worse: bool) -> float:
        """Return the p-value that ML hurt if `worse`, else that it helped.

        >>> ChanceTest(0.02, 0.98, 1_000).side(worse=True)
        0.98
        """
        return self.p_against if worse else self.p_value

    @property
    def all_draws_equal(self) -> bool:
        """Whether every draw equals ML's result: ML skipped nothing."""
        return self.p_value == self.p_against == 1

    def corrected(self, worse: bool, trials: int) -> float:
        """Return the p-value corrected for the number of variants tried (Sidak 1967).

        >>> round(ChanceTest(0.02, 0.98, 1_000).corrected(False, trials=2), 4)
        0.0396
        """
        return 1 - (1 - self.side(worse)) ** max(1, trials)


def limit_for(limit: float, trials: int) -> float:
    """Return the p-value one test needs for the best of `trials` to meet a limit (Sidak 1967).

    >>> round(limit_for(0.025, trials=10), 4)
    0.0025
    """
    return 1 - (1 - limit) ** (1 / max(1, trials))


@dataclass(frozen=True)
class Evidence:
    """The input of a verdict; None where a figure is undefined.

    Attributes
    ----------
    trades_off, trades_on : int
        Closed trades of each run.
    setting : ChanceTest or None
        Did this setting gain? ML-on compared with random filters with the same number of trades.
    ranking : ChanceTest or None
        Does ML rank entries? Tested without a threshold.
    expectancy : float or None
        Mean net return of ML-on's closed trades, as a fraction.
    chance_expectancy : (float, float) or None
        Percentiles 2.5 and 97.5 of the same over the random filters.
    chance_mean : float or None
        Mean of the same over the random filters.
    edge_dsr, edge_dsr_against : float or None
        Deflated Sharpe ratio of ML-on's return above the mean random filter, and of its negative.
    trials : int
        Variants tried on these bars, this one included.
    sharpe_off, sharpe_on : float or None
    psr : float or None
        Probability that ML-on's own Sharpe ratio is above 0.
    years : float
        Length of the traded window.
    in_sample : int
        Traded bars the model was trained on.
    untested : str
        Why `setting` is None, as the end of a sentence.
    remedy : str
        What to do about it, as a sentence.
    delayed : ChanceTest or None
        `setting` with every order filled one bar later.
    sharpe_per_bar : bool
        Whether the Sharpe ratios are per bar, because a run is too short for annual ones.
    """

    trades_off: int
    trades_on: int
    setting: ChanceTest | None
    ranking: ChanceTest | None
    expectancy: float | None
    chance_expectancy: tuple[float, float] | None
    chance_mean: float | None
    edge_dsr: float | None
    edge_dsr_against: float | None
    trials: int
    sharpe_off: float | None
    sharpe_on: float | None
    psr: float | None
    years: float
    in_sample: int = 0
    untested: str = ""
    remedy: str = ""
    delayed: ChanceTest | None = None
    sharpe_per_bar: bool = False

    @property
    def worse(self) -> bool:
        """Whether the stronger of the two tests is against ML."""
        tests = [test for test in (self.setting, self.ranking) if test is not None]
        against, for_ml = (
            min((test.side(worse) for test in tests), default=1.0) for worse in (True, False)
        )
        return against < for_ml


def growth_needed(p_value: float, limit: float) -> float:
    """Return how many times as much data would bring a p-value to its limit, all else equal.

    A score grows with the root of the data, so it takes (z(limit) / z(p))^2 times as much.
    Infinite from a p-value of `NO_LEAN` on: such a score does not grow with more data.

    >>> growth_needed(0.2, 0.025) == (ndtri(0.025) / ndtri(0.2)) ** 2, growth_needed(0.3, 0.025)
    (np.True_, inf)
    """
    if p_value >= NO_LEAN:
        return inf
    return max(1.0, float((ndtri(limit) / ndtri(p_value)) ** 2)) if p_value > 0 else 1.0
