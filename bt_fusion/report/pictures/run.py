"""The report's pictures as PNG files, drawn from a run's folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bt_fusion.files import write_whole
from bt_fusion.report.ablation import ROW_COLOURS, row_names
from bt_fusion.report.calendar_returns import period_returns
from bt_fusion.report.charts.headings import HEADINGS
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.report.figures import short_percent
from bt_fusion.report.pictures import model, verdict_charts
from bt_fusion.report.pictures.canvas import (
    RUN_COLOURS,
    WRITTEN,
    draw_equity,
    head_figure,
    legend_above,
    new_figure,
    shown_figure,
    write_cells,
)
from bt_fusion.report.pictures.comparison import title_of
from bt_fusion.report.pictures.signals import SIZE, draw_run_signals
from bt_fusion.report.pictures.style import SIGNED, styled
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.statistics.performance import drawdowns

__all__ = ["PICTURES", "draw_pictures", "result_figure"]

WIDE = 9.0


@styled
def draw_pictures(folder: Path, run: SavedRun, view: SignalView = DEFAULT_VIEW) -> list[Path]:
    """Draw every picture of `PICTURES` the run has something for, and return their paths.

    Each has the heading of the same section in report.html above it, and the sentence on what to
    look for below; signals.png shows the bars of `view`.
    """
    paths, viewed = [], {"signals": partial(draw_run_signals, view=view)}
    for name, (heading, draw, size) in PICTURES.items():
        path, figure = folder / f"{name}.png", new_figure(*size)
        with errors_as_warnings(f"pictures/{name}.png"):
            if viewed.get(name, draw)(figure, run):
                note = " (IN-SAMPLE)" if run.in_sample else ""
                title = f"{run.summary['data']['name']}: {HEADINGS[heading].title}{note}"
                hint = "" if name == "signals" else HEADINGS[heading].hint_for(len(run.runs))
                head_figure(figure, title, hint)  # signals have their caption below
                write_whole(path, partial(figure.savefig, dpi=110))
                paths.append(path)
    return paths


@styled
def result_figure(run: SavedRun) -> Any:
    """Return a figure of pyplot's with the equity of ML off and on and their drawdowns."""
    with shown_figure(10, 6) as figure:
        draw_drawdown(figure, run)
        figure.suptitle(title_of(run), x=0.01, ha="left")
    return figure


def draw_drawdown(figure: Any, run: SavedRun) -> bool:
    """Draw both equity curves and how far they lie below their peaks."""
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    draw_equity(top, run.equity, {name: f"ML {name}" for name in run.runs})
    for name in run.runs:
        values = run.equity[name].to_numpy(dtype=float)
        below.plot(run.equity.datetime, -100 * drawdowns(values), color=RUN_COLOURS[name], lw=0.8)
    below.set_ylabel("drawdown, %")
    return True


def draw_returns(figure: Any, run: SavedRun) -> bool:
    """Draw returns by calendar: each run's, and their difference."""
    found = period_returns(run.equity[["datetime", *run.runs]])
    grids = {f"ML {name}": 100 * found.values[name] for name in run.runs}
    if len(run.runs) == 2:
        grids["difference"] = 100 * (found.values["on"] - found.values["off"])
    figure.set_size_inches(WIDE, 0.8 + len(grids) * (0.5 + 0.3 * len(found.lines)))
    for axis, (name, grid) in zip(
        np.ravel(figure.subplots(len(grids), 1)), grids.items(), strict=True
    ):
        finite = np.abs(grid[np.isfinite(grid)])
        most = max(0.1, float(np.quantile(finite, 0.95)) if len(finite) else 1.0)
        axis.imshow(grid, cmap=SIGNED, vmin=-most, vmax=most, aspect="auto")
        write_cells(axis, grid / 100, short_percent, np.abs(grid) > 0.6 * most)
        axis.grid(False)
        axis.set_xticks(range(len(found.columns)), found.columns)
        axis.set_yticks(range(len(found.lines)), found.lines)
        axis.set_title(f"{found.kind} returns, {name}, %")
    return True


def draw_ablation(figure: Any, run: SavedRun) -> bool:
    """Draw the equity of each row of an ablation, the first in gray."""
    rows = run.summary.get("ablation")
    if not rows:
        return False
    axis = figure.subplots()
    for row, name, colour in zip(rows, row_names(rows), ROW_COLOURS, strict=True):
        values = run.equity[f"ablation_{row['name']}"]
        axis.plot(run.equity.datetime, values, color=colour, lw=1.2, label=name)
    axis.set_ylabel("equity")
    axis.yaxis.set_major_formatter(WRITTEN)
    legend_above(axis)
    return True


# name of the file: its heading, how to draw it (False where there is nothing to draw), its size
PICTURES: dict[str, tuple[str, Callable[[Any, SavedRun], bool], tuple[float, float]]] = {
    "drawdown": ("equity", draw_drawdown, (12, 6)),
    "placebo": ("placebo", verdict_charts.draw_placebo, (WIDE, 4)),
    "chance": ("chance", verdict_charts.draw_chance, (WIDE, 5)),
    "ranking": ("ranking", verdict_charts.draw_ranking, (WIDE, 4)),
    "difference": ("difference", verdict_charts.draw_difference, (WIDE, 4)),
    "attribution": ("attribution", verdict_charts.draw_attribution, (WIDE, 4)),
    "robustness": ("robustness", verdict_charts.draw_robustness, (WIDE, 4)),
    "quarters": ("quarters", verdict_charts.draw_quarters, (WIDE, 6)),
    "threshold": ("threshold", model.draw_threshold, (WIDE, 4)),
    "signals": ("signals", draw_run_signals, SIZE),
    "funnel": ("funnel", verdict_charts.draw_funnel, (WIDE, 4)),
    "ablation": ("ablation", draw_ablation, (10, 5)),
    "reliability": ("reliability", model.draw_reliability, (7, 6)),
    "confusion": ("confusion", model.draw_confusion, (7, 5.5)),
    "importances": ("importances", model.draw_importances, (7, 7)),
    "refits": ("refits", model.draw_refits, (WIDE, 4)),
    "returns": ("periods", draw_returns, (WIDE, 4)),
}
