"""Compact notebook view of a result: verdict, equity curves and figures."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bt_fusion.report.figure_table import figure_rows
from bt_fusion.report.figures import NONE, bars_traded, reason
from bt_fusion.report.html.curves import COLOURS, equity_curves
from bt_fusion.report.html.templates import render

__all__ = ["notebook_html"]

CURVES = {"buy_hold": "buy and hold", "off": "ML off", "on": "ML on"}
KEYS = ("trades", "win_rate", "profit_factor", "expectancy", "net_profit", "sharpe", "max_drawdown")


def notebook_html(summary: dict[str, Any], equity: pd.DataFrame, lines: Sequence[str] = ()) -> str:
    """Return a result as compact HTML.

    Parameters
    ----------
    summary : dict
        The content of summary.json.
    equity : DataFrame
        A column for each run, at each close.
    lines : sequence of str
        Shown below the table.
    """
    comparison = summary["comparison"] or {}
    runs = [name for name in ("off", "on") if summary[f"ml_{name}"]]
    head, rows = figure_rows(summary, runs, KEYS)
    data = {
        "verdict": comparison.get("verdict") or "no verdict",
        "because": reason(comparison),
        "change": comparison.get("change") or "",
        "title": f"{summary['data']['name']}: {bars_traded(summary)}",
        "legend": legend(equity),
        "drawn": equity_curves(equity, f"Equity of ML {' and ML '.join(runs)}", 600, 120),
        "head": head,
        "rows": [row for row in rows if set(row[1:]) - {"", NONE}],
        "lines": lines,
    }
    return render("notebook.html.j2", data)


def legend(equity: pd.DataFrame) -> list[dict[str, str]]:
    """Return the name and the colour of each curve, ML on first.

    >>> [entry["name"] for entry in legend(pd.DataFrame({"off": [1.0], "on": [1.0]}))]
    ['ML on', 'ML off']
    """
    drawn = [name for name in COLOURS if name in equity][::-1]
    return [{"name": CURVES[name], "colour": COLOURS[name]} for name in drawn]
