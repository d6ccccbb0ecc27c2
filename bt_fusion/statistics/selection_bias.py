"""What choosing the best of several variants is worth: overfitting, superior predictive ability."""

from itertools import combinations

import numpy as np

from bt_fusion.errors import OptionError

__all__ = ["overfitting_probability", "superior_predictive_ability"]

AT_ONCE = 500  # combinations held in memory, each with a row of figures for all variants
MOST_ROWS = 5_000  # the test's time grows with their square


def overfitting_probability(returns: np.ndarray, blocks: int = 16) -> float:
    """Return how often the best variant of one half of the bars is below the median of the other.

    Parameters
    ----------
    returns : ndarray, shape (n_bars, n_variants)
        Per bar, as fractions, all variants over the same bars.
    blocks : int
        Parts of equal length, an even number; every choice of half of them is one combination.

    Returns
    -------
    float
        From 0 to 1: near 0 the choice carries over, 1/2 is what chance gives, near 1 the best
        variant is worst afterwards.

    Raises
    ------
    OptionError
        For fewer than two variants, fewer bars than blocks, an odd number of blocks, or returns
        that are not finite.

    Notes
    -----
    Variants are ranked by their Sharpe ratio per bar, 0 where a variant never varies. A variant
    exactly at the median is no overfitting. The same as `purgedcv`'s
    ``probability_of_backtest_overfitting``, made from each block's sums instead of from the bars
    of each of 12,870 combinations.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest Overfitting, Journal of
    Computational Finance 20 (2017): combinatorially symmetric cross-validation.
    """
    returns = _checked(returns)
    if blocks < 2 or blocks % 2 or len(returns) < blocks:
        raise OptionError(
            f"{blocks} blocks of {len(returns)} bars: expected an even number, 2 or more, of at "
            "most as many blocks as bars"
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
        Per-bar returns of what the variants are compared with, such as ML-off.
    variants : ndarray, shape (n_bars, n_variants)
        Of every variant tried, over the same bars.
    draws : int
        Stationary bootstrap samples, their block length chosen for the best variant's difference.
    seed : int

    Returns
    -------
    float or None
        Hansen's consistent p-value: small where the best variant is better than the best of so
        many would be by luck. None for fewer than two bars, or variants that never differ from it.

    Raises
    ------
    OptionError
        For shapes that do not agree, or returns that are not finite.

    Notes
    -----
    Assumes stationary differences. `arch`'s test does not divide them by their deviation: variants
    that hardly trade weigh little. Of more than 5,000 bars neighbours are averaged until that many
    rows are left; means stay (but for the first few bars that fill no row).

    References
    ----------
    Hansen, A Test for Superior Predictive Ability, Journal of Business and Economic Statistics 23
    (2005); White, A Reality Check for Data Snooping, Econometrica 68 (2000).
    """
    gained = _gains(benchmark, variants)
    differs = (gained != gained[:1]).any(axis=0)
    if not differs.any():
        return None
    from arch.bootstrap import SPA

    from bt_fusion.statistics.bootstrap import block_length

    gained = _averaged(gained[:, differs])
    length = max(1, round(block_length(gained[:, gained.mean(axis=0).argmax()])))
    test = SPA(np.zeros(len(gained)), -gained, block_size=length, reps=draws, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])


def _gains(benchmark: np.ndarray, variants: np.ndarray) -> np.ndarray:
    """Return the variants' returns less the benchmark's, once both are checked."""
    variants = _checked(variants, least=1)
    benchmark = np.asarray(benchmark, dtype=float)
    if benchmark.shape != variants.shape[:1] or not np.isfinite(benchmark).all():
        raise OptionError(
            f"benchmark of shape {benchmark.shape} beside variants of shape {variants.shape}: "
            "expected one finite return for each of the same bars"
        )
    return variants - benchmark[:, None]


def _averaged(rows: np.ndarray) -> np.ndarray:
    """Return the means of neighbouring rows, so many together that not too many are left."""
    together = -(-len(rows) // MOST_ROWS)
    whole = rows[len(rows) % together :]
    return whole.reshape(-1, together, rows.shape[1]).mean(axis=1)


def _checked(returns: np.ndarray, least: int = 2) -> np.ndarray:
    returns = np.asarray(returns, dtype=float)
    if returns.ndim != 2 or returns.shape[1] < least or not np.isfinite(returns).all():
        raise OptionError(
            f"returns of shape {returns.shape}: expected finite numbers, one row a bar and one "
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
    centre = returns.mean(axis=0)  # far from 0 the squares would lose digits
    parts = np.array_split(returns - centre, chosen.shape[1])
    counts = chosen @ np.array([len(part) for part in parts])[:, None]
    means = chosen @ np.stack([part.sum(axis=0) for part in parts]) / counts
    squares = chosen @ np.stack([(part**2).sum(axis=0) for part in parts])
    spread = np.sqrt(np.maximum(squares - counts * means**2, 0) / np.maximum(counts - 1, 1))
    varies = spread > 1e-12 * np.abs(returns).max(axis=0)
    return np.divide(means + centre, spread, out=np.zeros_like(means), where=varies)
