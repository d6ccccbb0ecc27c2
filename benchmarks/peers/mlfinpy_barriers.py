"""Time mlfinpy's triple barrier; runs in mlfinpy's own environment."""

import json
import sys
import time

import numpy as np
import pandas as pd
from mlfinpy.labeling.labeling import get_bins, get_events


def main(columns: str, horizon: int, barrier: float) -> dict[str, float]:
    """Label every bar: the events, then their bins; ATR as target, one thread."""
    known = np.load(columns)
    index = pd.date_range("2024-01-01", periods=len(known["close"]), freq="min")
    close = pd.Series(known["close"], index=index)
    target = pd.Series(known["atr"] / known["close"], index=index).dropna()
    ends = pd.Series(index[horizon:], index=index[:-horizon])
    start = time.perf_counter()
    events = get_events(
        close,
        target.index,
        [barrier, barrier],
        target,
        min_ret=0.0,
        num_threads=1,
        vertical_barrier_times=ends.reindex(target.index),
        verbose=False,
    )
    labels = get_bins(events, close)
    return {"seconds": time.perf_counter() - start, "bars": len(close), "labels": len(labels)}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
