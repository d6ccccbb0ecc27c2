"""P9: a walk-forward of LightGBM with an EMA entry against PyBroker's."""

import tempfile
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.environments import PeerUnavailable, run_peer
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import best_of
from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.strategies import FusionStrategy

__all__ = ["measure"]

REQUIREMENTS = ("lib-pybroker==2.0.2", "lightgbm", "scikit-learn", "TA-Lib")
FEATURES = (
    *(f"return_{n}" for n in (1, 2, 3, 5, 10, 20)),
    *(f"sma_ratio_{n}" for n in (5, 10, 20, 50)),
    *("ema_ratio_12", "ema_ratio_26", "rsi_7", "rsi_14", "volatility_10", "volatility_20"),
    *("atr_14", "adx_14", "willr_14", "volume_ratio_20"),
)
WINDOWS = 8


def measure(bars: int = 55_000, repeats: int = 2, peer: int = 1) -> Measured:
    """Measure both on the same bars: 20 features, 8 refits, the same LightGBM, one process.

    Training windows are as long as the spans predicted, a ninth of the bars each, and a trade is
    entered where EMA 12/26 and P(up) from 0.60 (down to 0.40) agree, and left after five bars.
    PyBroker has compiled on a short run before; ours makes no use of the cache.
    """
    frame = planted_edge(bars)
    seen: dict[str, Run] = {}
    ours = best_of(lambda: seen.update(run=_ours(frame)), repeats)
    parts = {"ours_s": ours, "our_trades": seen["run"].figures["trades"]}
    note, value = "PyBroker was not asked for", None
    if peer:
        try:
            theirs = _pybroker(frame)
            parts |= {"pybroker_s": theirs["seconds"], "pybroker_trades": theirs["trades"]}
            note, value = "", ours / theirs["seconds"]
        except PeerUnavailable as error:
            note = f"no comparison, PyBroker's environment does not work: {error}"
    work = f"walk-forward LightGBM with an EMA entry, {bars:,} bars, against PyBroker"
    return Measured(work, parts, (Ratio("time", value, most=0.95),), note)


def _ours(frame: pd.DataFrame) -> Run:
    window = ceil(len(frame) / (WINDOWS + 1))
    model = SignalModel(FEATURES, ensemble=Ensemble(["lgb"]))
    predictions = WalkForward(model, window, window, cache=None).predict(frame)
    return run_strategy(frame[window:], FusionStrategy, model=predictions, exit="horizon")


def _pybroker(frame: pd.DataFrame) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        columns = Path(folder) / "columns.npz"
        np.savez(columns, **{name: frame[name].to_numpy() for name in COLUMNS})
        parameters = make_member("lgb").get_params()
        given = {"columns": str(columns), "windows": WINDOWS, "parameters": parameters}
        return run_peer("pybroker_walk", REQUIREMENTS, **given)
