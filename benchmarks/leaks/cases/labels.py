"""Labels whose t1 is too early, and honest ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.leaks.registry import honest, leak
from bt_fusion import Labels


@dataclass(frozen=True)
class Ahead:
    """What the labels here share: a horizon, two classes, and when a row is known."""

    horizon: int = 5
    classes = (0, 1)
    two_sided = True

    def known(self, y: np.ndarray, ahead: int | np.ndarray) -> Labels:
        """Return labels known so many bars later, the last rows unknown."""
        rows = np.arange(len(y))
        t1 = rows + ahead
        inside = (rows + self.horizon < len(y)) & np.isfinite(y)
        return Labels(np.where(inside, y, np.nan), np.where(inside, t1, -1))


def later(values: np.ndarray, ahead: int) -> np.ndarray:
    """Return what comes so many bars later, NaN at the end."""
    return np.append(values[ahead:], np.full(min(ahead, len(values)), np.nan))


@leak("label", "a direction five bars ahead that says it is known after four")
class KnownTooEarly(Ahead):
    def __call__(self, bars):
        moved = later(bars.close, self.horizon) - bars.close
        return self.known((moved > 0) + 0 * moved, self.horizon - 1)


@leak("label", "split at the test: the high of ten bars, known after five")
class CrossesTheSplit(Ahead):
    def __call__(self, bars):
        high = pd.Series(bars.high)[::-1].rolling(10, min_periods=1).max()[::-1].to_numpy()
        return self.known((high > 1.01 * bars.close).astype(float), self.horizon)


@leak("label", "a threshold by the volatility of all bars")
class ByTheWholeVolatility(Ahead):
    def __call__(self, bars):
        moved = later(bars.log_close, self.horizon) - bars.log_close
        return self.known((moved > 0.5 * np.nanstd(moved)).astype(float), self.horizon)


@leak("label", "the upper third of all moves")
class UpperThird(Ahead):
    def __call__(self, bars):
        moved = pd.Series(later(bars.log_close, self.horizon) - bars.log_close)
        return self.known((moved.rank(pct=True) > 2 / 3).astype(float).to_numpy(), self.horizon)


@leak("label", "the upper half of the moves of its month")
class UpperHalfOfTheMonth(Ahead):
    def __call__(self, bars):
        moved = pd.Series(later(bars.log_close, self.horizon) - bars.log_close)
        month = pd.DatetimeIndex(bars.time).to_period("M")
        return self.known((moved > moved.groupby(month).transform("median")) * 1.0, self.horizon)


@leak("label", "smoothed by the majority of its neighbours")
class Smoothed(Ahead):
    def __call__(self, bars):
        up = pd.Series(later(bars.close, self.horizon) > bars.close).astype(float)
        return self.known((up.rolling(5, center=True).mean() > 0.5) * 1.0, self.horizon)


@leak("label", "a barrier's touch is known one bar before it happens")
class TouchTooEarly(Ahead):
    horizon = 10

    def __call__(self, bars):
        y, ahead = np.zeros(len(bars)), np.full(len(bars), self.horizon)
        for far in range(self.horizon, 0, -1):
            hit = later(bars.high, far) > 1.01 * bars.close
            y[hit], ahead[hit] = 1, max(1, far - 1)
        return self.known(y, ahead)


@leak("label", "trend scanning: t1 is the best window's end, though all windows were tried")
class TrendScanning(Ahead):
    horizon = 8

    def __call__(self, bars):
        moved = np.column_stack(
            [(later(bars.log_close, far) - bars.log_close) / far**0.5 for far in (2, 4, 8)]
        )
        best = np.abs(np.nan_to_num(moved)).argmax(axis=1)
        y = (moved[np.arange(len(bars)), best] > 0).astype(float)
        return self.known(y, np.array([2, 4, 8])[best])


@leak("label", "a row in fifty peeks two bars past its horizon")
class RarelyTooFar(Ahead):
    def __call__(self, bars):
        rare = np.arange(len(bars)) % 50 == 9
        moved = np.where(rare, later(bars.close, 7), later(bars.close, 5)) - bars.close
        return self.known((moved > 0).astype(float), self.horizon)


@honest("label", "a direction, known when it is")
class HonestDirection(Ahead):
    def __call__(self, bars):
        moved = later(bars.close, self.horizon) - bars.close
        return self.known((moved > 0).astype(float), self.horizon)


@honest("label", "a triple barrier by past volatility, known at its touch")
class HonestBarriers(Ahead):
    horizon = 10

    def __call__(self, bars):
        width = pd.Series(bars.log_close).diff().rolling(50).std().to_numpy() * 3
        y, ahead = np.zeros(len(bars)), np.full(len(bars), self.horizon)
        for far in range(self.horizon, 0, -1):
            up = later(bars.high, far) > bars.close * (1 + width)
            down = later(bars.low, far) < bars.close * (1 - width)
            y[up | down], ahead[up | down] = 0, far
            y[up & ~down] = 1
        return self.known(np.where(np.isfinite(width), y, np.nan), ahead)


@honest("label", "a threshold by the volatility of the bars before")
class ByPastVolatility(Ahead):
    def __call__(self, bars):
        moved = later(bars.log_close, self.horizon) - bars.log_close
        usual = pd.Series(bars.log_close).diff().rolling(60).std().to_numpy()
        y = np.where(np.isfinite(usual), moved > 0.5 * usual, np.nan)
        return self.known(y, self.horizon)
