"""A result in a notebook: the verdict, both equity curves and the figures, small."""

from typing import Any

import pandas as pd

from bt_fusion.report.figures import ROWS, cell, difference, reason
from bt_fusion.report.html.curves import curves_svg
from bt_fusion.report.html.elements import Html, join, tag

__all__ = ["notebook_html"]

KEYS = ("trades", "win_rate", "profit_factor", "expectancy", "net_profit", "sharpe", "max_drawdown")
LEFT = "text-align:left;padding:2px 12px"
RIGHT = "text-align:right;padding:2px 12px;font-variant-numeric:tabular-nums"


def notebook_html(summary: dict[str, Any], equity: pd.DataFrame) -> Html:
    """Return a result as a little HTML.

    Parameters
    ----------
    summary : dict
        The content of summary.json.
    equity : DataFrame
        datetime, and a column for each run.
    """
    comparison = summary["comparison"] or {}
    runs = [name for name in ("off", "on") if summary[f"ml_{name}"]]
    seen = "IN-SAMPLE" if summary["in_sample"] else "unseen"
    title = f"{summary['data']['name']}: {summary['window']['bars']:,} {seen} bars"
    parts = [
        tag("strong", comparison.get("verdict") or "no verdict", style="font-size:120%"),
        tag("div", reason(comparison)),
        tag("div", title, style="margin:4px 0"),
        curves_svg(equity, f"Equity of ML {' and ML '.join(runs)}", 600, 120),
        figures(summary, runs, comparison),
    ]
    return tag("div", join(parts), style="max-width:640px")


def figures(summary: dict[str, Any], runs: list[str], comparison: dict[str, Any]) -> Html:
    """Return the table of what one asks for first."""
    both = ["Difference", "95 % interval"] if len(runs) == 2 else []
    lines = [
        tag(
            "tr",
            join(tag("th", name, style=RIGHT) for name in ["", *(f"ML {r}" for r in runs), *both]),
        )
    ]
    for key, label, write in ROWS:
        if key in KEYS:
            cells = [cell(summary[f"ml_{name}"][key], write) for name in runs]
            cells += difference(comparison.get(key), write) if both else []
            shown = [tag("td", text, style=RIGHT) for text in cells]
            lines.append(tag("tr", join([tag("td", label, style=LEFT), *shown])))
    return tag("table", join(lines))
