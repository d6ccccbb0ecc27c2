"""The code blocks of a page, run in order as a reader runs them.

A block stands between fences. Its language says what becomes of it: ``python`` is run, ``sh`` is
run line by line, and a block with ``title="file"`` is saved as that file. An HTML comment on the
line before changes that: ``<!-- not run: reason -->``. ``<!-- output -->`` says that a block of
``text``, or of ``output`` where lines may break, shows what the block before printed.
``<!-- run: command -->`` is run and not shown.
"""

import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

__all__ = ["Block", "PageRun", "blocks"]

BLOCK = re.compile(
    r"^(?:<!-- run: (?P<hidden>[^\n]*) -->$"
    r"|(?:<!-- (?P<comment>[^\n]*) -->\n)?"
    r"```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes
    ----------
    line : int
        Of the page, from 1: that of its comment, or of its fence.
    language, title, code : str
        ``title`` is empty without one.
    comment : str
        Of the HTML comment before it, empty without one.
    """

    line: int
    language: str
    title: str
    code: str
    comment: str

    @property
    def shows_output(self) -> bool:
        """Whether it shows what the block before printed."""
        return self.comment == "output"

    @property
    def runs(self) -> bool:
        """Whether running or saving it is asked for."""
        asked = self.title or self.language in ("python", "sh")
        return bool(asked) and not self.comment.startswith("not run: ")


def blocks(page: str) -> Iterator[Block]:
    r"""Return the blocks of a page in order; a hidden command counts as one.

    Examples
    --------
    >>> [block.code for block in blocks("<!-- run: bt-fusion a -->\n\n```python\n1\n```\n")]
    ['bt-fusion a', '1\n']
    """
    for found in BLOCK.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        if hidden := found["hidden"]:
            yield Block(line, "sh", "", hidden, "")
        else:
            parts = (found[key] or "" for key in ("language", "title", "code", "comment"))
            yield Block(line, *parts)


class PageRun:
    """One page's blocks, run in a folder; Python blocks share their names.

    Parameters
    ----------
    name : str
        Of the page, for errors.
    folder : Path
        Must be the current one, and on ``sys.path``.
    """

    def __init__(self, name: str, folder: Path):
        self.name, self.folder = name, folder
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, block: Block) -> str:
        """Run or save a block; return what it printed."""
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code)
            return ""
        printed = StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            if block.language == "python":
                exec(compile(block.code, f"{self.name}:{block.line}", "exec"), self.names)
            else:
                for words in commands(block.code):
                    run_command(words, printed)
        return printed.getvalue()


def commands(code: str) -> Iterator[list[str]]:
    """Return the words of each command."""
    for line in code.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def run_command(words: list[str], printed: StringIO) -> None:
    """Run a command of bt-fusion, or a Python script, in this process; it must end well."""
    from bt_fusion.cli import main as cli

    program, *given = words
    try:
        if program == "bt-fusion":
            cli.main(given)
        elif words[:2] == ["python", "run_backtest.py"]:
            cli.run_backtest(given[1:])
        elif program == "python" and given[0].endswith(".py"):
            run_script(given)
        else:
            raise ValueError(f"no way to run {program!r}: mark it <!-- not run: reason -->")
    except SystemExit as end:
        if end.code:
            ended = f"{shlex.join(words)} ended with exit code {end.code}"
            raise RuntimeError(f"{ended}:\n{printed.getvalue()[-2000:]}") from end


def run_script(given: list[str]) -> None:
    """Run a script as `python script.py` does."""
    before, sys.argv = sys.argv, given
    try:
        runpy.run_path(given[0], run_name="__main__")
    finally:
        sys.argv = before
