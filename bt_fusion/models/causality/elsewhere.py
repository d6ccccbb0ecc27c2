"""Detect values that do not come from the bars: kept from an earlier call, or from a table."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from bt_fusion.data.bars import BarArrays

__all__ = [
    "CORRELATION",
    "DEVIATIONS",
    "FEWEST",
    "YEARS",
    "how_far_predicted",
    "other_bars",
    "shifted",
]

YEARS = 28  # years after which dates fall on the same weekdays, from 1901 to 2099
FURTHEST = 10  # bars ahead
FEWEST = 40  # rows; fewer are inconclusive
DEVIATIONS, CORRELATION = 6.0, 0.25  # above this a correlation with the future is not chance


def shifted(time: np.ndarray, years: int) -> np.ndarray:
    """Return stamps shifted by that many years, 29 February included.

    >>> shifted(np.array(["2024-02-29"], dtype="datetime64[ns]"), -28).astype("datetime64[D]")
    array(['1996-02-29'], dtype='datetime64[D]')
    """
    moved = pd.DatetimeIndex(time) + pd.DateOffset(years=years)
    return moved.to_numpy().astype("datetime64[ns]")


def other_bars(arrays: BarArrays, seed: int = 0) -> BarArrays:
    """Return other bars at the same stamps: the same moves in another order, also by sign.

    If a function of these predicts the original ones, it uses more than its input bars.
    """
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(len(arrays)), rng.choice([-1.0, 1.0], len(arrays))
    moves = np.diff(arrays.log_close, prepend=arrays.log_close[0])[order] * signs
    moves -= moves.mean()
    close = arrays.close[0] * np.exp(np.clip(np.cumsum(moves), -3, 3))
    open_ = np.append(close[:1], close[:-1])
    high = np.maximum(open_, close) * (arrays.high / np.maximum(arrays.open, arrays.close))[order]
    low = np.minimum(open_, close) * (arrays.low / np.minimum(arrays.open, arrays.close))[order]
    made = replace(arrays, open=open_, high=high, low=low, close=close, volume=arrays.volume[order])
    for column in (made.open, made.high, made.low, made.close, made.volume):
        column.flags.writeable = False
    return made


def how_far_predicted(values: np.ndarray, close: np.ndarray) -> tuple[int, float] | None:
    """Return how far ahead, and how well, values predict a price not used to compute them.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        Computed from other bars; NaN where there is none.
    close : ndarray of float64, shape (n_rows,)

    Returns
    -------
    (int, float) or None
        Bars ahead and the rank correlation; None if they predict nothing.

    Examples
    --------
    >>> close = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 500)))
    >>> how_far_predicted(np.append(close[1:], np.nan) / close, close)
    (1, 1.0)
    >>> how_far_predicted(close, close) is None
    True
    """
    moves = np.diff(np.log(close), prepend=np.nan)
    best: tuple[int, float] | None = None
    for each in (values, np.diff(values, prepend=np.nan)):
        for ahead in range(1, min(FURTHEST, len(close) - 1) + 1):
            found = _rank_correlation(each[:-ahead], moves[ahead:])
            if found is not None and (best is None or abs(found) > abs(best[1])):
                best = ahead, round(found, 3)
    return best


def _rank_correlation(values: np.ndarray, moves: np.ndarray) -> float | None:
    """Return a correlation if it is not chance, otherwise None."""
    known = np.isfinite(values) & np.isfinite(moves)
    count = int(known.sum())
    if count < FEWEST or np.ptp(values[known]) == 0 or np.ptp(moves[known]) == 0:
        return None
    found = float(np.corrcoef(rankdata(values[known]), rankdata(moves[known]))[0, 1])
    certain = abs(found) > max(CORRELATION, DEVIATIONS / count**0.5)
    return found if certain else None
