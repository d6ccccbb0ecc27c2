"""ReplayedBars: recorded bars that arrive as if live."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

__all__ = ["ReplayedBars"]


class ReplayedBars:
    """Return recorded bars one by one, without waiting.

    Parameters
    ----------
    bars : DataFrame
    known : int
        Number of bars in the history at the start.
    arrivals : iterable of DataFrame, optional
        Replaces the one-by-one arrival of the other bars: repeated, unsorted, late.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> source = ReplayedBars(random_walk(5), known=3)
    >>> len(source.history()), len(source.arriving(None)), len(source.arriving(None))
    (3, 1, 1)
    >>> source.arriving(None) is None
    True
    """

    def __init__(
        self, bars: pd.DataFrame, known: int = 0, arrivals: Iterable[pd.DataFrame] | None = None
    ):
        self.bars, self.known = bars, known
        self.given = arrivals
        self._arrivals: Iterator[pd.DataFrame] = iter(())

    @property
    def length(self) -> pd.Timedelta | None:
        """The usual distance between bars."""
        if len(self.bars) < 2:
            return None
        return pd.Timedelta(np.median(np.diff(self.bars.index.to_numpy())))

    def history(self) -> pd.DataFrame:
        """Return the bars known at the start; the others then begin to arrive."""
        rest = range(self.known, len(self.bars))
        one_by_one = (self.bars.iloc[row : row + 1] for row in rest)
        self._arrivals = iter(one_by_one if self.given is None else self.given)
        return self.bars.iloc[: self.known]

    def arriving(self, last: pd.Timestamp | None) -> pd.DataFrame | None:
        """Return the next bars, None at the end."""
        return next(self._arrivals, None)
