"""What was checked, as tables: of a saved model, and of a strategy."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.report.strategy_audit import FOUND, strategy_audit_line
from bt_fusion.report.terminal.titled import titled

__all__ = ["check_table", "strategy_audit_table"]


def check_table(checks: Mapping[str, str]) -> Table:
    """Return a line for each check: what, and what came out."""
    table = Table(show_header=False, title="Checked", title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for what, outcome in checks.items():
        table.add_row(what, outcome)
    return table


def strategy_audit_table(found: dict[str, Any], name: str) -> Group:
    """Return what was found, what was not looked at, and how much was compared.

    Parameters
    ----------
    found : dict
        Of `StrategyAudit.to_dict`.
    name : str
        Of the strategy or indicator.
    """
    parts: list[Any] = []
    if found["findings"]:
        table = titled(f"Audit of {name}", "Finding", "Where", "First bar", "What")
        for each in found["findings"]:
            table.add_row(FOUND[each["kind"]], each["where"], each["first"], each["detail"])
        parts.append(table)
    parts += [Text(f"Not verified  {each}") for each in found["unverified"]]
    return Group(*parts, Text(f"Audit      {strategy_audit_line(found)}"))
