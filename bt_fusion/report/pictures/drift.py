"""A model's drift as a picture: evidence and hit rate over time."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bt_fusion.evaluation.drift.report import DriftReport
from bt_fusion.files import write_whole
from bt_fusion.report.charts.headings import HEADINGS
from bt_fusion.report.pictures.canvas import head_figure, legend_above, new_figure
from bt_fusion.report.pictures.style import BLUE, GRAY, INK, styled

__all__ = ["draw_drift"]

LEAST, MOST = 1e-3, 20.0  # of the axis of evidence


@styled
def draw_drift(folder: Path, found: DriftReport) -> list[Path]:
    """Draw drift.png into a folder and return its path."""
    curves = found.summary["over_time"]
    time = pd.DatetimeIndex(curves["time"])
    figure = new_figure(9, 6)
    above, below = figure.subplots(2, 1, sharex=True)
    above.step(
        time,
        np.clip(numbers(curves["evidence"]), LEAST, MOST),
        color=BLUE,
        where="post",
        label="evidence",
    )
    above.axhline(1, color=INK, ls="--", lw=0.8, label="alarm")
    above.set(yscale="log", ylim=(LEAST, MOST), ylabel="evidence, 1 is the alarm")
    below.step(time, numbers(curves["hit_rate"]), color=BLUE, where="post", label="hit rate")
    below.step(time, numbers(curves["expected"]), color=GRAY, where="post", label="expected")
    below.set_ylabel("of the last 100 predictions")
    for axis in (above, below):
        if found.alarm is not None:
            axis.axvline(found.alarm["time"], color=INK, ls=":", lw=1, label="first alarm")
        legend_above(axis)
    head_figure(
        figure, f"Has the model stayed as good since {found.since}?", HEADINGS["health"].hint
    )
    path = folder / "drift.png"
    write_whole(path, partial(figure.savefig, dpi=110))
    return [path]


def numbers(values: list[float | None]) -> np.ndarray:
    """Return numbers, NaN for None."""
    return np.array(values, dtype=float)
