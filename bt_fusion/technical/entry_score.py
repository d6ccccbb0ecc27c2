"""The entry score of system C: the points for each bar's measures.

The technical score runs 0..9; ML adds or subtracts up to two more. ML never overrides the mandatory
filter, an RSI below its limit.
"""

from dataclasses import dataclass, fields

import numpy as np

from bt_fusion.technical.entry_measures import Measures

__all__ = ["EntryRule", "MLPoints", "TechnicalPoints"]


@dataclass(frozen=True)
class TechnicalPoints:
    """The nine technical points: thresholds, and the points for reaching them.

    Parameters
    ----------
    rsi_limit, rsi_deep : float
        RSI below the limit (also the mandatory filter), and below the deeper level.
    band_near : float
        Distance above the lower Bollinger band that still counts as at it, a fraction of the band.
    band_deep : float
        Standard deviations below the lower band (exclusive) for the deeper points.
    volume_spike, volume_surge : float
        Volume over its mean, from these values on.
    stochastic_low : float
        %K below this is oversold.
    support_near : float
        Largest distance from the nearest swing low, either side, as a fraction of it.
    rsi, band, volume, pattern : tuple of float
        Points of the first and second step; for patterns, of one bar and of several.
    macd, stochastic, support : float
        Points. MACD counts if it is above its signal or its histogram rises.

    Examples
    --------
    >>> TechnicalPoints().highest
    9.0
    """

    rsi_limit: float = 30.0
    rsi_deep: float = 20.0
    band_near: float = 0.005
    band_deep: float = 0.5
    volume_spike: float = 1.5
    volume_surge: float = 3.0
    stochastic_low: float = 20.0
    support_near: float = 0.005
    rsi: tuple[float, float] = (1.0, 2.0)
    band: tuple[float, float] = (1.0, 2.0)
    volume: tuple[float, float] = (1.0, 2.0)
    pattern: tuple[float, float] = (1.0, 1.5)
    macd: float = 0.5
    stochastic: float = 0.5
    support: float = 0.5

    @property
    def highest(self) -> float:
        """The most points a bar can have."""
        steps = self.rsi[1] + self.band[1] + self.volume[1] + self.pattern[1]
        return steps + self.macd + self.stochastic + self.support

    def parts(self, m: Measures) -> np.ndarray:
        """Return the points by part, NaN if a measure is not known yet.

        Returns
        -------
        ndarray of float64, shape (n_bars, 7)
            rsi, band, volume, pattern, macd, stochastic, support; the score is their sum.
        """
        below = m.lower_band - self.band_deep * m.deviation
        distance = np.abs(m.close - m.support)  # NaN, no points, without a swing low
        macd_rising = (m.macd > m.macd_signal) | (m.macd_rise > 0)
        near = m.close - m.lower_band <= self.band_near * m.lower_band
        parts = np.column_stack(
            [
                _steps(m.rsi < self.rsi_limit, m.rsi < self.rsi_deep, self.rsi),
                _steps(near, m.close < below, self.band),
                _steps(
                    m.volume_ratio >= self.volume_spike,
                    m.volume_ratio >= self.volume_surge,
                    self.volume,
                ),
                _steps(m.bullish >= 1, m.bullish >= 2, self.pattern),
                self.macd * macd_rising,
                self.stochastic * (m.stochastic_k < self.stochastic_low),
                self.support * (distance <= self.support_near * m.support),
            ]
        )
        parts[~_measured(m)] = np.nan
        return parts


@dataclass(frozen=True)
class MLPoints:
    """Points for a probability: `strong` from .70, `entry` from .60, `half` from .50.

    Below `low`, points are subtracted; in between, or without a known probability, there are none.

    Examples
    --------
    >>> MLPoints()(np.array([0.7, 0.6, 0.5, 0.45, 0.44, np.nan])).tolist()
    [2.0, 1.0, 0.5, 0.0, -1.0, 0.0]
    """

    strong: float = 0.70
    entry: float = 0.60
    half: float = 0.50
    low: float = 0.45
    points: tuple[float, float, float, float] = (2.0, 1.0, 0.5, -1.0)

    def __call__(self, probability: np.ndarray) -> np.ndarray:
        """Return the points of each probability."""
        p = np.asarray(probability)
        steps = [p >= self.strong, p >= self.entry, p >= self.half, p < self.low]
        return np.select(steps, self.points, 0.0)

    def of_vote(self, signal: np.ndarray) -> np.ndarray:
        """Return the points of each signal of a majority vote: strong buy, buy, hold, sell.

        >>> MLPoints().of_vote(np.array([2, 1, 0, -1, np.nan])).tolist()
        [2.0, 1.0, 0.0, -1.0, 0.0]
        """
        strong, entry, _, low = self.points
        s = np.asarray(signal)
        return np.select([s >= 2, s >= 1, s < 0], [strong, entry, low], 0.0)


@dataclass(frozen=True)
class EntryRule:
    """Enter if the mandatory filter passes and the total reaches its minimum.

    Parameters
    ----------
    rsi_limit : float
        Mandatory: RSI below this. ML never overrides it.
    least, least_technical : float
        Minimum total with ML, and without.
    """

    rsi_limit: float = 30.0
    least: float = 6.0
    least_technical: float = 4.0

    def __call__(
        self, rsi: np.ndarray, total: np.ndarray, with_ml: bool | np.ndarray
    ) -> np.ndarray:
        """Return which bars to enter; no entry without a known RSI and total."""
        least = np.where(with_ml, self.least, self.least_technical)
        return (rsi < self.rsi_limit) & (total >= least)


def _steps(first: np.ndarray, second: np.ndarray, points: tuple[float, float]) -> np.ndarray:
    return np.select([second, first], points[::-1], 0.0)


def _measured(m: Measures) -> np.ndarray:
    names = [field.name for field in fields(m) if field.name != "support"]
    return np.asarray(np.isfinite([getattr(m, name) for name in names]).all(axis=0))
