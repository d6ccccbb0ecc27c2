"""Sections of report.html on single trades: their list, and quarters of their probability."""

from typing import Any

from bt_fusion.report.charts.entry_quarters import entry_quarters
from bt_fusion.report.figures import count
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["quarters_section", "trades_section"]


def trades_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the filters of the trade list; None without trades."""
    if run.trades.empty:
        return None
    return {
        "trades": count(len(run.trades)),
        "runs": run.runs if len(run.runs) > 1 else [],
        "symbols": run.symbols if len(run.symbols) > 1 else [],
    }


def quarters_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of trades by quarter of the probability; None if too few."""
    found = entry_quarters(run)
    if found is None:
        return None
    return {
        "caption": "Closed trades by the probability of their side on the bar of the signal",
        "head": found.head(),
        "rows": found.rows(),
    }
