"""The measures behind the entry score of system C, for each bar."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.candle_patterns import candle_patterns
from bt_fusion.technical.series import ema_memory, ratio, wilder_memory
from bt_fusion.technical.support import nearest_support

__all__ = ["Measures", "Periods", "measure", "volume_ratio"]


@dataclass(frozen=True)
class Periods:
    """Periods of the measures, in bars; those of the published design and the usual ones."""

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
        """Bars after which less than 1e-9 of the start remains in any measure."""
        slow = ema_memory(self.macd_slow) + ema_memory(self.macd_signal) + self.macd_slow
        wilder = max(wilder_memory(self.rsi), wilder_memory(self.atr))
        return max(slow, wilder, self.band, self.volume, self.support_window + self.swing + 1)


@dataclass(frozen=True, eq=False)
class Measures:
    """The inputs of the points, each ndarray of float64, shape (n_bars,); NaN in warm-up.

    Prices are in price units. `support` is also NaN without a known swing low; `pattern` and
    `bullish` are from `candle_patterns`; `macd_rise` is the change of the histogram from the
    previous bar; `deviation` is the standard deviation of the bands.
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
    """Return the measures of every bar; row t depends only on bars up to t.

    If prices do not move at all, RSI and stochastic are 50 (TA-Lib would return 0, oversold);
    without volume, its ratio is 1.
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


def volume_ratio(bars: BarArrays, period: int) -> np.ndarray:
    """Return each bar's volume / mean volume of `period` bars (bar included); 1 without any."""
    mean = talib.SMA(bars.volume, period)
    return ratio(bars.volume, mean, empty=1.0, floor=1e-9)


def _rsi(close: np.ndarray, period: int) -> np.ndarray:
    rsi = talib.RSI(close, period)
    still = talib.MAX(close, period + 1) == talib.MIN(close, period + 1)
    return np.where((rsi == 0) & still, 50.0, rsi)
