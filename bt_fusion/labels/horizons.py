"""Two-class labels: where the price is, or has been, within a horizon."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.labels.base import Labels, check_bar_count, first_touch, unresolved

__all__ = ["Direction", "Gain"]


@dataclass(frozen=True)
class Direction:
    """1 if the close `horizon` bars ahead is above this bar's close, else 0.

    Parameters
    ----------
    horizon : int
        Bars ahead.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> labels = Direction(horizon=2)(random_walk(5))
    >>> labels.t1
    array([ 2,  3,  4, -1, -1])
    """

    horizon: int = 5
    classes: ClassVar[tuple[int, ...]] = (0, 1)
    two_sided: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_bar_count("horizon", self.horizon)

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        close = BarArrays.of(bars).close
        y, t1 = unresolved(len(close))
        known = max(0, len(close) - self.horizon)
        y[:known] = close[self.horizon :] > close[:known]
        t1[:known] = np.arange(known) + self.horizon
        return Labels(y, t1)


@dataclass(frozen=True)
class Gain:
    """1 if a high within `horizon` bars exceeds the close by at least `threshold`, else 0.

    One-sided: 0 does not mean falling prices, so there is no probability of a short. A gain is
    known at the bar that reaches it, its absence at the end of the horizon.

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
        check_bar_count("horizon", self.horizon)
        if not self.threshold > 0:
            raise OptionError(f"threshold {self.threshold} must be above 0 (0.005 is 0.5 %)")

    def exits(self) -> dict[str, Any]:
        """Return the target of a trade, see `trade_exits`; the label has no stop."""
        return {"target": self.threshold, "atr_target": None}

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = BarArrays.of(bars)
        target = arrays.close * (1 + self.threshold)
        touch = first_touch(arrays.high, target, self.horizon, np.greater_equal)
        y, t1 = unresolved(len(arrays))
        rows = np.arange(len(arrays))
        over = rows + self.horizon < len(arrays)
        y[over], t1[over] = 0, rows[over] + self.horizon
        hit = touch > 0
        y[hit], t1[hit] = 1, (rows + touch)[hit]
        return Labels(y, t1)
