"""Three-class labels: which of two barriers the price touches first."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import talib

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.labels.base import Labels, check_bar_count, first_touch, unresolved
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["ProfitBeforeStop", "TripleBarrier"]


@dataclass(frozen=True)
class TripleBarrier:
    """The first barrier touched: +1 upper, -1 lower, 0 neither within `horizon` bars.

    Barriers are `target` (above) and `stop` (below) average true ranges from the close. A bar that
    touches both stops either side, so it counts as 0.

    Parameters
    ----------
    target, stop : float
        Distances in ATR units. Equal by default, so that long and short are symmetric.
    horizon : int
        Bars until the trade times out.
    atr_period : int
        Period of the ATR (Wilder); warm-up bars have no label.

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
        check_bar_count("horizon", self.horizon)
        if not (self.target > 0 and self.stop > 0):
            raise OptionError(f"target {self.target} and stop {self.stop} must be above 0 (ATR)")
        check_bar_count("atr_period", self.atr_period)

    def exits(self) -> dict[str, Any]:
        """Return stop and target of a trade in ATR units, see `trade_exits`."""
        in_atr = {"atr_stop": self.stop, "atr_target": self.target, "atr_period": self.atr_period}
        return {"stop": None, "target": None, **in_atr}

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = BarArrays.of(bars)
        y, t1 = unresolved(len(arrays))
        if len(arrays) <= self.atr_period:
            return Labels(y, t1)
        atr = talib.ATR(arrays.high, arrays.low, arrays.close, self.atr_period)
        upper = arrays.close + self.target * atr
        lower = arrays.close - self.stop * atr
        above = first_touch(arrays.high, upper, self.horizon, np.greater_equal)
        below = first_touch(arrays.low, lower, self.horizon, np.less_equal)
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

    Decided bar by bar: a low `stop` below the close stops a long, a high `stop` above it a short; a
    bar that touches target and stop counts as stopped. If the stop is wider than the target, both
    sides can win: then the regime of the bar decides, and a ranging market gives 0. The label is
    known when both sides are decided.

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
        check_bar_count("horizon", self.horizon)
        if not (0 < self.target < 1 and 0 < self.stop < 1):
            raise OptionError(
                f"target {self.target} and stop {self.stop} are fractions between 0 and 1"
            )

    def exits(self) -> dict[str, Any]:
        """Return stop and target of a trade as fractions, see `trade_exits`."""
        return {"stop": self.stop, "target": self.target, "atr_stop": None, "atr_target": None}

    def __call__(self, bars: pd.DataFrame | BarArrays) -> Labels:
        """Return the label of every bar."""
        arrays = BarArrays.of(bars)
        up = self._touches(arrays.high, arrays.close, 1, np.greater_equal)
        down = self._touches(arrays.low, arrays.close, -1, np.less_equal)
        long_won, long_after = _target_first(up[0], down[1], self.horizon)
        short_won, short_after = _target_first(down[0], up[1], self.horizon)
        rows = np.arange(len(arrays))
        known_at = rows + np.maximum(long_after, short_after)
        y, t1 = unresolved(len(arrays))
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
            first_touch(prices, close * (1 + side * distance), self.horizon, touches)
            for distance in (self.target, self.stop)
        )
        return target, stop


def _target_first(
    target: np.ndarray, stop: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the target came before the stop, and after how many bars that is known.

    Touches are in bars ahead, 0 for never. Without a touch the result is known at the horizon.
    """
    never = horizon + 1
    reached, stopped = np.where(target > 0, target, never), np.where(stop > 0, stop, never)
    return reached < stopped, np.minimum(np.minimum(reached, stopped), horizon)
