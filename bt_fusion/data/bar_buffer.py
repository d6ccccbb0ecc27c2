"""BarBuffer: the last bars of a feed, as they arrive."""

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays

__all__ = []


class BarBuffer:
    """Bars in arrival order, in arrays that grow by doubling.

    Parameters
    ----------
    keep : int or None
        Minimum number of bars to keep; None keeps all.
    """

    def __init__(self, keep: int | None = None):
        self.keep = keep
        self.count = 0  # bars ever pushed
        self._held = 0
        self._room = 1_024 if keep is None else 4 * keep
        self._time = np.empty(self._room, dtype="datetime64[ns]")
        self._values = np.empty((len(COLUMNS), self._room))

    def push(self, time: np.datetime64, values: tuple[float, ...]) -> None:
        """Append a bar: its stamp and open, high, low, close, volume."""
        if self._held == self._room:
            self._make_room()
        self._held += 1
        self.count += 1
        self.replace(time, values)

    def replace(self, time: np.datetime64, values: tuple[float, ...]) -> None:
        """Overwrite the last bar, one that is still open."""
        self._time[self._held - 1] = time
        self._values[:, self._held - 1] = values

    def arrays(self) -> BarArrays:
        """Return the bars in the buffer, as views."""
        return BarArrays(self._time[: self._held], *self._values[:, : self._held])

    def _make_room(self) -> None:
        if self.keep is None:
            self._room *= 2
            kept = slice(0, self._held)
        else:
            kept = slice(self._held - self.keep, self._held)
        time, values = self._time[kept], self._values[:, kept]
        self._held = values.shape[1]
        self._time = np.empty(self._room, dtype="datetime64[ns]")
        self._values = np.empty((len(COLUMNS), self._room))
        self._time[: self._held], self._values[:, : self._held] = time, values
