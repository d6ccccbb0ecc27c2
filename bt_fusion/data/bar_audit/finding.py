"""Finding: one kind of thing an audit of bars found, how often, where first, what to do."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Finding", "first_of_stretches", "stretches_of"]

SHOWN = 3  # first stamps of a finding


@dataclass(frozen=True, eq=False)
class Finding:
    """One kind of fault found.

    Attributes
    ----------
    kind : str
        Such as "gaps"; docs/audit.md lists them.
    count : int
        How many cases.
    bars : int
        Bars concerned: for gaps the missing bars, otherwise those at `rows`.
    first : tuple of Timestamp
        Stamps of the first cases, at most three.
    meaning : str
        What it means for features, labels and fills.
    remedy : str
        What to do.
    rows : ndarray of int, shape (n_rows,)
        Positions of the bars concerned, ascending; for gaps the first bar after each.
    """

    kind: str
    count: int
    bars: int
    first: tuple[pd.Timestamp, ...]
    meaning: str
    remedy: str
    rows: np.ndarray = field(repr=False)

    @classmethod
    def of(
        cls,
        kind: str,
        time: np.ndarray,
        rows: np.ndarray,
        words: tuple[str, str],
        *,
        cases: np.ndarray | None = None,
        bars: int | None = None,
    ) -> "Finding | None":
        """Return the finding for `rows`; None if there are no rows.

        Parameters
        ----------
        kind : str
        time : ndarray of datetime64[ns], shape (n_bars,)
        rows : ndarray of int
        words : tuple of str
            Meaning and remedy.
        cases : ndarray of int, optional
            The first row of each case; default each row is one.
        bars : int, optional
            Bars concerned; default the number of rows.
        """
        if not len(rows):
            return None
        cases = rows if cases is None else cases
        first = tuple(pd.Timestamp(stamp) for stamp in time[cases[:SHOWN]])
        bars = len(rows) if bars is None else bars
        return cls(kind, len(cases), bars, first, *words, rows=rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the rows as plain values."""
        return {
            "kind": self.kind,
            "count": self.count,
            "bars": self.bars,
            "first": [str(stamp) for stamp in self.first],
            "meaning": self.meaning,
            "remedy": self.remedy,
        }


def stretches_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first position and the length of each stretch of True.

    >>> stretches_of(np.array([True, False, True, True]))
    (array([0, 2]), array([1, 2]))
    """
    edges = np.diff(np.r_[0, mask.astype(np.int8), 0])
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts


def first_of_stretches(rows: np.ndarray) -> np.ndarray:
    """Return the first row of each stretch of neighbouring rows.

    >>> first_of_stretches(np.array([3, 4, 9]))
    array([3, 9])
    """
    return rows[np.diff(rows, prepend=-2) > 1]
