"""Shared form of the terminal's tables, and their conversion to plain text."""

from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table

__all__ = ["plain_text", "titled"]


def titled(title: str, first: str, *columns: str) -> Table:
    """Return a table with a title, a first column of text and others of numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def plain_text(shown: RenderableType, width: int | None = None) -> str:
    """Return the terminal's output as text without colours.

    Parameters
    ----------
    shown : table or group of rich
    width : int, optional
        Columns; by default those of the terminal, 80 without one.

    Examples
    --------
    >>> table = titled("Trades", "ML", "Won")
    >>> table.add_row("on", "12")
    >>> plain_text(table).splitlines()[0]
    'Trades'
    """
    lines = StringIO()
    console = Console(
        file=lines,
        width=width,
        soft_wrap=True,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,  # a notebook would show it at once, and the text be empty
    )
    console.print(shown)
    return "\n".join(line.rstrip() for line in lines.getvalue().splitlines())
