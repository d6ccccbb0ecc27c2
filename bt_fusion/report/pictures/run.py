"""The report's pictures as PNG files, drawn from a run's folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.files import write_whole
from bt_fusion.report.ablation import ROW_COLOURS, row_names
from bt_fusion.report.calendar_returns import period_returns
from bt_fusion.report.difference import difference_parts
from bt_fusion.report.figures import count
from bt_fusion.report.model_figures import (
    MOST_FEATURES,
    class_names_of,
    confusion_of,
    refit_aucs,
    reliability_of,
)
from bt_fusion.report.pictures.canvas import (
    BLUE,
    GRAY,
    RUN_COLOURS,
    WRITTEN,
    draw_equity,
    draw_matrix,
    new_figure,
)
from bt_fusion.report.pictures.signals import SIZE, draw_run_signals
from bt_fusion.report.ranking import QUARTILES, ranking_of
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.report.surviving import surviving
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.statistics.performance import drawdowns

__all__ = ["draw_pictures"]

ORANGE = "tab:orange"


def draw_pictures(folder: Path, run: SavedRun, view: SignalView = DEFAULT_VIEW) -> list[Path]:
    """Draw every picture the run has something for into a folder and return their paths.

    drawdown, signals (the bars of `view`), attribution, difference, funnel, reliability, confusion,
    importances, refits, returns, placebo and ranking, each .png.
    """
    paths, viewed = [], {"signals": partial(draw_run_signals, view=view)}
    for name, (title, draw, size) in PICTURES.items():
        path, figure = folder / f"{name}.png", new_figure(*size)
        with surviving(f"pictures/{name}.png"):
            if viewed.get(name, draw)(figure, run):
                note = " (IN-SAMPLE)" if run.in_sample else ""
                title = f"{title}: {run.summary['data']['name']}{note}"
                figure.suptitle(title, x=0.01, ha="left")
                write_whole(path, partial(figure.savefig, dpi=110))
                paths.append(path)
    return paths


def draw_drawdown(figure: Any, run: SavedRun) -> bool:
    """Draw both equity curves and how far they lie below their peaks."""
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    draw_equity(top, run.equity, {name: f"ML {name}" for name in run.runs})
    for name in run.runs:
        values = run.equity[name].to_numpy(dtype=float)
        below.plot(run.equity.datetime, -100 * drawdowns(values), color=RUN_COLOURS[name], lw=0.8)
    below.set_ylabel("drawdown, %")
    return True


def draw_attribution(figure: Any, run: SavedRun) -> bool:
    """Draw what each category of trades adds to the difference of the runs."""
    split = (run.summary["comparison"] or {}).get("attribution")
    if not split:
        return False
    parts = list(split.items())[::-1]
    values = [part["pnl"] for _, part in parts]
    axis = figure.subplots()
    names = [f"{name} ({count(part['trades'])})" for name, part in parts]
    axis.barh(names, values, color=[BLUE if value >= 0 else ORANGE for value in values], height=0.6)
    axis.axvline(0, color="black", lw=0.8)
    axis.set_xlabel("difference in profit")
    return True


def draw_difference(figure: Any, run: SavedRun) -> bool:
    """Draw the parts of the difference in profit one on top of the other, and their sum."""
    parts = difference_parts(run.summary["comparison"] or {})
    if not parts:
        return False
    axis, cash = figure.subplots(), np.array([*parts.values(), sum(parts.values())])
    starts = np.append(np.cumsum(cash[:-1]) - cash[:-1], 0.0)
    colours = [BLUE if value >= 0 else ORANGE for value in cash[:-1]]
    axis.bar([*parts, "sum"], cash, bottom=starts, color=[*colours, GRAY], width=0.6)
    axis.axhline(0, color="black", lw=0.8)
    axis.tick_params(axis="x", labelsize=8)
    axis.set_ylabel("cash")
    return True


def draw_funnel(figure: Any, run: SavedRun) -> bool:
    """Draw how many bars passed each stage, by run."""
    funnels = run.summary.get("funnel") or {}
    if not funnels:
        return False
    stages = list(dict.fromkeys(stage for one in funnels.values() for stage in one["passed"]))
    order = [s for s in (funnels.get("on") or {}).get("passed", stages)] or stages
    place, axis = np.arange(len(order)), figure.subplots()
    for at, (name, found) in enumerate(funnels.items()):
        counts = [found["passed"].get(stage, 0) for stage in order]
        drawn = axis.barh(
            place + 0.4 * at, counts, 0.38, color=RUN_COLOURS[name], label=f"ML {name}"
        )
        axis.bar_label(drawn, [count(bars) if bars else "" for bars in counts], fontsize=8)
    axis.set_yticks(place + 0.2 * (len(funnels) - 1), order)
    axis.invert_yaxis()
    axis.margins(x=0.1)
    axis.set_xlabel("bars")
    axis.legend(fontsize=8)
    return True


def draw_reliability(figure: Any, run: SavedRun) -> bool:
    """Draw actual against predicted shares, with intervals and counts."""
    lines = reliability_of(run)
    if not lines:
        return False
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    table = pd.DataFrame(lines)
    reach = np.abs([table.actual - table.low, table.high - table.actual])
    top.axline((0.5, 0.5), slope=1, color=GRAY, ls="--", lw=1)
    top.errorbar(table.predicted, table.actual, yerr=reach, color=BLUE, marker="o", lw=1, capsize=3)
    below.bar(table.predicted, table["count"], width=0.03, color=BLUE, alpha=0.6)
    top.set_ylabel("actual share")
    below.set(xlabel=f"predicted P({class_names_of(run)[-1]})", ylabel="bars")
    return True


def draw_confusion(figure: Any, run: SavedRun) -> bool:
    """Draw how many bars of each class were predicted to be each."""
    draw_matrix(figure.subplots(), confusion_of(run), class_names_of(run))
    return True


def draw_importances(figure: Any, run: SavedRun) -> bool:
    """Draw the members' own importances."""
    shares = list(run.summary["model"].get("importances", {}).items())[:MOST_FEATURES][::-1]
    if not shares:
        return False
    axis = figure.subplots()
    axis.barh([name for name, _ in shares], [100 * share for _, share in shares], color=BLUE)
    axis.tick_params(axis="y", labelsize=8)
    axis.set_xlabel("share of importance, %")
    return True


