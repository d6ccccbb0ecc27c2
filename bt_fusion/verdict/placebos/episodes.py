"""Episodes: unbroken runs of one technical state."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Episodes", "blocked_starts"]


@dataclass(frozen=True, eq=False)
class Episodes:
    """Unbroken runs of one state, in order; together they cover every bar.

    Attributes
    ----------
    first, stop : ndarray of int64, shape (n_episodes,)
        First bar of each, and the bar after the last.
    side : ndarray of int64, shape (n_episodes,)
        -1, 0, 1.
    reverses : ndarray of bool, shape (n_episodes,)
        Whether the previous episode is of the opposite side.

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
        """Return the episodes of a state of -1, 0, 1."""
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
        """Number of bars of each episode."""
        return self.stop - self.first

    def at_bars(self, values: np.ndarray) -> np.ndarray:
        """Repeat each episode's value at each of its bars, shape (n_bars,)."""
        return np.repeat(values, self.length)

    @cached_property
    def number(self) -> np.ndarray:
        """Index of the episode of each bar, shape (n_bars,)."""
        return self.at_bars(np.arange(len(self)))

    @cached_property
    def sided(self) -> np.ndarray:
        """Whether each bar has a side, shape (n_bars,)."""
        return self.at_bars(self.side != 0)

    @property
    def age(self) -> np.ndarray:
        """Bars since the episode began, shape (n_bars,)."""
        return np.arange(self.length.sum()) - self.at_bars(self.first)


def blocked_starts(reverses: np.ndarray, free: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Return which episodes begin while the previous position is still held.

    Parameters
    ----------
    reverses : ndarray of bool, shape (..., n_episodes)
        Whether the previous episode is of the opposite side and ends where this one begins; False
        for the first.
    free, late : ndarray of bool, shape (..., n_episodes)
        Whether the last bar of each is held, if its first bar counts (`free`) or not (`late`).

    Notes
    -----
    If both agree, the next start does not depend on earlier episodes. If only `free` is true, it is
    the opposite of this one's, so a chain of these alternates. If only `late` is true (the trip
    from the first bar hit a stop), it is the same.

    Examples
    --------
    >>> every = np.ones(4, dtype=bool)
    >>> blocked_starts(np.array([False, True, True, True]), every, ~every)
    array([False,  True, False,  True])
    """
    known, depends, turns = np.zeros((3, *reverses.shape), dtype=bool)
    known[..., 1:] = reverses[..., 1:] & late[..., :-1]
    depends[..., 1:] = reverses[..., 1:] & (free != late)[..., :-1]
    turns[..., 1:] = depends[..., 1:] & free[..., :-1]
    place = np.broadcast_to(np.arange(reverses.shape[-1]), reverses.shape)
    anchor = np.maximum.accumulate(np.where(depends, 0, place), axis=-1)
    turned = np.cumsum(turns, axis=-1)
    odd = (turned - np.take_along_axis(turned, anchor, axis=-1)) % 2 == 1
    return np.take_along_axis(known, anchor, axis=-1) ^ odd
