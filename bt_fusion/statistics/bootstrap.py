"""Stationary bootstrap: intervals of figures computed from rows.

A figure is a function of column means, such as the Sharpe ratio of the means of r and r squared:
so a resample only needs how often it drew each row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

__all__ = ["Bootstrap", "Figure", "block_length", "influence", "intervals", "resamples"]

Figure = Callable[[np.ndarray], np.ndarray]  # (..., n_columns) -> (...), NaN where undefined
FEWEST = 10  # fewest rows to estimate a block length
DEFINED = 0.95  # smallest share of defined draws; fewer would make the interval misleading


@dataclass(frozen=True)
class Bootstrap:
    """Settings of bootstrap intervals.

    Attributes
    ----------
    draws : int
        Resamples.
    seed : int
    level : float
        Of the interval, a fraction.
    """

    draws: int = 1_000
    seed: int = 0
    level: float = 0.95


def intervals(
    columns: np.ndarray,
    figures: dict[str, Figure],
    bootstrap: Bootstrap = Bootstrap(),
    *,
    paths: dict[str, Callable[[np.ndarray], float]] | None = None,
) -> dict[str, list[float] | None]:
    """Return percentile intervals of figures computed from the same rows.

    Parameters
    ----------
    columns : ndarray, shape (n_rows, n_columns)
        In time order.
    figures : dict of Figure
    bootstrap : Bootstrap
    paths : dict of callable, optional
        Figures that depend on the order: from the row numbers of a resample to a value.

    Returns
    -------
    dict
        For each figure [low, high]; None for fewer than ten rows, or over 5 % undefined draws.

    Notes
    -----
    Rows are drawn in blocks of random length, joined at the ends. The mean block length is the
    largest `block_length` of any figure's `influence`.

    References
    ----------
    Politis and Romano, The Stationary Bootstrap, Journal of the American Statistical Association
    89 (1994); by `arch`.
    """
    paths = paths or {}
    if len(columns) < FEWEST:
        return dict.fromkeys([*figures, *paths])
    length = max(block_length(influence(columns, figure)) for figure in figures.values())
    by_column = np.ascontiguousarray(columns.T)
    means = np.empty((bootstrap.draws, columns.shape[1]))
    drawn = {name: np.empty(bootstrap.draws) for name in paths}
    for draw, rows in enumerate(resamples(len(columns), length, bootstrap)):
        share = np.bincount(rows, minlength=len(columns)) / len(columns)
        # sums every column in the same order: equal columns differ by exactly 0, unlike in BLAS
        means[draw] = np.einsum("i,ji->j", share, by_column)
        for name, path in paths.items():
            drawn[name][draw] = path(rows)
    with np.errstate(all="ignore"):
        drawn = {name: figure(means) for name, figure in figures.items()} | drawn
    return {name: _percentiles(values, bootstrap.level) for name, values in drawn.items()}


def resamples(n_rows: int, length: float, bootstrap: Bootstrap) -> Iterator[np.ndarray]:
    """Draw row numbers in blocks of a mean length, one array of n_rows at a time."""
    from arch.bootstrap import StationaryBootstrap

    # typed int, but only the length's inverse is used
    drawing = StationaryBootstrap(cast(int, length), np.arange(n_rows), seed=bootstrap.seed)
    for _ in range(bootstrap.draws):
        yield drawing.update_indices()


def influence(columns: np.ndarray, figure: Figure) -> np.ndarray:
    """Return the first-order effect of each row on a figure; NaN if undefined.

    The figure's variance is that of their mean (the delta method). Slopes are taken one standard
    error to each side.
    """
    means = columns.mean(axis=0)
    steps = np.maximum(columns.std(axis=0) / np.sqrt(len(columns)), 1e-300)
    moved = np.diag(steps)
    with np.errstate(all="ignore"):
        slopes = (figure(means + moved) - figure(means - moved)) / (2 * steps)
    return (columns - means) @ slopes


def block_length(values: np.ndarray) -> float:
    """Return the mean block length for resampling a series, 1 without autocorrelation.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)

    References
    ----------
    Politis and White, Automatic Block-Length Selection for the Dependent Bootstrap, Econometric
    Reviews 23 (2004), corrected by Patton, Politis and White (2009); by `arch`.
    """
    if len(values) < FEWEST or not np.ptp(values) > 0:
        return 1.0
    from arch.bootstrap import optimal_block_length
    from threadpoolctl import threadpool_limits

    # many short dot products: threads would only wait; constant stretches divide by 0
    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        length = float(optimal_block_length(values)["stationary"].iloc[0])
    return max(1.0, length) if np.isfinite(length) else 1.0


def _percentiles(values: np.ndarray, level: float) -> list[float] | None:
    defined = values[np.isfinite(values)]
    if len(defined) < DEFINED * len(values):
        return None
    tail = 50 * (1 - level)
    # order j of n draws has j / (n + 1) below it; numpy's default would cut about 0.2 % more
    return np.percentile(defined, (tail, 100 - tail), method="weibull").tolist()
