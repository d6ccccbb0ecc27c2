"""P5: a walk-forward against the bare fits and predictions in it, and two processes."""

import os
import time

import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import take_turns
from bt_fusion import WalkForward
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.registry import make_member

__all__ = ["measure"]

Block = tuple[np.ndarray, np.ndarray, np.ndarray]
MEMBERS = ("rf", "xgb", "lgb")


def measure(bars: int = 30_000, repeats: int = 2, train: int = 0) -> Measured:
    """Measure whole walk-forwards (features, labels, purging, refits) without a cache.

    Bare is a plain loop of `fit` and `predict_proba` of the same members on the same rows, cut
    out beforehand; it takes turns with one process. Two processes pay for their start and
    imports inside the measured time. A machine whose cores are busy cannot show the gain of two:
    the load of the last minute is among the parts.
    """
    frame = planted_edge(bars)
    walk = WalkForward(train_bars=train or None, cache=None)
    blocks = list(bare_blocks(walk, frame))
    works = {
        "bare": lambda: fit_and_predict(blocks),
        "one_process": lambda: WalkForward(train_bars=train or None, cache=None).predict(frame),
    }
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    cores = os.cpu_count() or 1
    busy = load is not None and load > max(0.5, cores - 1.5)
    seconds = take_turns(works, repeats)
    start = time.perf_counter()
    WalkForward(train_bars=train or None, cache=None, jobs=2).predict(frame)
    two = time.perf_counter() - start
    parts = {f"{name}_s": value for name, value in seconds.items()} | {"two_processes_s": two}
    return Measured(
        f"walk-forward over {bars:,} bars, {len(blocks)} refits of {len(MEMBERS)} members",
        parts | {"refits": len(blocks), "load": load},
        (
            Ratio("against bare", seconds["one_process"] / seconds["bare"], most=1.10),
            Ratio("gain of two processes", seconds["one_process"] / two, least=1.7),
        ),
        f"load {load} on {cores} cores: other programs slowed the two processes" if busy else "",
    )


def bare_blocks(walk: WalkForward, frame: pd.DataFrame):
    """Yield (training rows, their labels, rows to predict) of each refit."""
    model, arrays = walk.signal_model(), BarArrays.of(frame)
    X, labels = model.feature_set().transform(arrays), model.label()(arrays)
    complete = np.isfinite(X).all(axis=1)
    for refit in walk.schedule(len(frame)):
        rows = np.arange(refit.start, refit.bar - model.label().horizon)
        rows = rows[complete[rows] & (labels.t1[rows] < refit.bar) & np.isfinite(labels.y[rows])]
        block = np.arange(refit.bar, refit.stop)[complete[refit.bar : refit.stop]]
        yield np.ascontiguousarray(X[rows]), labels.y[rows], np.ascontiguousarray(X[block])


def fit_and_predict(blocks: list[Block]) -> None:
    """Do what must be done, and nothing else."""
    for X, y, out_of_sample in blocks:
        for name in MEMBERS:
            make_member(name).fit(X, y).predict_proba(out_of_sample)
