"""Sections of report.html on the model: signal funnel and confusion matrix."""

from typing import Any

from bt_fusion.report.charts.funnel_stages import stage_name
from bt_fusion.report.figures import count, percent
from bt_fusion.report.model_figures import class_names_of, confusion_of
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["confusion_section", "funnel_section"]

MOST_REASONS = 5


def funnel_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the number of bars that passed each stage, and why the others did not.

    None of a strategy that does not tell its stages.
    """
    funnels = run.summary.get("funnel")
    if not funnels:
        return None
    return {"runs": [{"name": k, "stages": funnel_stages(v)} for k, v in funnels.items()]}


def funnel_stages(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stages of one run's funnel."""
    passed, lost = found["passed"], found["lost"]
    most = max(passed.values(), default=0) or 1
    stages = []
    for stage, bars in passed.items():
        reasons = sorted(lost.get(stage, {}).items(), key=lambda pair: -pair[1])
        why = "; ".join(f"{count(number)}: {reason}" for reason, number in reasons[:MOST_REASONS])
        if len(reasons) > MOST_REASONS:
            why += f"; {len(reasons) - MOST_REASONS} further reasons"
        stages.append(
            {
                "name": stage_name(stage),
                "lost": why,
                "bars": count(bars),
                "share": percent(bars / most),
                "bar": bars / most,
            }
        )
    return stages


def confusion_section(run: SavedRun) -> dict[str, Any]:
    """Return the confusion matrix of the classes."""
    counts, names, rows = confusion_of(run), class_names_of(run), []
    for name, line in zip(names, counts, strict=True):
        shares = [bars / (sum(line) or 1) for bars in line]
        cells = [
            {"text": f"{count(bars)} ({percent(share)})", "tint": f"{60 * share:.0f}"}
            for bars, share in zip(line, shares, strict=True)
        ]
        rows.append({"name": f"actual {name}", "cells": cells})
    return {
        "caption": f"Confusion matrix, {count(sum(map(sum, counts)))} bars whose class is known",
        "head": ["", *(f"predicted {name}" for name in names)],
        "rows": rows,
    }
