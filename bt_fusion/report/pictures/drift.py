"""A model's drift as a picture: evidence and hit rate over time."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bt_fusion.evaluation.drift.report import DriftReport
from bt_fusion.files import write_whole
from bt_fusion.report.pictures.canvas import BLUE, GRAY, new_figure

__all__ = ["draw_drift"]

LEAST, MOST = 1e-3, 20.0  # of the axis of evidence


def draw_drift(folder: Path, found: DriftReport) -> list[Path]:
    """Draw drift.png into a folder and return its path."""
    curves = found.summary["over_time"]
    time = pd.DatetimeIndex(curves["time"])
    figure = new_figure(9, 6)
    above, below = figure.subplots(2, 1, sharex=True)
    above.step(time, np.clip(numbers(curves["evidence"]), LEAST, MOST), color=BLUE, where="post")
    above.axhline(1, color="black", ls="--", lw=0.8, label="alarm")
    above.set(yscale="log", ylim=(LEAST, MOST), ylabel="evidence, 1 is the alarm")
    below.step(time, numbers(curves["hit_rate"]), color=BLUE, where="post", label="hit rate")
    below.step(time, numbers(curves["expected"]), color=GRAY, where="post", label="expected")
    below.set_ylabel("of the last 100 predictions")
    for axis in (above, below):
        if found.alarm is not None:
            axis.axvline(found.alarm["time"], color="black", ls=":", lw=1)
        axis.legend(loc="upper left", fontsize=8)
    above.set_title(f"Drift since {found.since}", loc="left")
    path = folder / "drift.png"
    write_whole(path, partial(figure.savefig, dpi=110))
    return [path]


def numbers(values: list[float | None]) -> np.ndarray:
    """Return numbers, NaN for None."""
    return np.array(values, dtype=float)
