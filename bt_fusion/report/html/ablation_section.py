"""The part of report.html on an ablation: five equity curves and their table."""

from typing import Any

from bt_fusion.report.ablation import ROW_COLOURS, ablation_head, ablation_rows, row_names
from bt_fusion.report.html.curves import equity_curves
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["ablation_section"]


def ablation_section(run: SavedRun) -> dict[str, Any] | None:
    """Return curves, legend and table; None without an ablation."""
    rows = run.summary.get("ablation")
    if not rows:
        return None
    colours = {f"ablation_{row['name']}": each for row, each in zip(rows, ROW_COLOURS, strict=True)}
    words = f"Equity of {', + '.join(row['name'] for row in rows)}."
    named = zip(row_names(rows), ROW_COLOURS, strict=True)
    return {
        "curves": equity_curves(run.equity, words, colours=colours, fill=True),
        "legend": [{"name": name, "colour": colour} for name, colour in named],
        "caption": "One model after the other",
        "head": ablation_head(),
        "rows": ablation_rows(rows),
    }
