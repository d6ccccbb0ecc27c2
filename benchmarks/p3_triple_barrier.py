"""P3: the triple barrier, microseconds a bar, against mlfinpy's."""

import tempfile
from pathlib import Path

import numpy as np
import talib

from benchmarks.environments import PeerUnavailable, run_peer
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import best_of
from bt_fusion import TripleBarrier
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge

__all__ = ["measure"]

REQUIREMENTS = ("mlfinpy==0.1.2", "numpy==1.26.4", "pandas<3", "scikit-learn")


def measure(bars: int = 20_000, repeats: int = 5, peer: int = 1) -> Measured:
    """Measure both on the same bars, horizon and ATR distances, one thread each.

    Ours reads highs and lows (a touch inside the bar counts) and computes its ATR inside the
    measured call; mlfinpy reads closes alone and is given the ATR. Its environment is made once;
    with ``peer=0``, or where it cannot be made, the ratio is null.
    """
    arrays = BarArrays.of(planted_edge(bars))
    label = TripleBarrier()
    ours = best_of(lambda: label(arrays), repeats)
    parts = {"ours_us_a_bar": ours / bars * 1e6, "mlfinpy_us_a_bar": None}
    note, value = "mlfinpy was not asked for", None
    if peer:
        try:
            theirs = _mlfinpy(arrays, label)
            parts["mlfinpy_us_a_bar"] = theirs / bars * 1e6
            note, value = "", ours / theirs
        except PeerUnavailable as error:
            note = f"no comparison, mlfinpy's environment does not work: {error}"
    work = f"triple barrier of {bars:,} bars against mlfinpy"
    return Measured(work, parts, (Ratio("time", value, most=1 / 200),), note)


def _mlfinpy(arrays: BarArrays, label: TripleBarrier) -> float:
    atr = talib.ATR(arrays.high, arrays.low, arrays.close, label.atr_period)
    with tempfile.TemporaryDirectory() as folder:
        columns = Path(folder) / "columns.npz"
        np.savez(columns, close=arrays.close, atr=atr)
        given = {"columns": str(columns), "horizon": label.horizon, "barrier": label.target}
        return run_peer("mlfinpy_barriers", REQUIREMENTS, **given)["seconds"]
