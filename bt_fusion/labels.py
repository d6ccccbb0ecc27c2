"""Labels: what a bar's future turned out to be, and the bar at which that is known.

Every label returns its values together with `t1`, the position of the bar at which the value is
known. A row whose future is not over has no label: NaN, never a class. SEMANTICS of each class:
two-class labels say 1 up (yes) and 0 down (no), three-class ones +1 long, 0 none and -1 short.
"""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
import talib

from bt_fusion.bars import BarArrays, check_bars
from bt_fusion.errors import OptionError, unknown_name

__all__ = ["LABELS", "Direction", "Gain", "Label", "Labels", "TripleBarrier", "make_label"]

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


@dataclass(frozen=True)
class Direction:
    """1 when the close `horizon` bars ahead is above this bar's close, else 0.

    Parameters
    ----------
    horizon : int
        Bars ahead.

    Examples
    --------
    >>> from bt_fusion.samples import random_walk
    >>> labels = Direction(horizon=2)(random_walk(5))
    >>> labels.t1
    array([ 2,  3,  4, -1, -1])
    """

    horizon: int = 5
    classes: ClassVar[tuple[int, ...]] = (0, 1)
    two_sided: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_bars("horizon", self.horizon)

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        close = _arrays(bars).close
        y, t1 = _unresolved(len(close))
        known = max(0, len(close) - self.horizon)
        y[:known] = close[self.horizon :] > close[:known]
        t1[:known] = np.arange(known) + self.horizon
        return Labels(y, t1)


@dataclass(frozen=True)
class Gain:
    """1 when a high within `horizon` bars reaches the close by `threshold`, else 0.

    One-sided: 0 says nothing about falling prices, so there is no probability of a short.
    A gain is known at the bar that reaches it, its absence when the horizon is over.

    Parameters
    ----------
    horizon : int
        Bars ahead.
    threshold : float
        Gain as a fraction: 0.005 is half a percent (system C).
    """

    horizon: int = 5
    threshold: float = 0.005
    classes: ClassVar[tuple[int, ...]] = (0, 1)
    two_sided: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_bars("horizon", self.horizon)
        if not self.threshold > 0:
            raise OptionError(f"threshold {self.threshold} must be above 0 (0.005 is 0.5 %)")

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = _arrays(bars)
        target = arrays.close * (1 + self.threshold)
        touch = _first_touch(arrays.high, target, self.horizon, np.greater_equal)
        y, t1 = _unresolved(len(arrays))
        rows = np.arange(len(arrays))
        over = rows + self.horizon < len(arrays)
        y[over], t1[over] = 0, rows[over] + self.horizon
        hit = touch > 0
        y[hit], t1[hit] = 1, (rows + touch)[hit]
        return Labels(y, t1)


@dataclass(frozen=True)
class TripleBarrier:
    """The barrier touched first: +1 the upper, -1 the lower, 0 neither within `horizon` bars.

    Barriers stand `target` (above) and `stop` (below) average true ranges from the close. A bar
    that touches both is the stop of either side, so it is neither a long nor a short: 0.

    Parameters
    ----------
    target, stop : float
        Distances in ATR units. Equal by default, so that long and short mirror each other.
    horizon : int
        Bars until the trade times out.
    atr_period : int
        Period of the ATR (Wilder); bars before it is known have no label.

    References
    ----------
    Lopez de Prado, Advances in Financial Machine Learning (2018), 3.4.
    """

    target: float = 1.5
    stop: float = 1.5
    horizon: int = 12
    atr_period: int = 14
    classes: ClassVar[tuple[int, ...]] = (-1, 0, 1)
    two_sided: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_bars("horizon", self.horizon)
        if not (self.target > 0 and self.stop > 0):
            raise OptionError(f"target {self.target} and stop {self.stop} must be above 0 (ATR)")
        _check_bars("atr_period", self.atr_period)

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = _arrays(bars)
        y, t1 = _unresolved(len(arrays))
        if len(arrays) <= self.atr_period:
            return Labels(y, t1)
        atr = talib.ATR(arrays.high, arrays.low, arrays.close, self.atr_period)
        upper = arrays.close + self.target * atr
        lower = arrays.close - self.stop * atr
        above = _first_touch(arrays.high, upper, self.horizon, np.greater_equal)
        below = _first_touch(arrays.low, lower, self.horizon, np.less_equal)
        rows = np.arange(len(arrays))
        over = (rows + self.horizon < len(arrays)) & np.isfinite(atr)
        y[over], t1[over] = 0, rows[over] + self.horizon
        first = np.where((above > 0) & ((below == 0) | (above <= below)), above, below)
        touched = first > 0
        t1[touched] = (rows + first)[touched]
        y[touched] = ((above == first).astype(float) - (below == first))[touched]
        return Labels(y, t1)


LABELS: dict[str, Callable[..., Label]] = {
    "direction": Direction,
    "gain": Gain,
    "triple_barrier": TripleBarrier,
}


def make_label(name: str, **parameters: float) -> Label:
    """Return a label by name, e.g. ``make_label("direction", horizon=5)``.

    Raises
    ------
    OptionError
        For an unknown label or parameter.
    """
    if name not in LABELS:
        raise unknown_name("label", name, LABELS)
    maker = LABELS[name]
    for parameter in parameters:
        if parameter not in maker.__dataclass_fields__:  # type: ignore[attr-defined]
            known = maker.__dataclass_fields__  # type: ignore[attr-defined]
            raise unknown_name(f"parameter of label {name}", parameter, known)
    return maker(**parameters)


def _check_bars(name: str, count: int) -> None:
    if not isinstance(count, Integral) or count < 1:
        raise OptionError(f"{name} {count!r} must be a whole number of bars, 1 or more")


def _arrays(bars: pd.DataFrame | BarArrays) -> BarArrays:
    return bars if isinstance(bars, BarArrays) else BarArrays.from_frame(check_bars(bars))


def _unresolved(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(count, np.nan), np.full(count, UNRESOLVED, dtype=np.int64)


def _first_touch(
    prices: np.ndarray, barrier: np.ndarray, horizon: int, touches: np.ufunc
) -> np.ndarray:
    """Return how many bars ahead a price first touches each row's barrier, 0 for never.

    Goes backwards through the horizon so that nearer touches overwrite farther ones.
    """
    touch = np.zeros(len(prices), dtype=np.int64)
    for ahead in range(min(horizon, len(prices) - 1), 0, -1):
        touch[:-ahead][touches(prices[ahead:], barrier[:-ahead])] = ahead
    return touch
