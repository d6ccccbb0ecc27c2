"""Certainty of a Sharpe ratio: probabilistic and deflated, and the track record it needs.

Sharpe ratios are per bar unless called annual: mean over standard deviation of per-bar returns.
Undefined figures are None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, e, sqrt

import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.statistics.performance import NOISE, bar_returns, sharpe

__all__ = [
    "TrackRecord",
    "comparable_sharpes",
    "deflated_sharpe",
    "expected_best_sharpe",
    "min_track_record",
    "probabilistic_sharpe",
    "sharpe_per_bar",
]


@dataclass(frozen=True)
class TrackRecord:
    """Inputs to the certainty of a Sharpe ratio.

    Attributes
    ----------
    sharpe : float
        Mean over standard deviation of the returns, per bar.
    bars : int
    skew : float
    kurtosis : float
        Not in excess: 3 for the normal distribution.

    Examples
    --------
    Bailey and Lopez de Prado (2012): a fund with 24 monthly returns.

    >>> fund = TrackRecord(sharpe=0.458, bars=24, skew=-2.448, kurtosis=10.164)
    >>> round(fund.probability_above(0.0), 3)
    0.913
    """

    sharpe: float
    bars: int
    skew: float = 0.0
    kurtosis: float = 3.0

    @classmethod
    def of(cls, returns: np.ndarray) -> "TrackRecord | None":
        """Measure per-bar returns; None for fewer than four, or if they never vary.

        The standard deviation divides by the number of bars, skew and kurtosis are the unbiased
        estimates.

        Raises
        ------
        OptionError
            For returns that are not finite.
        """
        returns = _finite(returns)
        bars = len(returns)
        if bars < 4:  # fewer have no unbiased kurtosis
            return None
        away = returns - returns.mean()
        square = away * away
        spread = sqrt(square.mean())
        if not spread > NOISE * max(returns.max(), -returns.min()):
            return None
        shape = skew_and_kurtosis(away, square)
        return cls(float(returns.mean() / spread), bars, *shape)

    @property
    def error(self) -> float | None:
        """Standard error of the Sharpe ratio times the root of (bars - 1); None if undefined.

        Mertens (2002), as in Bailey and Lopez de Prado (2012).
        """
        tails = (self.kurtosis - 1) / 4 * self.sharpe**2
        square = 1 - self.skew * self.sharpe + tails
        return sqrt(square) if square > 0 else None

    def probability_above(self, benchmark: float) -> float | None:
        """Return the probability that the true Sharpe ratio is above a benchmark."""
        if self.error is None:
            return None
        from scipy.special import ndtr

        return float(ndtr((self.sharpe - benchmark) * sqrt(self.bars - 1) / self.error))

    def bars_needed(self, benchmark: float, level: float) -> int | None:
        """Return the number of bars for `probability_above` to reach a level; None for never."""
        if self.error is None or self.sharpe <= benchmark:
            return None
        from scipy.special import ndtri

        bars = 1 + (ndtri(level) * self.error / (self.sharpe - benchmark)) ** 2
        return ceil(bars) if np.isfinite(bars) else None


def skew_and_kurtosis(away: np.ndarray, square: np.ndarray) -> tuple[float, float]:
    """Return the unbiased skew and kurtosis (3 for the normal distribution) of four or more values.

    Same as `scipy.stats`, in a tenth of the time: a sweep needs thousands.

    Parameters
    ----------
    away, square : ndarray, shape (n_values,)
        Distances from the mean, and their squares.

    References
    ----------
    Joanes and Gill, Comparing Measures of Sample Skewness and Kurtosis, The Statistician 47 (1998).

    Examples
    --------
    >>> away = np.array([1.0, 2.0, 3.0, 4.0, 10.0]) - 4
    >>> skew, kurtosis = skew_and_kurtosis(away, away**2)
    >>> round(skew, 3), round(kurtosis, 3)
    (1.697, 6.152)
    """
    n, second = len(away), square.mean()
    third, fourth = (square * away).mean(), (square * square).mean()
    skew = third / second**1.5 * sqrt(n * (n - 1)) / (n - 2)
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * fourth / second**2 - 3 * (n - 1))
    return float(skew), float(excess + 3)


def sharpe_per_bar(returns: np.ndarray) -> float | None:
    """Return mean over standard deviation (of n - 1) of per-bar returns; None if undefined."""
    return sharpe(returns, 1.0)


def comparable_sharpes(
    annual: Sequence[float | None], equity: Sequence[np.ndarray]
) -> tuple[list[float | None], bool]:
    """Return the Sharpe ratios of several runs, all annual or all per bar, and whether per bar.

    Parameters
    ----------
    annual : sequence of float or None
        Annual ratios; None where undefined, as of a run that is too short.
    equity : sequence of ndarray, shape (n_bars,)
        Account value by bar.

    Examples
    --------
    >>> comparable_sharpes([1.5, 0.25], [])
    ([1.5, 0.25], False)
    >>> ratios, per_bar = comparable_sharpes([None], [np.array([100, 103, 102, 105])])
    >>> round(ratios[0], 3), per_bar
    (0.728, True)
    """
    if None not in annual:
        return list(annual), False
    return [sharpe_per_bar(bar_returns(each)) for each in equity], True


def probabilistic_sharpe(returns: np.ndarray, benchmark: float = 0.0) -> float | None:
    """Return the probability that the true Sharpe ratio is above a benchmark.

    Parameters
    ----------
    returns : ndarray, shape (n_bars,)
        Per bar, as fractions.
    benchmark : float
        A Sharpe ratio per bar.

    Returns
    -------
    float or None
        From 0 to 1; None for fewer than four bars, or returns that never vary.

    Raises
    ------
    OptionError
        For returns that are not finite.

    Notes
    -----
    Assumes returns that are stationary and independent of each other, of any distribution with
    four moments. With autocorrelation, the true error is larger.

    References
    ----------
    Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15 (2012).

    Examples
    --------
    >>> round(probabilistic_sharpe(np.array([0.02, -0.01, 0.01, 0.0, 0.03])), 3)
    0.911
    """
    record = TrackRecord.of(returns)
    return None if record is None else record.probability_above(benchmark)


def expected_best_sharpe(trials: int, variance: float) -> float:
    """Return the Sharpe ratio expected of the best of independent trials without any skill.

    Parameters
    ----------
    trials : int
    variance : float
        Of the trials' Sharpe ratios, per bar.

    Returns
    -------
    float
        Per bar; 0 for a single trial.

    Raises
    ------
    OptionError
        For fewer than one trial, or a negative variance.

    Notes
    -----
    An approximation for the largest of many normal values; for two trials it is 0.52 standard
    deviations where 0.56 is exact. Similar trials count as fewer than their number.

    References
    ----------
    Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014).

    Examples
    --------
    >>> round(expected_best_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if trials < 1 or not variance >= 0:
        raise OptionError(
            f"{trials} trials with variance {variance}: expected 1 trial or more and a variance "
            "of 0 or more"
        )
    if trials == 1:
        return 0.0
    from scipy.special import ndtri

    gamma = np.euler_gamma
    largest = (1 - gamma) * ndtri(1 - 1 / trials) + gamma * ndtri(1 - 1 / (trials * e))
    return float(sqrt(variance) * largest)


def deflated_sharpe(
    returns: np.ndarray, trials: int, sharpe_variance: float | None = None
) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds the best of trials without skill.

    Parameters
    ----------
    returns : ndarray, shape (n_bars,)
        Per bar, of the variant that was chosen.
    trials : int
        Every variant that was tried, the chosen one included.
    sharpe_variance : float, optional
        Of the trials' Sharpe ratios per bar. Default 1 / (n_bars - 1), the variance of independent
        trials by chance.

    Returns
    -------
    float or None
        From 0 to 1; `probabilistic_sharpe` above 0 for a single trial.

    Raises
    ------
    OptionError
        For returns that are not finite, fewer than one trial, or a negative variance.

    References
    ----------
    Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014).

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.001, 0.01, 1_000)
    >>> [round(deflated_sharpe(returns, trials), 2) for trials in (1, 10, 100)]
    [0.95, 0.54, 0.2]
    """
    if sharpe_variance is None:
        sharpe_variance = 1 / max(1, len(returns) - 1)
    return probabilistic_sharpe(returns, expected_best_sharpe(trials, sharpe_variance))


def min_track_record(
    returns: np.ndarray, benchmark: float = 0.0, level: float = 0.95
) -> int | None:
    """Return the bars needed until a Sharpe ratio is above a benchmark at a confidence level.

    Parameters
    ----------
    returns : ndarray, shape (n_bars,)
        Per bar, as fractions.
    benchmark : float
        A Sharpe ratio per bar.
    level : float
        The probability to reach, from 0.5 to 1.

    Returns
    -------
    int or None
        Bars; None if no number suffices because the Sharpe ratio is at or below the benchmark.

    Raises
    ------
    OptionError
        For returns that are not finite, or a level outside 0.5 to 1.

    References
    ----------
    Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15 (2012).
    """
    if not 0.5 < level < 1:
        raise OptionError(f"level {level} must lie between 0.5 and 1")
    record = TrackRecord.of(returns)
    return None if record is None else record.bars_needed(benchmark, level)


def _finite(returns: np.ndarray) -> np.ndarray:
    returns = np.asarray(returns, dtype=float)
    if returns.ndim != 1 or not np.isfinite(returns).all():
        raise OptionError(
            f"returns of shape {returns.shape} with {np.sum(~np.isfinite(returns))} values that "
            "are not finite; expected one finite number a bar"
        )
    return returns
