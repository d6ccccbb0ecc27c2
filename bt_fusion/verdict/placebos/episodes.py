"""Episodes: unbroken runs of one technical state."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Episodes"]


@dataclass(frozen=True, eq=False)
class Episodes:
    """The unbroken runs of one state, in order; together they cover every bar.

    Attributes
    ----------
    first, stop : ndarray of int64, shape (n_episodes,)
        First bar of each, and the one after the last.
    side : ndarray of int64, shape (n_episodes,)
        -1, 0, 1.
    reverses : ndarray of bool, shape (n_episodes,)
        Whether the episode before it is of the opposite side.

    Examples
    --------
    >>> found = Episodes.of(np.array([1, 1, -1, 0, 0, 1]))
    >>> found.first.tolist(), found.stop.tolist(), found.reverses.tolist()
    ([0, 2, 3, 5], [2, 3, 5, 6], [False, True, False, False])
    """

    first: np.ndarray
    stop: np.ndarray
    side: np.ndarray
    reverses: np.ndarray

    @classmethod
    def of(cls, side: np.ndarray) -> "Episodes":
        """Find them in a state of -1, 0, 1."""
        new = np.ones(len(side), dtype=bool)
        new[1:] = side[1:] != side[:-1]
        first = np.flatnonzero(new)
        sides = side[first]
        reverses = np.zeros(len(first), dtype=bool)
        reverses[1:] = (sides[1:] == -sides[:-1]) & (sides[1:] != 0)
        return cls(first, np.append(first, len(side))[1:], sides, reverses)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def length(self) -> np.ndarray:
        """Bars of each."""
        return self.stop - self.first

    def at_bars(self, values: np.ndarray) -> np.ndarray:
        """Return a value of each episode at each of its bars, shape (n_bars,)."""
        return np.repeat(values, self.length)

    @property
    def age(self) -> np.ndarray:
        """Bars since the episode began, shape (n_bars,)."""
        return np.arange(self.length.sum()) - self.at_bars(self.first)
