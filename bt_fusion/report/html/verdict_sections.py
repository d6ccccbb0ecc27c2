"""Sections of report.html on the verdict: banner, ranking, random filters."""

from typing import Any

import numpy as np

from bt_fusion.report.charts.chance_range import HEAD, chance_ranges, chance_rows
from bt_fusion.report.figures import NONE, cell, count, interval, money, percent, reason
from bt_fusion.report.ranking import quartile_rows, ranking_words
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["banner_of", "chance_section", "placebo_section", "ranking_section", "verdict_banner"]

KINDS = {
    "ML helped": "helped",
    "ML probably helped": "helped",
    "no evidence": "unclear",
    "ML probably hurt": "hurt",
    "ML hurt": "hurt",
}
SIGNS = {"helped": "▲", "hurt": "▼", "unclear": "≈", "none": "?"}
MET = {True: "✓", False: "✗", None: "–"}  # noqa: RUF001
LEVELS = {("certain",): "for “{}”", ("probable",): "for “probably {}”"}
PLACEBOS = {
    "coin": "Random filters, with as many trades and bars held on each side",
    "veto": "Random filters, with as many trades on each side",
    "subset": "Random subsets of the trades of ML off",
    "shift": "ML's own probabilities, shifted in time",
    "labels": "Models trained on shuffled labels",
}


def verdict_banner(run: SavedRun) -> dict[str, Any]:
    """Return the verdict, its reason, and the rules behind it."""
    comparison = run.summary["comparison"] or {}
    verdict, because = comparison.get("verdict"), reason(comparison)
    if not verdict:
        because = (
            "These runs were compared without a verdict."
            if comparison
            else f"ML {run.runs[0]} ran alone: there is nothing to compare it with."
        )
    return banner_of({**comparison, "verdict": verdict}, because)


def banner_of(comparison: dict[str, Any], because: str) -> dict[str, Any]:
    """Return the banner's parts: the verdict, its reason, what would change it, and its rules."""
    kind = KINDS.get(comparison["verdict"] or "", "none")
    direction = comparison.get("direction") or "helped"
    return {
        "kind": kind,
        "sign": SIGNS[kind],
        "verdict": comparison["verdict"] or "no verdict",
        "because": because,
        "change": comparison.get("change") or "",
        "direction": direction,
        "rules": [
            {
                **rule,
                "sign": MET[rule["passed"]],
                "level": LEVELS.get(tuple(rule.get("grades", ())), "").format(direction),
            }
            for rule in comparison.get("rules") or []
        ],
    }


def ranking_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the quartiles of P(side); None in runs of older versions."""
    if not ranking_words(run.summary):
        return None
    rows = quartile_rows(run.summary)
    return {
        "caption": (
            "Mean net return of an entry by the rank of its probability among the earlier entries "
            "of its side"
        ),
        "head": ["Rank of the probability", "Entries", "Mean net return"],
        "rows": rows,
        "charted": bool(rows),
    }


def chance_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the figures of both runs and of random filters; None without filters."""
    found = chance_ranges(run.summary)
    if not found:
        return None
    return {"caption": "Both runs and random filters", "head": HEAD, "rows": chance_rows(found)}


def placebo_section(run: SavedRun) -> dict[str, Any] | None:
    """Return each placebo: its draws as good or better, and their net profit; None without one."""
    found = run.summary.get("statistics") or {}
    if not found.get("placebo"):
        return None
    placebos = {name: found.get(name) for name in ("placebo", "shift", "labels")}
    return {
        "caption": "Net profit of ML on and of random filters",
        "head": ["", "Draws", "Draws as good or better", "ML on", "Mean draw", "Draws between"],
        "rows": [placebo_row(name, placebo) for name, placebo in placebos.items() if placebo],
    }


def placebo_row(name: str, placebo: dict[str, Any]) -> list[str]:
    """Return the cells of one placebo."""
    if name == "labels":
        return label_placebo_row(placebo)
    kind = placebo.get("kind", name)
    low, high = placebo.get("low"), placebo.get("high")
    real, mean = (cell(placebo.get(key), money) for key in ("real", "mean"))
    between = interval(None if low is None or high is None else (low, high), money)
    return [
        PLACEBOS.get(kind, kind),
        cell(placebo.get("draws") or None, count),
        cell(placebo.get("p_value"), percent),
        real,
        mean,
        between if between == NONE else f"{between} (95 %)",
    ]


def label_placebo_row(placebo: dict[str, Any]) -> list[str]:
    """Return the cells of the models trained on shuffled labels."""
    profits = [each["net_profit"] for each in placebo["drawn"]]
    return [
        PLACEBOS["labels"],
        count(placebo["repeats"]),
        f"{placebo['as_good']} of {placebo['repeats']}",
        money(placebo["real"]["net_profit"]),
        money(float(np.mean(profits))),
        f"{interval((min(profits), max(profits)), money)} (all)",
    ]
