"""P11: what the checks for look-ahead cost: at a fit, in a backtest, and all of them."""

import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import talib

from benchmarks.p8_cache import hourly
from benchmarks.registry import Measured, Ratio
from bt_fusion import Backtest, SignalModel, WalkForward
from bt_fusion.audit import audit
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.readers import read_bars
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.features import REGISTRY, ema_memory, feature, wilder_memory
from bt_fusion.models.causality import check_causality
from bt_fusion.strategies import FusionStrategy

__all__ = ["measure"]

OWN = ("own_range", "own_z", "own_trend", "own_rsi", "own_volume")


def measure(bars: int = 55_597, data: str | None = None, repeats: int = 3) -> Measured:
    """Measure all by the processor's time of one process, which other load leaves alone.

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
    fits = seconds_of_fits(frame, repeats)
    runs = seconds_of_runs(frame, repeats)
    full = seconds_of_audit(frame, repeats)
    quick = runs["audited_s"] - runs["cached_s"]
    return Measured(
        f"checks over {len(frame):,} bars: {len(OWN)} features of a plug-in against the fit of "
        "three members, with the default set and alone; the quick audit against its backtest; the "
        "full audit of a strategy against one run",
        fits | runs | full,
        (
            Ratio("check against fit", fits["check_s"] / fits["fit_s"], most=0.05),
            Ratio("own features alone", fits["check_s"] / fits["fit_own_s"]),
            Ratio("quick audit against job", quick / runs["job_s"], most=0.10),
            Ratio("quick audit against cached job", quick / runs["cached_s"]),
            Ratio("full audit against run", full["full_audit_s"] / full["run_s"], most=12),
        ),
    )


def seconds_of_fits(frame: pd.DataFrame, repeats: int) -> dict[str, float]:
    """Return what a check takes, and a fit without it."""
    register()
    try:
        arrays = BarArrays.of(frame)
        check = seconds(lambda: check_causality(OWN, arrays), repeats)
        fit = seconds(lambda: unchecked(["default", *OWN]).fit(frame), repeats)
        small = seconds(lambda: unchecked(OWN).fit(frame), repeats)
    finally:
        for name in OWN:
            REGISTRY.pop(name)
    return {"check_s": check, "fit_s": fit, "fit_own_s": small}


def seconds_of_runs(frame: pd.DataFrame, repeats: int) -> dict[str, float]:
    """Return what a backtest takes from nothing, with its refits cached, and audited as well."""
    with tempfile.TemporaryDirectory() as folder:
        walk = WalkForward(SignalModel(), cache=folder)
        job = seconds(lambda: Backtest(walk, audit=False).run(frame), 1)
        without = seconds(lambda: Backtest(walk, audit=False).run(frame), repeats)
        audited = seconds(lambda: Backtest(walk).run(frame), repeats)
    return {"job_s": job, "cached_s": without, "audited_s": audited}


def seconds_of_audit(frame: pd.DataFrame, repeats: int) -> dict[str, float]:
    """Return what an audit takes of the strategy fusion, traded without ML, and a run of it."""
    traded, params = variant(FusionStrategy, {})
    run = seconds(lambda: run_strategy(frame, traded, Account(), **params), repeats)
    return {"run_s": run, "full_audit_s": seconds(lambda: audit(traded, frame, params), 1)}


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
