"""Tests of choosing the best of several variants: overfitting and superior predictive ability."""

from collections.abc import Iterator
from itertools import combinations, islice

import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.statistics.bootstrap import Bootstrap, block_length, resamples

__all__ = ["overfitting_probability", "superior_predictive_ability"]

AT_ONCE = 500  # combinations held in memory, each with a row of figures for all variants
MOST_ROWS = 5_000
COLUMNS, DRAWS = 100, 100  # held in memory at once


def overfitting_probability(returns: np.ndarray, blocks: int = 16) -> float:
    """Return how often the best variant on half of the bars is below the median on the other half.

    Parameters
    ----------
    returns : ndarray, shape (n_bars, n_variants)
        Per bar, as fractions, all variants over the same bars.
    blocks : int
        Parts of equal length, an even number; every choice of half of them is one combination.

    Returns
    -------
    float
        From 0 to 1: near 0 the choice holds out of sample, 1/2 is chance, near 1 the best variant
        is the worst out of sample.

    Raises
    ------
    OptionError
        For fewer than two variants, fewer bars than blocks, an odd number of blocks, or returns
        that are not finite.

    Notes
    -----
    Variants are ranked by their Sharpe ratio per bar, 0 if its returns never vary. A variant
    exactly at the median does not count as overfitting. The same result as `purgedcv`'s
    ``probability_of_backtest_overfitting``, computed from each block's sums instead of the bars of
    each of 12,870 combinations.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest Overfitting, Journal of
    Computational Finance 20 (2017): combinatorially symmetric cross-validation.
    """
    returns = _checked(returns)
    if blocks < 2 or blocks % 2 or len(returns) < blocks:
        raise OptionError(
            f"{blocks} blocks of {len(returns)} bars: expected an even number of blocks, from 2 to "
            "the number of bars"
        )
    from scipy.stats import rankdata

    choices, below = _choices(blocks), 0
    for start in range(0, len(choices), AT_ONCE):
        inside = choices[start : start + AT_ONCE]
        first, second = (_block_sharpes(returns, chosen) for chosen in (inside, ~inside))
        best = first.argmax(axis=1)
        ranks = rankdata(second, axis=1)[np.arange(len(best)), best]
        below += int(np.sum(ranks < (returns.shape[1] + 1) / 2))
    return below / len(choices)


def superior_predictive_ability(
    benchmark: np.ndarray, variants: np.ndarray, *, draws: int = 1_000, seed: int = 0
) -> float | None:
    """Return the p-value of: no variant has a higher mean return than the benchmark.

    Parameters
    ----------
    benchmark : ndarray, shape (n_bars,)
        Per-bar returns of the benchmark, such as ML-off.
    variants : ndarray, shape (n_bars, n_variants)
        Of every variant tried, over the same bars.
    draws : int
        Stationary bootstrap samples, their block length chosen for the best variant's difference.
    seed : int

    Returns
    -------
    float or None
        Hansen's consistent p-value: small if the best variant is better than the best of as many
        would be by luck. None for fewer than two bars, or variants that never differ from the
        benchmark.

    Raises
    ------
    OptionError
        For shapes that do not agree, or returns that are not finite.

    Notes
    -----
    Assumes stationary differences. They are not divided by their deviation, so variants that hardly
    trade have little weight. Each draw equals that of `arch`'s ``SPA``, but is computed from how
    often it took each bar. With more than 5,000 bars, neighbours are averaged down to that many
    rows; means stay the same (except for the first few bars that do not fill a row).

    References
    ----------
    Hansen, A Test for Superior Predictive Ability, Journal of Business and Economic Statistics 23
    (2005); White, A Reality Check for Data Snooping, Econometrica 68 (2000).
    """
    gained = _gains(benchmark, variants)
    differs = (gained != gained[:1]).any(axis=0)
    if not differs.any():
        return None
    gained = _averaged(gained[:, differs])
    mean = gained.mean(axis=0)
    length = max(1, round(block_length(gained[:, mean.argmax()])))
    rows = len(gained)
    with np.errstate(divide="ignore", invalid="ignore"):  # of one or two rows
        least = -np.sqrt(_variances(gained, length) / rows * 2 * np.log(np.log(rows)))
    centre = np.where(mean >= least, mean, 0.0)  # clearly worse variants are not raised to 0
    better = [(means - centre).max(axis=1) for means in _drawn_means(gained, length, draws, seed)]
    return float((np.concatenate(better) > mean.max()).mean())


