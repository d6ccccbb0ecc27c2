"""Arrivals: filters incoming bars to the valid and new ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import repair_bars

__all__ = ["Arrivals"]

NOT_REPORTED = ("dropped duplicate time", "sorted")
COMPARED = 1_000  # last bars kept, to limit the memory of long runs


class Arrivals:
    """Take bars in any order, repeated or broken, and return each new one once, in order.

    Parameters
    ----------
    say : callable
        Called with a line on each bar left out.

    Attributes
    ----------
    last : Timestamp or None
        Stamp of the last bar returned.
    repeated, changed, late, broken : int
        Bars left out, counted each time: returned before; returned before with other values; older
        than the last one and never returned; invalid.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> bars, arrivals = random_walk(5), Arrivals()
    >>> len(arrivals.new(bars[:3])), len(arrivals.new(bars[1:4])), arrivals.repeated
    (3, 1, 2)
    """

    def __init__(self, say: Callable[[str], Any] = print):
        self.say = say
        self.last: pd.Timestamp | None = None
        self.repeated = self.changed = self.late = self.broken = 0
        self._given: dict[pd.Timestamp, np.ndarray] = {}

    def new(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Return the bars after the last one returned.

        Parameters
        ----------
        bars : DataFrame
            Columns open, high, low, close, volume; a naive UTC DatetimeIndex.

        Raises
        ------
        BarsError
            If the columns or the index are not of this form.
        """
        valid, report = repair_bars(bars)
        self.broken += len(bars.index.unique()) - len(valid)
        for line in report:
            if not line.startswith(NOT_REPORTED):
                self.say(f"Left out   {line}")
        if self.last is not None:
            self._compare(valid.loc[: self.last])
            valid = valid.loc[self.last :].iloc[int(self.last in valid.index) :]
        kept = valid.iloc[-COMPARED:]
        self._given.update(zip(kept.index, kept[list(COLUMNS)].to_numpy(), strict=True))
        while len(self._given) > COMPARED:
            del self._given[next(iter(self._given))]
        if len(valid):
            self.last = valid.index[-1]
        return valid

    def _compare(self, old: pd.DataFrame) -> None:
        """Count bars that are not new; report those that differ from earlier ones, each once."""
        oldest = next(iter(self._given))
        for stamp, values in zip(old.index, old[list(COLUMNS)].to_numpy(), strict=True):
            before = self._given.get(stamp)
            if stamp < oldest or (before is not None and np.array_equal(before, values)):
                self.repeated += 1
                continue
            if before is None:
                self.late += 1
                self.say(f"Late       {stamp} came after {self.last}; it is left out")
            else:
                self.changed += 1
                self.say(f"Changed    {stamp} came with other values; the first ones count")
            self._given[stamp] = values
