"""Fit output to the terminal's width: wrap lines between words, narrow tables."""

import textwrap
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = ["fitted"]

FULL = ("Signal bar ", "Classifier ")  # labels as wide as their column
LABEL = 11  # columns before the text of a line, such as "Verdict    "


def fitted(part: Any, console: Console) -> Any:
    """Return output fitted to the console.

    Lines are wrapped only on a terminal; in a file or a pipe they stay whole, for searching. A
    table that is too wide loses its borders first.
    """
    if isinstance(part, Group):
        return Group(*(fitted(each, console) for each in part.renderables))
    if isinstance(part, (str, Text)):
        return wrapped(part, console.width) if console.is_terminal else part
    if isinstance(part, Table):
        fit_table(part, console)
    return part


def wrapped(line: str | Text, width: int) -> Text:
    """Return a line wrapped between words; text after a label stays in its column.

    >>> print(wrapped("Note       these are several words", 33))
    Note       these are several
               words
    """
    text = Text(line) if isinstance(line, str) else line
    if text.cell_len <= width or "\n" in text.plain:
        return text
    indent = LABEL if labelled(text.plain) else 0
    lines = text[indent:].wrap(Console(width=width), max(20, width - indent))
    for each in lines:
        each.rstrip()
    return text[:indent] + Text("\n" + " " * indent).join(lines)


def labelled(line: str) -> bool:
    """Return whether a line begins with a label in its own column."""
    padded = line[LABEL - 2 : LABEL] == "  " or line.startswith(FULL)
    return padded and line[LABEL : LABEL + 1] not in (" ", "")


def fit_table(table: Table, console: Console) -> None:
    """Narrow a table that is too wide, and wrap its title and caption."""
    if natural_width(table, console) > console.width:
        table.box, table.pad_edge, table.padding = box.SIMPLE_HEAD, False, (0, 1, 0, 0)
        table.show_edge = False
    if console.is_terminal:
        table.title = filled(table.title, console.width)
        table.caption = filled(table.caption, console.width)


def natural_width(table: Table, console: Console) -> int:
    """Return the width of a table without wrapped cells, ignoring its title."""
    title, caption = table.title, table.caption
    table.title = table.caption = None
    wide = console.options.update(width=10_000, max_width=10_000)
    found = Measurement.get(console, wide, table).maximum
    table.title, table.caption = title, caption
    return found


def filled(text: Any, width: int) -> Any:
    """Return a title or a caption with its lines wrapped between words."""
    if text is None:
        return None
    plain = text.plain if isinstance(text, Text) else str(text)
    if len(plain) <= width:
        return text
    lines = textwrap.fill(plain, width, break_long_words=False, break_on_hyphens=False)
    return Text(lines) if isinstance(text, Text) else lines
