"""What was checked of a saved model, as a table."""

from collections.abc import Mapping

from rich.table import Table

__all__ = ["check_table"]


def check_table(checks: Mapping[str, str]) -> Table:
    """Return a line for each check: what, and what came out."""
    table = Table(show_header=False, title="Checked", title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for what, outcome in checks.items():
        table.add_row(what, outcome)
    return table
