"""The part of report.html on an ablation: five equity curves and their table."""

from typing import Any

from bt_fusion.report.ablation import ablation_head, ablation_rows
from bt_fusion.report.html.curves import equity_curves
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["ablation_section"]

# Apart for those who do not see red or green (Okabe and Ito), in the order of the rows
COLOURS = ("#8c959f", "#e69f00", "#56b4e9", "#009e73", "#0a3d91")


def ablation_section(run: SavedRun) -> dict[str, Any] | None:
    """Return curves, legend and table; None where there was no ablation."""
    rows = run.summary.get("ablation")
    if not rows:
        return None
    colours = {f"ablation_{row['name']}": each for row, each in zip(rows, COLOURS, strict=True)}
    words = f"Equity of {', + '.join(row['name'] for row in rows)}."
    names = [f"{'+ ' if place else ''}{row['name']}" for place, row in enumerate(rows)]
    return {
        "curves": equity_curves(run.equity, words, colours=colours, fill=True),
        "legend": [
            {"name": name, "colour": colour} for name, colour in zip(names, COLOURS, strict=True)
        ],
        "caption": "One model after the other",
        "head": ablation_head(),
        "rows": ablation_rows(rows),
    }
