"""The parts of report.html on where the difference comes from, and how firm it is."""

from typing import Any

from bt_fusion.report.difference import difference_sentence, difference_table, robustness_table
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["difference_section", "difference_words", "robustness_section"]


def difference_words(run: SavedRun) -> str:
    """Say where the difference comes from."""
    return difference_sentence(run.summary["comparison"] or {})


def difference_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of the parts; None where there are none, as of older versions."""
    head, rows = difference_table(run.summary)
    caption = "Profit of ML on less profit of ML off in parts, open trades included"
    return {"caption": caption, "head": head, "rows": rows} if rows else None


def robustness_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of figures under less friendly conditions; None where there are none."""
    head, rows = robustness_table(run.summary)
    caption = "Both runs under worse conditions"
    return {"caption": caption, "head": head, "rows": rows} if rows else None
