"""Tables of checks: of a saved model, of bars, and of a strategy."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.report.checks.broker_guard import guard_line, guards_of
from bt_fusion.report.checks.data_audit import KINDS, audit_line, audit_rows, audits_of, stamp_line
from bt_fusion.report.checks.strategy_audit import FOUND, parts_audit_line, strategy_audit_line
from bt_fusion.report.figures import count, when
from bt_fusion.report.terminal.titled import titled

__all__ = ["check_table", "data_audit_table", "data_lines", "guard_lines", "strategy_audit_table"]


def check_table(checks: Mapping[str, str]) -> Table:
    """Return a line for each check: its name and its result."""
    table = Table(show_header=False, title="Checked", title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for what, outcome in checks.items():
        table.add_row(what, outcome)
    return table


def data_audit_table(audit: dict[str, Any], name: str) -> Group:
    """Return the findings with their meaning and what to do.

    Parameters
    ----------
    audit : dict
        `DataAudit.to_dict`.
    name : str
        Of the data.
    """
    span = f"{when(audit['start'])} to {when(audit['end'])}"
    title = f"{name}: {count(audit['bars'])} bars, {span}"
    found = audit["findings"]
    lines = [f"Bars       {stamp_line(audit)}"]
    if not found:
        return Group(*lines, f"Audit      {title}: nothing found")
    table: Table = titled(title, "", "Cases", "Bars", "First")
    for row in audit_rows(audit):
        table.add_row(*row)
    lines += [
        f"{KINDS[each['kind']]}: {each['meaning']}. To do: {each['remedy']}" for each in found
    ]
    return Group(table, *lines)


def data_lines(summary: dict[str, Any]) -> list[str]:
    """Return a line for each symbol with findings in its bars."""
    return [
        f"Data       {symbol}{': ' if symbol else ''}{audit_line(audit)}"
        for symbol, audit in audits_of(summary).items()
    ]


def guard_lines(summary: dict[str, Any]) -> list[str]:
    """Return a line for each run with unexpected events at the broker."""
    return [
        f"Guard      ML {run}: {guard_line(guard)}" for run, guard in guards_of(summary).items()
    ]


def strategy_audit_table(found: dict[str, Any], name: str) -> Group:
    """Return the findings, the unverified parts, and the number of comparisons.

    Parameters
    ----------
    found : dict
        Of `StrategyAudit.to_dict`, or of `PartsAudit.to_dict`.
    name : str
        Of what was audited.
    """
    parts: list[Any] = []
    if found["findings"]:
        table = titled(f"Audit of {name}", "Finding", "Where", "First bar", "What")
        for column in table.columns:
            column.justify, column.overflow = "left", "fold"
        for each in found["findings"]:
            table.add_row(FOUND[each["kind"]], each["where"], each["first"], each["detail"])
        parts.append(table)
    parts += [Text(f"Not verified  {each}") for each in found["unverified"]]
    line = parts_audit_line(found) if "parts" in found else strategy_audit_line(found)
    return Group(*parts, Text(f"Audit      {line}"))
