"""P11: the causality check of a user's features at a fit, against the fit."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import talib

from benchmarks.p8_cache import hourly
from benchmarks.registry import Measured, Ratio
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.readers import read_bars
from bt_fusion.features import REGISTRY, ema_memory, feature, wilder_memory
from bt_fusion.models.causality import check_causality
from bt_fusion.models.signal_model import SignalModel

__all__ = ["measure"]

OWN = ("own_range", "own_z", "own_trend", "own_rsi", "own_volume")


def measure(bars: int = 55_597, data: str | None = None, repeats: int = 3) -> Measured:
    """Measure both by the processor's time of one process, which other load leaves alone.

    Parameters
    ----------
    bars : int
        Length of the synthetic hourly series; the default is that of six years of one market.
    data : str, optional
        A file of bars to use instead.
    repeats : int
        Of each, the median counts.
    """
    frame = read_bars(data) if data else hourly(bars)
    register()
    try:
        arrays = BarArrays.of(frame)
        check = seconds(lambda: check_causality(OWN, arrays), repeats)
        fit = seconds(lambda: unchecked(["default", *OWN]).fit(frame), repeats)
        small = seconds(lambda: unchecked(OWN).fit(frame), repeats)
    finally:
        for name in OWN:
            REGISTRY.pop(name)
    return Measured(
        f"causality check of {len(OWN)} features of a user's over {len(frame):,} bars, against "
        "the fit of three members on them and the default set; and on them alone",
        {"check_s": check, "fit_s": fit, "fit_own_s": small},
        (Ratio("time", check / fit, most=0.05), Ratio("own features alone", check / small)),
    )


def unchecked(features) -> SignalModel:
    """Return a model whose fit leaves the check out."""
    return SignalModel(features, causality_check=False)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median of the processor's time."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return statistics.median(found)


def register() -> None:
    """Register five features as a user might write them, by TA-Lib, pandas and NumPy."""

    @feature("own_range", lookback=20)
    def own_range(bars):
        low, high = talib.MIN(bars.low, 20), talib.MAX(bars.high, 20)
        return (bars.close - low) / np.maximum(high - low, 1e-12)

    @feature("own_z", lookback=30)
    def own_z(bars):
        close = pd.Series(bars.close)
        return ((close - close.rolling(30).mean()) / close.rolling(30).std()).to_numpy()

    @feature("own_trend", lookback=50, memory=ema_memory(50))
    def own_trend(bars):
        return bars.close / talib.EMA(bars.close, 50) - 1

    @feature("own_rsi", lookback=15, memory=wilder_memory(14))
    def own_rsi(bars):
        return talib.RSI(bars.close, 14)

    @feature("own_volume", lookback=2)
    def own_volume(bars):
        return pd.Series(np.log1p(bars.volume)).diff().to_numpy()
