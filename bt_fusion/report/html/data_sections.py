"""Sections of report.html on findings in the bars, in the strategy and at the broker."""

from typing import Any

from bt_fusion.report.checks.broker_guard import guard_rows, guards_of
from bt_fusion.report.checks.data_audit import KINDS, audit_rows, audits_of
from bt_fusion.report.checks.strategy_audit import FOUND, QUICK, strategy_audit_line
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["data_section", "guard_section", "strategy_section"]


def data_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the findings of each symbol and their meaning; None without findings."""
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


def strategy_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the findings in the strategy; None if it was not audited."""
    found = (run.summary.get("audit") or {}).get("strategy")
    if not found:
        return None
    rows = [
        [FOUND[each["kind"]], each["where"], each["first"], each["detail"]]
        for each in found["findings"]
    ]
    table = {"caption": "Findings", "head": ["", "Where", "First bar", "What"], "rows": rows}
    unknown = [f"Not verified: {each}." for each in found["unverified"]]
    words = [f"{strategy_audit_line(found)} ({QUICK}).", *unknown]
    return {"tables": [table] if rows else [], "words": [words[0].capitalize(), *words[1:]]}


def guard_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the broker's unexpected events of each run; None for none."""
    guards = guards_of(run.summary)
    if not guards:
        return None
    head = ["", "Cases", "First bar", "What it is, and what to do"]
    return {
        "tables": [
            {"caption": f"ML {name}", "head": head, "rows": guard_rows(guard)}
            for name, guard in guards.items()
        ],
        "words": [],
    }
