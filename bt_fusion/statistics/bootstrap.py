"""The stationary bootstrap: rows in, intervals of what is made of them out.

A figure is a function of column means, such as the Sharpe ratio of the means of r and r squared:
a resample then needs no more than how often it drew each row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

__all__ = ["Bootstrap", "Figure", "block_length", "influence", "intervals", "resamples"]

Figure = Callable[[np.ndarray], np.ndarray]  # (..., n_columns) -> (...), NaN where undefined
FEWEST = 10  # rows from which a block length can be told
DEFINED = 0.95  # share of draws that must be defined, else an interval would hide the others


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are drawn.

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
    """Return percentile intervals of figures made of the same rows.

    Parameters
    ----------
    columns : ndarray, shape (n_rows, n_columns)
        In time order.
    figures : dict of Figure
    bootstrap : Bootstrap
    paths : dict of callable, optional
        Figures of the order itself: from the row numbers of a resample to a value.

    Returns
    -------
    dict
        For each figure [low, high]; None for fewer than ten rows, or over 5 % undefined draws.

    Notes
    -----
    Rows are drawn in blocks of random length, joined at the ends. The mean block length is the
    longest that the `block_length` of any figure's `influence` asks for.

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
        # sums every column in the same order: two that are equal differ by nothing, unlike in BLAS
        means[draw] = np.einsum("i,ji->j", share, by_column)
        for name, path in paths.items():
            drawn[name][draw] = path(rows)
    with np.errstate(all="ignore"):
        drawn = {name: figure(means) for name, figure in figures.items()} | drawn
    return {name: _percentiles(values, bootstrap.level) for name, values in drawn.items()}


def resamples(n_rows: int, length: float, bootstrap: Bootstrap) -> Iterator[np.ndarray]:
    """Draw row numbers in blocks of a mean length, one array of n_rows at a time."""
    from arch.bootstrap import StationaryBootstrap

    # its hint says int, but it needs the length's inverse alone
    drawing = StationaryBootstrap(cast(int, length), np.arange(n_rows), seed=bootstrap.seed)
    for _ in range(bootstrap.draws):
        yield drawing.update_indices()


def influence(columns: np.ndarray, figure: Figure) -> np.ndarray:
    """Return how much each row moves a figure, to first order; NaN where it is undefined.

    The figure's variance is that of the mean of these (the delta method). Its slopes are taken
    one standard error to each side, the distance that matters.
    """
    means = columns.mean(axis=0)
    steps = np.maximum(columns.std(axis=0) / np.sqrt(len(columns)), 1e-300)
    moved = np.diag(steps)
    with np.errstate(all="ignore"):
        slopes = (figure(means + moved) - figure(means - moved)) / (2 * steps)
    return (columns - means) @ slopes


def block_length(values: np.ndarray) -> float:
    """Return the mean block length for resampling a series, 1 where it has no memory.

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

    # many short dot products: threads only wait for each other; stretches without variance divide
    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        length = float(optimal_block_length(values)["stationary"].iloc[0])
    return max(1.0, length) if np.isfinite(length) else 1.0


def _percentiles(values: np.ndarray, level: float) -> list[float] | None:
    defined = values[np.isfinite(values)]
    if len(defined) < DEFINED * len(values):
        return None
    tail = 50 * (1 - level)
    # order j of n draws has j / (n + 1) below it; numpy's usual method would cut some 0.2 % more
    return np.percentile(defined, (tail, 100 - tail), method="weibull").tolist()
