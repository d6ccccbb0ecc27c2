"""Volume: how unusual it is, and whether it came with rising or falling prices.

Zero volume is legal: a bar, or a whole series, without volume gives neutral values.
"""

import numpy as np

from bt_fusion.data.bars import BarArrays, shared
from bt_fusion.features.price import log_return_1
from bt_fusion.features.registry import feature
from bt_fusion.technical.array_talib import talib
from bt_fusion.technical.series import ema_memory, no_event, ratio


@feature("volume_log", lookback=1, family="volume")
@shared
def volume_log(bars: BarArrays) -> np.ndarray:
    """log(1 + volume)."""
    return np.log1p(bars.volume)


@feature("volume_change_1", lookback=2, family="volume")
def volume_change(bars: BarArrays) -> np.ndarray:
    """Change of log(1 + volume) from the previous bar."""
    values = np.empty(len(bars))
    values[0] = np.nan
    logs = volume_log(bars)
    np.subtract(logs[1:], logs[:-1], out=values[1:])
    return values


@feature("volume_ratio_20", lookback=20, family="volume")
def volume_ratio_20(bars: BarArrays) -> np.ndarray:
    """Volume / mean volume of 20 bars, clipped to 50; 1 without volume."""
    values = ratio(bars.volume, _mean_volume(bars), empty=1.0)
    return values.clip(0.0, 50.0, out=values)


@feature("volume_zscore_20", lookback=20, family="volume")
def volume_zscore_20(bars: BarArrays) -> np.ndarray:
    """Z-score of log(1 + volume) over 20 bars, clipped to +-5; 0 for constant volume."""
    logs = volume_log(bars)
    spread = talib.STDDEV(logs, 20)
    values = ratio(logs - talib.SMA(logs, 20), spread, floor=1e-4)
    return values.clip(-5.0, 5.0, out=values)


@feature("obv_share_20", lookback=21, family="volume")
def obv_share_20(bars: BarArrays) -> np.ndarray:
    """(volume of rising bars - of falling bars) / volume, over 20 bars, -1..1."""
    move = log_return_1(bars)
    signed = talib.SUM(np.sign(move) * bars.volume, 20)
    values = ratio(signed, _mean_volume(bars) * 20)
    values[:20] = np.nan  # 20 moves need 21 bars, a mean volume only 20
    return values.clip(-1.0, 1.0, out=values)


@feature("mfi_14", lookback=15, family="volume")
def mfi_14(bars: BarArrays) -> np.ndarray:
    """Money flow index, 0..100; 50 without money flow.

    Not TA-Lib's, which treats any flow below 1 as zero, in any unit.
    """
    price = (bars.high + bars.low + bars.close) / 3.0
    flow = price * bars.volume
    rising = _flow(price[1:] > price[:-1], flow)
    return 100.0 * ratio(rising, rising + _flow(price[1:] < price[:-1], flow), empty=0.5)


@feature("money_flow_20", lookback=20, family="volume")
def money_flow_20(bars: BarArrays) -> np.ndarray:
    """Chaikin money flow over 20 bars, -1..1; 0 without volume."""
    place = ratio(2 * bars.close - bars.high - bars.low, bars.span)
    place *= bars.volume
    values = ratio(talib.SUM(place, 20), _mean_volume(bars) * 20)
    return values.clip(-1.0, 1.0, out=values)


@feature("adosc", lookback=20, memory=ema_memory(20), family="volume")
def adosc(bars: BarArrays) -> np.ndarray:
    """Chaikin oscillator (3, 10) / mean volume of 20 bars, clipped to +-20."""
    line = talib.ADOSC(bars.high, bars.low, bars.close, bars.volume, 3, 10)
    values = ratio(line, _mean_volume(bars))
    return values.clip(-20.0, 20.0, out=values)


@feature("price_volume_corr_20", lookback=21, family="volume")
def price_volume_corr(bars: BarArrays) -> np.ndarray:
    """Correlation of one-bar returns with log(1 + volume) over 20 bars."""
    values = talib.CORREL(log_return_1(bars), volume_log(bars), 20)
    return values.clip(-1.0, 1.0, out=values)


@feature("vwap_ratio_20", lookback=20, family="volume")
def vwap_ratio_20(bars: BarArrays) -> np.ndarray:
    """VWAP of the close over 20 bars / close - 1."""
    weighted = talib.SUM(bars.close * bars.volume, 20)
    values = ratio(weighted, _mean_volume(bars) * 20 * bars.close, empty=1.0)
    values -= 1.0
    return values.clip(-1.0, 1.0, out=values)


@shared
def _mean_volume(bars: BarArrays) -> np.ndarray:
    mean = talib.SMA(bars.volume, 20)
    mean[no_event(bars.volume > 0, 20)] *= 0.0  # keeps the NaN of the warm-up
    return mean


def _flow(moved: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return the flow over 14 bars of those that moved one way; the first bar moved nowhere."""
    chosen = np.empty(len(flow))
    chosen[0] = np.nan
    np.multiply(flow[1:], moved, out=chosen[1:])
    values = talib.SUM(chosen, 14)
    values[no_event(chosen > 0, 14)] *= 0.0  # keeps the NaN of the warm-up
    return values
