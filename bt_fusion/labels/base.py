"""What every label is: its values, the bars at which they are known, and its contract."""

from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError

__all__ = ["Label", "Labels", "check_bar_count", "first_touch", "unresolved"]

UNRESOLVED = -1


@dataclass(frozen=True)
class Labels:
    """Label values and the bars at which they are known.

    Attributes
    ----------
    y : ndarray of float64, shape (n_bars,)
        The class, NaN where it is not known within the bars.
    t1 : ndarray of int64, shape (n_bars,)
        Position of the bar at which y is known, -1 where it is not.
    """

    y: np.ndarray
    t1: np.ndarray


class Label(Protocol):
    """What every label offers."""

    classes: ClassVar[tuple[int, ...]]
    two_sided: ClassVar[bool]

    @property
    def horizon(self) -> int:
        """Bars until the label is known at the latest."""

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""


def check_bar_count(name: str, count: int) -> None:
    """Raise OptionError unless `count` is a whole number of bars, 1 or more."""
    if not isinstance(count, Integral) or count < 1:
        raise OptionError(f"{name} {count!r} must be a whole number of bars, 1 or more")


def unresolved(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y and t1 of so many rows, none of them known yet."""
    return np.full(count, np.nan), np.full(count, UNRESOLVED, dtype=np.int64)


def first_touch(
    prices: np.ndarray, barrier: np.ndarray, horizon: int, touches: np.ufunc
) -> np.ndarray:
    """Return how many bars ahead a price first touches each row's barrier, 0 for never.

    Goes backwards through the horizon so that nearer touches overwrite farther ones.
    """
    touch = np.zeros(len(prices), dtype=np.int64)
    for ahead in range(min(horizon, len(prices) - 1), 0, -1):
        touch[:-ahead][touches(prices[ahead:], barrier[:-ahead])] = ahead
    return touch
