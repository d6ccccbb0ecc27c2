"""Pool tests that may be correlated, one by one, in constant memory."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from bt_fusion.verdict.evidence import ChanceTest

__all__ = ["DailyGains", "DayTotals", "PooledTest", "normal_score"]

TILT = 0.25  # standard errors, rounded up from 0.23 on 882 random walks


@dataclass(frozen=True, eq=False)
class DailyGains:
    """Daily gains of one market, from its first day to its last.

    Days, because markets with different bar lengths or opening hours still move together. Calendar
    days, so that a year is a year even for a market that closes on weekends.

    Attributes
    ----------
    first : int
        The first day, counted from 1970-01-01.
    values : ndarray of float64, shape (n_days,)
    """

    first: int
    values: np.ndarray

    @classmethod
    def of(cls, gains: pd.Series) -> "DailyGains":
        """Sum gains by the day of their timestamps.

        >>> hours = pd.date_range("1970-01-03 22:00", periods=3, freq="h")
        >>> DailyGains.of(pd.Series([1.0, 2.0, 4.0], index=hours))
        DailyGains(first=2, values=array([3., 4.]))
        """
        days = gains.index.to_numpy().astype("datetime64[D]").astype(np.int64)
        if not len(days):
            return cls(0, np.zeros(0))
        first = int(days.min())
        return cls(first, np.bincount(days - first, np.nan_to_num(gains.to_numpy(dtype=float))))


class DayTotals:
    """Daily sums over all markets.

    Attributes
    ----------
    first : int
        The first day, counted from 1970-01-01.
    values : ndarray of float64, shape (n_days,)
    """

    def __init__(self) -> None:
        self.first, self.values = 0, np.zeros(0)

    def add(self, first: int, values: np.ndarray) -> None:
        """Add a market's values, starting on day `first`."""
        if not len(self.values):
            self.first = first
        start = min(self.first, first)
        stop = max(self.first + len(self.values), first + len(values))
        if stop - start > len(self.values):
            grown = np.zeros(stop - start)
            grown[self.first - start :][: len(self.values)] = self.values
            self.first, self.values = start, grown
        self.values[first - self.first :][: len(values)] += values


class PooledTest:
    """One test of several that may be correlated.

    Notes
    -----
    The sum of the normal scores divided by its standard deviation, the root of the sum of all
    correlations (Stouffer's method with Strube's correction for dependence, Psychological Bulletin
    97, 1985). Correlations are those of the daily gains over all days: markets with few common days
    are nearly independent. With each market's gains divided by the root of the sum of their
    squares, the sum of all correlations is the sum over days of the squared total of all markets.
    So only that total is stored, and no pair is compared. The sum of all correlations is at least
    the number of tests, so noise never makes the pooled test more certain than independence would.
    Tests that tell nothing are left out.

    A model refitted inside the traded window follows recent prices, and random filters that match
    the totals of its run know a little of that in advance: on random walks a market's score is
    biased by `TILT` standard errors against ML (`python -m benchmarks.universe`). The bias is
    negligible for one market but not for hundreds, so each score against ML is reduced by it.

    Examples
    --------
    >>> one, days = ChanceTest(0.05, 0.95, 1_000), DailyGains(0, np.array([1.0, -1.0]))
    >>> pooled = PooledTest()
    >>> for day in range(4):
    ...     pooled.add(one, DailyGains(10 * day, days.values))
    >>> round(pooled.result.p_value, 4)
    0.0005
    >>> same = PooledTest()
    >>> for _ in range(4):
    ...     same.add(one, days)
    >>> round(same.result.p_value, 4)
    0.05
    """

    def __init__(self) -> None:
        self._first: ChanceTest | None = None  # any test
        self._informative: ChanceTest | None = None  # any informative test
        self._count, self._without_gains = 0, 0
        self._scores, self._draws = np.zeros(2), 0
        self._total = DayTotals()

    def add(self, test: ChanceTest | None, gains: DailyGains) -> None:
        """Add a market: its test (None if not run) and its gains above chance."""
        if test is None:
            return
        self._first = self._first or test
        if test.all_draws_equal:
            return
        self._informative = self._informative or test
        self._draws = min(self._draws, test.draws) if self._count else test.draws
        self._count += 1
        self._scores += normal_score(test, worse=False), normal_score(test, worse=True) + TILT
        size = float(np.linalg.norm(gains.values))
        if size > 0:
            self._total.add(gains.first, gains.values / size)
        else:  # correlated only with itself
            self._without_gains += 1

    @property
    def result(self) -> ChanceTest | None:
        """Return the pooled test; None if no test was run."""
        if self._count < 2:
            return self._informative or self._first
        total = self._total.values
        spread = np.sqrt(max(self._count, self._without_gains + float(total @ total)))
        p_value, p_against = ndtr(self._scores / spread).tolist()
        return ChanceTest(p_value, p_against, self._draws)


def normal_score(test: ChanceTest, worse: bool) -> float:
    """Return the normal score of a p-value, symmetric for the worst and the best draw."""
    p_value = test.side(worse)
    if p_value == 1:  # every draw is as good
        p_value = test.draws / (1 + test.draws)
    return float(ndtri(np.clip(p_value, 1e-12, 1 - 1e-12)))
