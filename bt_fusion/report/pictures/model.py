"""Pictures of a run's model: reliability, confusion, importances, refits, thresholds."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.report.model_figures import (
    MOST_FEATURES,
    changes_threshold,
    class_names_of,
    confusion_of,
    refit_aucs,
    reliability_of,
)
from bt_fusion.report.pictures.canvas import draw_matrix, legend_above
from bt_fusion.report.pictures.style import BLUE, GRAY, INK
from bt_fusion.report.signals import probability_names
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = [
    "draw_confusion",
    "draw_importances",
    "draw_refits",
    "draw_reliability",
    "draw_threshold",
]

GROUPS = 600  # groups of bars, as many as a picture can resolve


def draw_reliability(figure: Any, run: SavedRun) -> bool:
    """Draw actual against predicted shares, with intervals and counts."""
    lines = reliability_of(run)
    if not lines:
        return False
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    table = pd.DataFrame(lines)
    reach = np.abs([table.actual - table.low, table.high - table.actual])
    top.axline((0.5, 0.5), slope=1, color=GRAY, ls="--", lw=1, label="always right")
    top.errorbar(
        table.predicted,
        table.actual,
        yerr=reach,
        color=BLUE,
        marker="o",
        lw=1,
        capsize=3,
        label="this model, 95 % interval",
    )
    legend_above(top)
    below.bar(table.predicted, table["count"], width=0.03, color=BLUE, alpha=0.6)
    top.set_ylabel("share that came true")
    below.set(xlabel=f"predicted {probability_names(run)[0]}", ylabel="bars")
    return True


def draw_confusion(figure: Any, run: SavedRun) -> bool:
    """Draw the confusion matrix."""
    draw_matrix(figure.subplots(), confusion_of(run), class_names_of(run))
    return True


def draw_importances(figure: Any, run: SavedRun) -> bool:
    """Draw the members' own importances."""
    shares = list(run.summary["model"].get("importances", {}).items())[:MOST_FEATURES][::-1]
    if not shares:
        return False
    axis = figure.subplots()
    axis.barh(
        [name for name, _ in shares], [100 * share for _, share in shares], color=BLUE, height=0.7
    )
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("share of all importance, %")
    return True


def draw_refits(figure: Any, run: SavedRun) -> bool:
    """Draw the AUC of each refit."""
    known = [refit for refit in refit_aucs(run) if refit["auc"] is not None]
    if not known or not run.summary["model"]["refits"]:
        return False
    axis = figure.subplots()
    for symbol in dict.fromkeys(r["symbol"] for r in known):
        own = [r for r in known if r["symbol"] == symbol]
        axis.plot(
            [r["start"] for r in own],
            [r["auc"] for r in own],
            marker="o",
            lw=1,
            label=symbol or "each refit",
        )
    axis.axhline(0.5, color=INK, ls="--", lw=0.8, label="chance, 0.5")
    pooled = run.summary["model"].get("auc")
    if pooled is not None:
        axis.axhline(pooled, color=GRAY, ls=":", lw=1.6, label=f"all pooled, {pooled:.3f}")
    legend_above(axis)
    axis.set_ylabel("AUC on the bars it predicted")
    return True


def draw_threshold(figure: Any, run: SavedRun) -> bool:
    """Draw the threshold of each bar, and the highest probability of a side around it."""
    if "on" not in run.runs or not changes_threshold(run):
        return False
    table = run.of_symbol(run.predictions, run.symbols[0])
    sides = table[["probability_up", "probability_down"]].max(axis=1)
    group = np.arange(len(table)) * GROUPS // max(GROUPS, len(table))
    shown = pd.DataFrame({"side": sides, "least": table.threshold}).groupby(group)
    stamps, axis = table.datetime.groupby(group).first(), figure.subplots()
    highest, mean = shown.side.max(), shown.side.mean()
    axis.fill_between(stamps, mean, highest, color=BLUE, alpha=0.22, lw=0)
    axis.plot(stamps, highest, color=BLUE, lw=0.8, label="likelier side, highest")
    axis.plot(stamps, shown.least.mean(), color=INK, lw=1.2, label="threshold")
    axis.set_ylabel("probability")
    legend_above(axis)
    return True
