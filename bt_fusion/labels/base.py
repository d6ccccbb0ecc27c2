"""The parts of a label: its values, the bars at which they are known, and its interface."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError

__all__ = [
    "Label",
    "Labels",
    "check_bar_count",
    "class_names",
    "first_touch",
    "labels_of",
    "trade_exits",
    "unresolved",
]

UNRESOLVED = -1
MOST_BARS = 2**31  # positions are 64-bit integers: sums of two counts fit


@dataclass(frozen=True)
class Labels:
    """Label values and the bars at which they are known.

    Attributes
    ----------
    y : ndarray of float64, shape (n_bars,)
        The class, NaN if it is not known within the bars.
    t1 : ndarray of int64, shape (n_bars,)
        Position of the bar at which y is known, -1 if it is not.
    """

    y: np.ndarray
    t1: np.ndarray


class Label(Protocol):
    """The interface of every label."""

    classes: ClassVar[tuple[int, ...]]
    two_sided: ClassVar[bool]

    @property
    def horizon(self) -> int:
        """The most bars until the label is known."""

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""


def class_names(classes: Sequence[int], two_sided: bool = True) -> tuple[str, ...]:
    """Return the classes in words, in order.

    >>> class_names((-1, 0, 1)), class_names((0, 1)), class_names((0, 1), two_sided=False)
    (('Short', 'No trade', 'Long'), ('Down', 'Up'), ('No', 'Yes'))
    """
    if len(classes) == 3:
        return "Short", "No trade", "Long"
    return ("Down", "Up") if two_sided else ("No", "Yes")


def trade_exits(label: Label) -> dict[str, Any]:
    """Return the exits of a trade that follows a label: strategy parameters by name.

    ``hold_bars``, the horizon; if the label has them, ``stop`` and ``target`` (fractions of the
    price) or ``atr_stop`` and ``atr_target`` (ATR units), None for none. A label without a method
    ``exits`` has only its horizon.
    """
    exits = getattr(label, "exits", dict)
    return {"hold_bars": label.horizon, **exits()}


def labels_of(label: Label, bars: pd.DataFrame | BarArrays) -> Labels:
    """Return the labels of every bar, after checking them.

    Everything that needs labels calls this, since user-defined labels may return anything.

    Raises
    ------
    OptionError
        If the result is not `Labels` of these bars, contains an unknown class, or a row is known
        outside its horizon.
    """
    arrays = BarArrays.of(bars)
    name, shape = type(label).__name__, (len(arrays),)
    check_bar_count(f"label {name}: horizon", label.horizon)
    labels = label(arrays)
    if not isinstance(labels, Labels) or {np.shape(labels.y), np.shape(labels.t1)} != {shape}:
        raise OptionError(
            f"label {name} must return Labels with y and t1 of {len(arrays)} bars each"
        )
    for column, kinds, numbers in (("y", "fiub", "numbers"), ("t1", "i", "whole numbers")):
        values = getattr(labels, column)
        kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        if isinstance(kind, str) or kind.kind not in kinds:
            raise OptionError(f"label {name}: {column} must be an array of {numbers}, not {kind}")
    rows, known = np.arange(len(arrays)), np.isfinite(labels.y)
    within = (labels.t1 >= rows) & (labels.t1 <= rows + label.horizon)
    wrong = {
        f"y is not one of its classes {tuple(label.classes)}": known
        & ~np.isin(labels.y, label.classes),
        f"t1 is not a bar within its horizon of {label.horizon}": known & ~within,
        f"t1 is not one of the {len(arrays)} bars": labels.t1 >= len(arrays),
        f"y is unknown and t1 is not {UNRESOLVED}": ~known & (labels.t1 != UNRESOLVED),
    }
    for what, rejected in wrong.items():
        if rejected.any():
            row = int(rejected.argmax())
            raise OptionError(
                f"label {name}, row {row}: {what} (y {labels.y[row]}, t1 {labels.t1[row]})"
            )
    return labels


def check_bar_count(name: str, count: int) -> None:
    """Raise OptionError unless `count` is an integer of bars, 1 or more."""
    if not isinstance(count, Integral) or count < 1:
        raise OptionError(f"{name} {count!r} must be a whole number of bars, 1 or more")
    if count > MOST_BARS:
        raise OptionError(f"{name} is beyond {MOST_BARS:,} bars; give a smaller number")


def unresolved(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y and t1 for that many rows, none known yet."""
    return np.full(count, np.nan), np.full(count, UNRESOLVED, dtype=np.int64)


def first_touch(
    prices: np.ndarray, barrier: np.ndarray, horizon: int, touches: np.ufunc
) -> np.ndarray:
    """Return how many bars ahead a price first touches each row's barrier, 0 for never.

    Walks the horizon backwards so that nearer touches overwrite farther ones.
    """
    touch = np.zeros(len(prices), dtype=np.int64)
    for ahead in range(min(horizon, len(prices) - 1), 0, -1):
        touch[:-ahead][touches(prices[ahead:], barrier[:-ahead])] = ahead
    return touch
