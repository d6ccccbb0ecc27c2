"""The form all tables of the terminal share."""

from rich.table import Table

__all__ = ["titled"]


def titled(title: str, first: str, *columns: str) -> Table:
    """Return a table with a title, a first column of text and others of numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