def draw_refits(figure: Any, run: SavedRun) -> bool:
    """Draw the AUC of each refit."""
    told = [refit for refit in refit_aucs(run) if refit["auc"] is not None]
    if not told or not run.summary["model"]["refits"]:
        return False
    axis = figure.subplots()
    for symbol in dict.fromkeys(r["symbol"] for r in told):
        own = [r for r in told if r["symbol"] == symbol]
        axis.plot(
            [r["start"] for r in own], [r["auc"] for r in own], marker="o", lw=1, label=symbol
        )
    axis.axhline(0.5, color="black", ls="--", lw=0.8)
    pooled = run.summary["model"].get("auc")
    if pooled is not None:
        axis.axhline(pooled, color=GRAY, ls=":", lw=1.6, label=f"pooled {pooled:.3f}")
    axis.legend(fontsize=8)
    axis.set_ylabel("AUC on the bars it predicted")
    return True


def draw_returns(figure: Any, run: SavedRun) -> bool:
    """Draw returns by calendar: each run's, and their difference."""
    found = period_returns(run.equity[["datetime", *run.runs]])
    grids = {f"ML {name}": 100 * found.values[name] for name in run.runs}
    if len(run.runs) == 2:
        grids["difference"] = 100 * (found.values["on"] - found.values["off"])
    for axis, (name, grid) in zip(
        np.ravel(figure.subplots(1, len(grids))), grids.items(), strict=True
    ):
        finite = np.abs(grid[np.isfinite(grid)])
        most = float(np.quantile(finite, 0.95)) if len(finite) else 1.0
        axis.imshow(grid, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
        axis.set_xticks(range(len(found.columns)), [column[0] for column in found.columns])
        axis.set_yticks(range(len(found.lines)), found.lines, fontsize=8)
        axis.set_title(f"{name}, %", fontsize=10)
    return True


def draw_ranking(figure: Any, run: SavedRun) -> bool:
    """Draw the mean net return of a trade by quarter of the probability."""
    found = ranking_of(run.summary)
    if not found or found["reason"]:
        return False
    axis = figure.subplots()
    means = [np.nan if mean is None else 100 * mean for mean in found["quartiles"]]
    names = [f"{n}\n{count(c)} trades" for n, c in zip(QUARTILES, found["counts"], strict=True)]
    axis.bar(names, means, color=[ORANGE if mean < 0 else BLUE for mean in means], width=0.6)
    axis.axhline(0, color="black", lw=0.8)
    axis.set(xlabel="probability of the side", ylabel="mean net return of a trade, %")
    return True


def draw_placebo(figure: Any, run: SavedRun) -> bool:
    """Draw where the real result lies among random vetoes."""
    placebo = (run.summary.get("statistics") or {}).get("placebo")
    if not placebo or placebo.get("real") is None:
        return False
    axis, bins = figure.subplots(), placebo.get("histogram")
    if bins:
        axis.stairs(bins["counts"], bins["edges"], fill=True, color=GRAY, alpha=0.7)
        axis.set_ylabel("draws")
    else:
        axis.axvspan(placebo["low"], placebo["high"], color=GRAY, alpha=0.3, label="draws")
        axis.axvline(placebo["mean"], color=GRAY)
    axis.axvline(placebo["real"], color=BLUE, lw=2, label="ML on")
    p_value = placebo["p_value"]
    as_good = "" if p_value is None else f"; p-value of the choice of entries {p_value:.3g}"
    axis.set_xlabel(f"net profit of random filters{as_good}")
    axis.legend(fontsize=8)
    return True


# name of the file, heading, how to draw it (False where there is nothing to draw), width and height
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
    axis.legend(loc="upper right", fontsize=8)
    return True


PICTURES: dict[str, tuple[str, Callable[[Any, SavedRun], bool], tuple[float, float]]] = {
    "drawdown": ("Equity and drawdown", draw_drawdown, (12, 6)),
    "signals": ("Signals", draw_run_signals, SIZE),
    "attribution": ("What ML changed", draw_attribution, (8, 4)),
    "difference": ("Where the difference comes from", draw_difference, (9, 4)),
    "funnel": ("From bars to orders", draw_funnel, (8, 4)),
    "reliability": ("Reliability", draw_reliability, (7, 6)),
    "confusion": ("Predicted and actual", draw_confusion, (6, 5)),
    "importances": ("Features", draw_importances, (7, 7)),
    "refits": ("Each refit", draw_refits, (9, 4)),
    "returns": ("Returns by calendar", draw_returns, (14, 4)),
    "placebo": ("Did this setting gain?", draw_placebo, (8, 4)),
    "ranking": ("Does ML rank entries?", draw_ranking, (8, 4)),
    "ablation": ("One model after the other", draw_ablation, (10, 5)),
}
