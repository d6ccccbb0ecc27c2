"""Bars with the later part removed or changed, and bars with short blocks changed."""

from collections.abc import Callable

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays

__all__ = [
    "CHANGES",
    "GAP",
    "GAPS",
    "Change",
    "block_starts",
    "every_start",
    "rounded",
    "with_blocks",
]

Change = Callable[[BarArrays, int], BarArrays]

BLOCK = 2  # bars of a block
GAP = 90  # bars from one block to the next, on average
GAPS = (60, 120)  # fewest and most


def removed(arrays: BarArrays, cut: int) -> BarArrays:
    """Return the bars up to and including `cut`."""
    return arrays[: cut + 1]


def noise(arrays: BarArrays, cut: int) -> BarArrays:
    """Return the bars with those after `cut` shuffled, at other prices and volumes."""
    return _replaced(arrays, np.arange(cut + 1, len(arrays)), np.random.default_rng(cut))


def huge(arrays: BarArrays, cut: int) -> BarArrays:
    """Return the bars with those after `cut` multiplied by a billion."""
    return _times(arrays, np.where(np.arange(len(arrays)) > cut, 1e9, 1.0))


def absent(arrays: BarArrays, cut: int) -> BarArrays:
    """Return the bars with NaN after `cut`."""
    return _times(arrays, np.where(np.arange(len(arrays)) > cut, np.nan, 1.0))


# The changes to the bars after a cut, as worded in the error
CHANGES: dict[str, Change] = {
    "removed": removed,
    "replaced by others": noise,
    "multiplied by 1e9": huge,
    "replaced by NaN": absent,
}


def block_starts(n_bars: int, rng: np.random.Generator, gaps: tuple[int, int] = GAPS) -> np.ndarray:
    """Return where blocks begin, at uneven distances over the bars.

    Parameters
    ----------
    n_bars : int
    rng : numpy.random.Generator
    gaps : (int, int)
        Fewest and most bars from one block to the next.

    Returns
    -------
    ndarray of int64, ascending
    """
    least, most = gaps
    steps = rng.integers(least, most + 1, n_bars // least + 1)
    starts = rng.integers(1, most + 1) + np.cumsum(steps) - steps[0]
    return starts[starts + BLOCK < n_bars]


def every_start(n_bars: int, offset: int) -> np.ndarray:
    """Return where blocks begin, `GAP` bars apart; over all offsets from 1, every bar once.

    >>> every_start(200, 5)
    array([  5,  95, 185])
    """
    return np.arange(offset, n_bars - BLOCK, GAP)


def with_blocks(arrays: BarArrays, starts: np.ndarray, rng: np.random.Generator) -> BarArrays:
    """Return the bars with `BLOCK` of them replaced at each start."""
    return _replaced(arrays, (starts[:, None] + np.arange(BLOCK)).ravel(), rng)


def rounded(arrays: BarArrays, rng: np.random.Generator) -> BarArrays:
    """Return the bars with the last binary digits of every number changed."""
    steps = rng.integers(-2, 3, (len(COLUMNS), len(arrays)))
    return _of(arrays, _values(arrays) * (1 + steps * np.finfo(float).eps))


def _replaced(arrays: BarArrays, rows: np.ndarray, rng: np.random.Generator) -> BarArrays:
    """Replace some bars by other valid ones, with high above low."""
    values = _values(arrays)
    taken = values[:, rng.permutation(rows)]
    level = values[3, rows] / taken[3] * np.exp(rng.normal(0, 0.1, len(rows)))
    values[:4, rows] = taken[:4] * level
    values[4, rows] = taken[4] * np.exp(rng.normal(0, 0.5, len(rows)))
    return _of(arrays, values)


def _times(arrays: BarArrays, factor: np.ndarray) -> BarArrays:
    return _of(arrays, _values(arrays) * factor)


def _values(arrays: BarArrays) -> np.ndarray:
    return np.array([getattr(arrays, name) for name in COLUMNS])


def _of(arrays: BarArrays, values: np.ndarray) -> BarArrays:
    values.flags.writeable = False  # same attributes as a checked frame
    return BarArrays(arrays.time, *values)
