"""Sections of report.html on the sources and robustness of the difference."""

from typing import Any

from bt_fusion.report.difference import difference_sentence, difference_table, robustness_table
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["difference_section", "difference_words", "robustness_section"]


def difference_words(run: SavedRun) -> str:
    """Return a sentence on the sources of the difference."""
    return difference_sentence(run.summary["comparison"] or {})


def difference_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of the parts; None if missing, as in older versions."""
    head, rows = difference_table(run.summary)
    caption = "Profit of ML on less profit of ML off in parts, open trades included"
    return {"caption": caption, "head": head, "rows": rows} if rows else None


def robustness_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of figures under harsher conditions, or None."""
    head, rows = robustness_table(run.summary)
    caption = "Both runs under worse conditions"
    return {"caption": caption, "head": head, "rows": rows} if rows else None