def _variances(gained: np.ndarray, length: int) -> np.ndarray:
    """Return n times the variance of each column's mean under the stationary bootstrap.

    Computed from the products of all lags (Politis and Romano 1994) by a Fourier transform.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    rows, lag = len(gained), np.arange(len(gained))
    padded, keep = next_fast_len(2 * rows, real=True), 1 - 1 / length
    kernel = 2 * ((1 - lag / rows) * keep**lag + lag / rows * keep ** (rows - lag))
    kernel[0] = 1.0
    found = np.empty(gained.shape[1])
    for start in range(0, gained.shape[1], COLUMNS):
        part = gained[:, start : start + COLUMNS]
        waves = np.abs(rfft(part - part.mean(axis=0), padded, axis=0)) ** 2
        found[start : start + COLUMNS] = kernel @ irfft(waves, padded, axis=0)[:rows] / rows
    return np.maximum(found, 0.0)


def _drawn_means(gained: np.ndarray, length: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the column means of resamples, shape (n_draws, n_columns), some draws at a time."""
    rows = len(gained)
    drawn = resamples(rows, length, Bootstrap(draws, seed))
    while some := [np.bincount(each, minlength=rows) for each in islice(drawn, DRAWS)]:
        yield np.stack(some) @ gained / rows


def _gains(benchmark: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """Check both; return the variants' returns minus the benchmark's."""
    variants = _checked(variants, least=1)
    benchmark = np.asarray(benchmark, dtype=float)
    if benchmark.shape != variants.shape[:1] or not np.isfinite(benchmark).all():
        raise OptionError(
            f"benchmark of shape {benchmark.shape} and variants of shape {variants.shape}: "
            "expected one finite return for each bar in both"
        )
    return variants - benchmark[:, None]


def _averaged(rows: np.ndarray) -> np.ndarray:
    """Return the means of groups of neighbouring rows, to limit the number of rows."""
    together = -(-len(rows) // MOST_ROWS)
    whole = rows[len(rows) % together :]
    return whole.reshape(-1, together, rows.shape[1]).mean(axis=1)


def _checked(returns: np.ndarray, least: int = 2) -> np.ndarray:
    returns = np.asarray(returns, dtype=float)
    if returns.ndim != 2 or returns.shape[1] < least or not np.isfinite(returns).all():
        raise OptionError(
            f"returns of shape {returns.shape}: expected finite numbers, a row for each bar and a "
            f"column for each of {least} or more variants"
        )
    return returns


def _choices(blocks: int) -> np.ndarray:
    """Return every choice of half of the blocks, one row each."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    inside = np.zeros((len(chosen), blocks), dtype=bool)
    inside[np.arange(len(chosen))[:, None], chosen] = True
    return inside


def _block_sharpes(returns: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the Sharpe ratio of each variant over the chosen blocks, a row a choice."""
    centre = returns.mean(axis=0)  # far from 0 the squares lose digits
    parts = np.array_split(returns - centre, chosen.shape[1])
    counts = chosen @ np.array([len(part) for part in parts])[:, None]
    means = chosen @ np.stack([part.sum(axis=0) for part in parts]) / counts
    squares = chosen @ np.stack([(part**2).sum(axis=0) for part in parts])
    spread = np.sqrt(np.maximum(squares - counts * means**2, 0) / np.maximum(counts - 1, 1))
    varies = spread > 1e-12 * np.abs(returns).max(axis=0)
    return np.divide(means + centre, spread, out=np.zeros_like(means), where=varies)
