"""System C's entry score: what is measured on each bar, and the points it is worth.

The score runs 0..9 for the technical side; ML adds or takes up to two more. It never overrides
the mandatory filter, an RSI below its limit.
"""

from dataclasses import dataclass, fields

import numpy as np
import talib

from bt_fusion.bars import BarArrays
from bt_fusion.candles import candle_patterns
from bt_fusion.features.registry import ema_memory, ratio, wilder_memory
from bt_fusion.swings import nearest_support

__all__ = ["EntryRule", "MLPoints", "Measures", "Periods", "TechnicalPoints", "measure"]


@dataclass(frozen=True)
class Periods:
    """Periods of what is measured, in bars; the published design's and the usual ones."""

    rsi: int = 14
    band: int = 20
    band_width: float = 2.0  # standard deviations between the middle and the lower band
    volume: int = 20
    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    stochastic: int = 14
    stochastic_slow: int = 3
    atr: int = 14
    swing: int = 5
    swings: int = 5
    support_window: int = 100

    @property
    def memory(self) -> int:
        """Bars after which less than 1e-9 of the start is left in any measure."""
        slow = ema_memory(self.macd_slow) + ema_memory(self.macd_signal) + self.macd_slow
        wilder = max(wilder_memory(self.rsi), wilder_memory(self.atr))
        return max(slow, wilder, self.band, self.volume, self.support_window + self.swing + 1)


@dataclass(frozen=True, eq=False)
class Measures:
    """What the points look at, each an ndarray of float64, shape (n_bars,); NaN in warm-up.

    Prices are in price units. `support` is also NaN while no swing low is known; `pattern` and
    `bullish` are as `candle_patterns` gives them; `macd_rise` is the change of the histogram
    from the bar before; `deviation` is the standard deviation behind the bands.
    """

    close: np.ndarray
    rsi: np.ndarray
    middle_band: np.ndarray
    lower_band: np.ndarray
    deviation: np.ndarray
    volume_ratio: np.ndarray
    bullish: np.ndarray
    pattern: np.ndarray
    macd: np.ndarray
    macd_signal: np.ndarray
    macd_rise: np.ndarray
    stochastic_k: np.ndarray
    stochastic_d: np.ndarray
    support: np.ndarray
    atr: np.ndarray


def measure(bars: BarArrays, periods: Periods | None = None) -> Measures:
    """Measure every bar; row t depends on bars up to t alone.

    Where prices do not move at all RSI and stochastic are 50 (TA-Lib would say 0, oversold), and
    where there is no volume its ratio is 1.
    """
    p = periods or Periods()
    high, low, close = bars.high, bars.low, bars.close
    upper, middle, lower = talib.BBANDS(close, p.band, p.band_width, p.band_width)
    mean, slow = talib.MA_Type.SMA, p.stochastic_slow
    k, d = talib.STOCH(high, low, close, p.stochastic, slow, mean, slow, mean)
    still = talib.MAX(high, p.stochastic) == talib.MIN(low, p.stochastic)
    macd, signal, histogram = talib.MACD(close, p.macd_fast, p.macd_slow, p.macd_signal)
    bullish, _, pattern = candle_patterns(bars)
    return Measures(
        close=close,
        rsi=_rsi(close, p.rsi),
        middle_band=middle,
        lower_band=lower,
        deviation=(upper - middle) / p.band_width,
        volume_ratio=volume_ratio(bars, p.volume),
        bullish=bullish,
        pattern=pattern,
        macd=macd,
        macd_signal=signal,
        macd_rise=np.diff(histogram, prepend=np.nan),
        stochastic_k=np.where(still, 50.0, k),
        stochastic_d=np.where(still, 50.0, d),
        support=nearest_support(bars, p.swing, p.swings, p.support_window),
        atr=talib.ATR(high, low, close, p.atr),
    )


@dataclass(frozen=True)
class TechnicalPoints:
    """The nine technical points: thresholds, and what reaching them is worth.

    Parameters
    ----------
    rsi_limit, rsi_deep : float
        RSI below the limit (which is also the mandatory filter), and below the deeper level.
    band_near : float
        Distance above the lower Bollinger band that still counts as at it, a fraction of it.
    band_deep : float
        Standard deviations below the lower band from which (exclusive) the deeper points count.
    volume_spike, volume_surge : float
        Volume over its mean, from these on.
    stochastic_low : float
        %K below this is oversold.
    support_near : float
        Greatest distance from the nearest swing low, either side, as a fraction of it.
    rsi, band, volume, pattern : tuple of float
        Points of the first and of the second step; patterns: of one bar, of several.
    macd, stochastic, support : float
        Points. MACD counts when it is above its signal or its histogram rises.

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
        """Return the points by part, NaN where a measure is not known yet.

        Returns
        -------
        ndarray of float64, shape (n_bars, 7)
            rsi, band, volume, pattern, macd, stochastic, support; the score is their sum.
        """
        below = m.lower_band - self.band_deep * m.deviation
        away = np.abs(m.close - m.support)  # NaN, no points, without a swing low
        turning = (m.macd > m.macd_signal) | (m.macd_rise > 0)
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
                self.macd * turning,
                self.stochastic * (m.stochastic_k < self.stochastic_low),
                self.support * (away <= self.support_near * m.support),
            ]
        )
        parts[~_measured(m)] = np.nan
        return parts


@dataclass(frozen=True)
class MLPoints:
    """Points for a probability: `strong` from .70, `entry` from .60, `half` from .50.

    Below `low` the points are taken away; in between, and where the probability is not known,
    there are none.

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


@dataclass(frozen=True)
class EntryRule:
    """Enter when the mandatory filter is passed and the total reaches its least score.

    Parameters
    ----------
    rsi_limit : float
        Mandatory: RSI below this. ML never overrides it.
    least, least_technical : float
        Least total with ML, and without.
    """

    rsi_limit: float = 30.0
    least: float = 6.0
    least_technical: float = 4.0

    def __call__(self, rsi: np.ndarray, total: np.ndarray, with_ml: bool) -> np.ndarray:
        """Return which bars to enter; an unknown RSI or total is no entry."""
        least = self.least if with_ml else self.least_technical
        return (rsi < self.rsi_limit) & (total >= least)


def volume_ratio(bars: BarArrays, period: int) -> np.ndarray:
    """Return each bar's volume over the mean of `period` bars, its own included; 1 without any."""
    mean = talib.SMA(bars.volume, period)
    return ratio(bars.volume, mean, empty=1.0, floor=1e-9)


def _rsi(close: np.ndarray, period: int) -> np.ndarray:
    rsi = talib.RSI(close, period)
    still = talib.MAX(close, period + 1) == talib.MIN(close, period + 1)
    return np.where((rsi == 0) & still, 50.0, rsi)


def _steps(first: np.ndarray, second: np.ndarray, points: tuple[float, float]) -> np.ndarray:
    return np.select([second, first], points[::-1], 0.0)


def _measured(m: Measures) -> np.ndarray:
    names = [field.name for field in fields(m) if field.name != "support"]
    return np.asarray(np.isfinite([getattr(m, name) for name in names]).all(axis=0))
