"""Thin long columns for a page: groups of bars that keep extremes, rows of curves."""

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["MOST_ROWS", "GroupedBars", "detail_rows", "extreme_rows"]

MOST_ROWS = 100_000  # of all symbols; up to this many, a page holds every bar
GROUPS = 20_000  # maximum over all symbols, if it does not
DETAIL = 20_000  # bars still held one by one then


class GroupedBars:
    """Bars of one symbol in groups of equal size; the last may be smaller.

    Parameters
    ----------
    count : int
        Bars, 1 or more.
    symbols : int
        How many symbols share the page.

    Attributes
    ----------
    size : int
        Bars in a group.
    starts : ndarray of int, shape (n_groups,)
        The first bar of each.

    Examples
    --------
    >>> grouped = GroupedBars(5, symbols=10_000)
    >>> grouped.size, grouped.starts.tolist(), grouped.high([3, 1, 2, 9, 4]).tolist()
    (3, [0, 3], [3.0, 9.0])
    """

    def __init__(self, count: int, symbols: int = 1):
        self.count = count
        self.size = -(-count // max(1, GROUPS // symbols))
        self.starts = np.arange(0, count, self.size)

    def first(self, values: Any) -> np.ndarray:
        """Return the first value of each group."""
        return np.asarray(values)[self.starts]

    def last(self, values: Any) -> np.ndarray:
        """Return the last value of each group."""
        return np.asarray(values)[np.append(self.starts[1:], self.count) - 1]

    def high(self, values: Any) -> np.ndarray:
        """Return the maximum known value of each group, NaN if none is known."""
        return np.fmax.reduceat(np.asarray(values, dtype=float), self.starts)

    def low(self, values: Any) -> np.ndarray:
        """Return the minimum known value of each group, NaN if none is known."""
        return np.fmin.reduceat(np.asarray(values, dtype=float), self.starts)

    def mean(self, values: Any) -> np.ndarray:
        """Return the mean known value of each group, NaN if none is known."""
        values = np.asarray(values, dtype=float)
        known = self.sum(~np.isnan(values))
        with np.errstate(invalid="ignore"):
            return self.sum(np.nan_to_num(values)) / known

    def sum(self, values: Any) -> np.ndarray:
        """Return the sum of each group."""
        return np.add.reduceat(np.asarray(values, dtype=float), self.starts)

    def commonest(self, values: Any, kinds: int) -> np.ndarray:
        """Return the most frequent value, from 0 to kinds - 1, of each group."""
        counts = [self.sum(np.asarray(values) == kind) for kind in range(kinds)]
        return np.argmax(counts, axis=0)


def detail_rows(count: int, symbols: int, shown: slice) -> slice:
    """Return the bars held one by one: those shown, and as many around them as fit.

    >>> detail_rows(1_000_000, 1, slice(999_500, 1_000_000))
    slice(980000, 1000000, None)
    >>> detail_rows(1_000_000, 1, slice(499_500, 500_000))
    slice(485000, 505000, None)
    """
    room = DETAIL // symbols
    stop = min(count, max(room, shown.stop + room // 4))
    return slice(max(0, stop - room), stop)


def extreme_rows(table: pd.DataFrame, most: int = GROUPS // 5) -> np.ndarray:
    """Return the rows of each group's minimum and maximum, and both ends of the column.

    Parameters
    ----------
    table : DataFrame
        Curves.
    most : int
        Groups.
    """
    size = -(-len(table) // most)
    kept = [0, len(table) - 1]
    for start in range(0, len(table), size):
        group = table.iloc[start : start + size].to_numpy(dtype=float)
        group = np.where(np.isnan(group), group[:1], group)
        kept += [*(start + group.argmin(axis=0)), *(start + group.argmax(axis=0))]
    return np.unique(kept)
