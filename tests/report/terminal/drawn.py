"""What rich draws, as text."""

from io import StringIO
from typing import Any

from rich.console import Console


def text(drawn: Any) -> str:
    """Draw into a wide console that nobody sees."""
    console = Console(width=120, file=StringIO())
    console.print(drawn)
    return console.file.getvalue()


def in_one_line(shown: str) -> str:
    """Put spaces for runs of them: titles and captions are folded to the width of their table."""
    return " ".join(shown.split())
