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
from bt_fusion.regimes import Regime, regimes

__all__ = [
    "LABELS",
    "Direction",
    "Gain",
    "Label",
    "Labels",
    "ProfitBeforeStop",
    "TripleBarrier",
    "make_label",
]

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


@dataclass(frozen=True)
class ProfitBeforeStop:
    """+1 when a long reaches its target before its stop, -1 when a short does, else 0 (system B).

    Decided bar by bar: a long is stopped by a low `stop` below the close, a short by a high
    `stop` above it; a bar that touches target and stop counts as stopped. Where the stop is
    wider than the target both sides can qualify: then the regime of the bar decides, and a
    ranging market gives 0. The label is known when both sides are decided.

    Parameters
    ----------
    target, stop : float
        Distances as fractions of the close: 0.015 is 1.5 %.
    horizon : int
        Bars until either side times out.
    """

    target: float = 0.015
    stop: float = 0.010
    horizon: int = 24
    classes: ClassVar[tuple[int, ...]] = (-1, 0, 1)
    two_sided: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_horizon(self.horizon)
        if not (0 < self.target < 1 and 0 < self.stop < 1):
            raise OptionError(
                f"target {self.target} and stop {self.stop} are fractions between 0 and 1"
            )

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = _arrays(bars)
        up = self._touches(arrays.high, arrays.close, 1, np.greater_equal)
        down = self._touches(arrays.low, arrays.close, -1, np.less_equal)
        long_won, long_after = _race(up[0], down[1], self.horizon)
        short_won, short_after = _race(down[0], up[1], self.horizon)
        rows = np.arange(len(arrays))
        known_at = rows + np.maximum(long_after, short_after)
        y, t1 = _unresolved(len(arrays))
        known = known_at < len(arrays)
        won = long_won.astype(float) - short_won
        trend = regimes(arrays)
        tie = np.select([trend == Regime.UP, trend == Regime.DOWN], [1.0, -1.0], 0.0)
        y[known] = np.where(long_won & short_won, tie, won)[known]
        t1[known] = known_at[known]
        return Labels(y, t1)

    def _touches(
        self, prices: np.ndarray, close: np.ndarray, side: int, touches: np.ufunc
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the first touch of the target and of the stop on one side of the close."""
        target, stop = (
            _first_touch(prices, close * (1 + side * distance), self.horizon, touches)
            for distance in (self.target, self.stop)
        )
        return target, stop


LABELS: dict[str, Callable[..., Label]] = {
    "direction": Direction,
    "gain": Gain,
    "profit_before_stop": ProfitBeforeStop,
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


def _race(target: np.ndarray, stop: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Say whether the target was touched before the stop, and after how many bars that is known.

    Touches are in bars ahead, 0 for never. What is touched neither way is known at the horizon.
    """
    never = horizon + 1
    reached, stopped = np.where(target > 0, target, never), np.where(stop > 0, stop, never)
    return reached < stopped, np.minimum(np.minimum(reached, stopped), horizon)
