"""P4: one bar in live mode: features, three members, lines."""

import time
from collections.abc import Callable
from copy import copy
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import SignalModel
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.onnx_export import export_onnx, load_onnx
from bt_fusion.ensemble.single_row import single_row_ensemble
from bt_fusion.errors import OptionError
from bt_fusion.indicators import MLEnsemble

__all__ = ["measure"]

TRAINING = 4_000
GOLDEN = 512  # rows on which exported members are compared


def measure(bars: int = 2_000, library_bars: int = 100) -> Measured:
    """Measure `MLEnsemble.next` on a live feed, with and without the members in ONNX.

    The model is fitted beforehand (three members, feature set `default`); bars it was trained on
    warm the features up and are not counted. `library_members_us` is what the same three members
    take through their libraries, for comparison. Seconds of the processor stand beside those of
    the clock, and tell what other load has added.
    """
    known = planted_edge(TRAINING + bars)
    model = SignalModel().fit(known[:TRAINING])
    warm = model.feature_set_.memory
    frame = known[TRAINING - warm :]
    plain = bar_seconds(model, frame)[warm:]
    onnx, note = None, busy(plain)
    try:
        onnx = bar_seconds(with_onnx(model, known[:TRAINING]), frame)[warm:]
    except OptionError as error:
        note += str(error)
    features, members, library = part_seconds(model, frame, warm, library_bars)
    p50, p99 = percentiles(plain[:, 0])
    parts = {
        "bars": len(plain),
        "features_us": features * 1e6,
        "members_us": members * 1e6,
        "rest_us": p50 * 1e3 - (features + members) * 1e6,
        "library_members_us": library * 1e6,
        "cpu_p50_ms": percentiles(plain[:, 1])[0],
        "cpu_p99_ms": percentiles(plain[:, 1])[1],
    }
    ratios = [Ratio("p50_ms", p50, most=1.0), Ratio("p99_ms", p99, most=3.0)]
    if onnx is not None:
        p50, p99 = percentiles(onnx[:, 0])
        ratios += [Ratio("onnx_p50_ms", p50, most=1.0), Ratio("onnx_p99_ms", p99, most=3.0)]
    return Measured("one bar in live mode: features, 3 members, lines", parts, tuple(ratios), note)


class LiveData(BarsData):
    """Bars that arrive one by one."""

    def islive(self):
        return True


class TimedEnsemble(MLEnsemble):
    """MLEnsemble that notes the seconds of each bar, of the clock and of the processor."""

    params = (("seconds", None),)

    def next(self):
        clock, processor = time.perf_counter(), time.thread_time()
        super().next()
        self.p.seconds.append((time.perf_counter() - clock, time.thread_time() - processor))


class Watcher(bt.Strategy):
    """Looks at the ensemble and trades nothing."""

    params = (("model", None), ("seconds", None))

    def __init__(self):
        TimedEnsemble(self.data, model=self.p.model, seconds=self.p.seconds, on_missing="raise")


def bar_seconds(model: SignalModel, frame: pd.DataFrame) -> np.ndarray:
    """Return the seconds of each bar, clock and processor, shape (n_bars, 2)."""
    seconds: list[tuple[float, float]] = []
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(LiveData(dataname=frame))
    cerebro.addstrategy(Watcher, model=model, seconds=seconds)
    cerebro.run()
    return np.array(seconds)


def with_onnx(model: SignalModel, known: pd.DataFrame) -> SignalModel:
    """Return the model with every member in ONNX."""
    X = model.feature_set_.transform(known)
    exported = export_onnx(model.ensemble_, X[np.isfinite(X).all(axis=1)][:GOLDEN])
    made = copy(model)
    made.ensemble_ = copy(model.ensemble_)
    made.ensemble_.onnx_ = load_onnx(exported)
    return made


def part_seconds(
    model: SignalModel, frame: pd.DataFrame, warm: int, library_bars: int
) -> tuple[float, float, float]:
    """Return the median seconds of features, of members, and of members in their libraries."""
    arrays, live = BarArrays.of(frame), single_row_ensemble(model.ensemble_)
    values = np.array([getattr(arrays, name) for name in COLUMNS])
    features, members, library = [], [], []
    for bar in range(warm, len(arrays)):
        seen = BarArrays(arrays.time[: bar + 1], *values[:, : bar + 1])
        row, seconds = timed(lambda seen=seen: model.feature_set_.latest(seen))
        features.append(seconds)
        members.append(timed(lambda row=row: live.member_proba(row))[1])
        if bar - warm < library_bars:
            library.append(timed(lambda row=row: model.ensemble_.member_proba(row))[1])
    return float(np.median(features)), float(np.median(members)), float(np.median(library))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what work returns, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def busy(seconds: np.ndarray) -> str:
    """Say so when bars waited for the processor longer than they used it."""
    clock, processor = (percentiles(column)[1] for column in seconds.T)
    if clock < 2 * processor:
        return ""
    return (
        f"other work took the processor away: p99 is {clock:.1f} ms by the clock, of which the "
        f"bar itself used {processor:.1f}. "
    )


def percentiles(seconds: np.ndarray) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return float(p50), float(p99)
