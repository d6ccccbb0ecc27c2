"""The part of report.html on what an audit found in the bars."""

from typing import Any

from bt_fusion.report.data_audit import KINDS, audit_rows, audits_of
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["data_section"]


def data_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the findings of each symbol and what they mean; None where nothing was found."""
    audits = audits_of(run.summary)
    if not audits:
        return None
    words = {each["kind"]: each for audit in audits.values() for each in audit["findings"]}
    return {
        "tables": [
            {
                "caption": f"What the audit found in the bars{' of ' if symbol else ''}{symbol}",
                "head": ["", "Cases", "Bars", "First"],
                "rows": audit_rows(audit),
            }
            for symbol, audit in audits.items()
        ],
        "words": [
            f"{KINDS[kind]}: {each['meaning']}. To do: {each['remedy']}."
            for kind, each in words.items()
        ],
    }
