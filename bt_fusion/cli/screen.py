"""The terminal: messages, errors and warnings as one line."""

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bt_fusion.errors import BtFusionError, BtFusionWarning
from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.urls import redacted

__all__ = ["Screen", "exit_on_error", "reported_interruption", "warnings_as_lines"]

BAD_INPUT, INTERRUPTED = 2, 130


class Screen:
    """Where messages go; nowhere with --quiet."""

    def __init__(self, quiet: bool = False):
        from rich.console import Console

        # names of files, symbols and labels may look like rich's [markup] and :emoji:
        plain = partial(Console, soft_wrap=True, highlight=False, markup=False, emoji=False)
        self.console, self.errors = plain(), plain(stderr=True)
        self.quiet = quiet

    def say(self, text: str) -> None:
        """Print a line unless quiet."""
        self.show(text)

    def show(self, table: object) -> None:
        """Print something rich can draw, fitted to the terminal, unless quiet."""
        if not self.quiet:
            from bt_fusion.cli.fitting import fitted

            self.console.print(fitted(table, self.console))

    def say_earlier(self, text: str) -> None:
        """Print where earlier results were moved, if there were any, unless quiet."""
        if text:
            self.say(f"Earlier    {text}")

    def list_files(self, paths: Iterable[Path]) -> None:
        """Print which files were written, unless quiet."""
        self.say(f"Files      {listed(list(paths))}")


def listed(paths: Sequence[Path]) -> str:
    """Write paths in one line; files of one folder follow its name.

    >>> listed([Path("results/trades.csv"), Path("results/summary.json")])
    'results: trades.csv, summary.json'
    >>> listed([Path("model/manifest.json")])
    'model/manifest.json'
    """
    folders = {path.parent for path in paths}
    if len(paths) < 2 or len(folders) > 1:
        return ", ".join(str(path) for path in paths)
    return f"{folders.pop()}: {', '.join(path.name for path in paths)}"


class ReportedExit(SystemExit):
    """An exit on Ctrl-C after its message was printed."""


@contextmanager
def reported_interruption() -> Iterator[None]:
    """Print one line for a Ctrl-C outside a command's work, where typer exits silently."""
    try:
        yield
    except ReportedExit:
        raise
    except (KeyboardInterrupt, ImportError, SystemExit) as error:
        if not (is_interruption(error) or getattr(error, "code", None) == INTERRUPTED):
            raise
        print("interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def is_interruption(error: BaseException | None) -> bool:
    """Return whether an error is a Ctrl-C, or a library's import error caused by one."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


@contextmanager
def exit_on_error(kept: str) -> Iterator[None]:
    """Turn our errors and the system's into one line on stderr and exit code 2, Ctrl-C into 130.

    Parameters
    ----------
    kept : str
        Message on what an interruption leaves behind.
    """
    try:
        with no_interrupt_lost() as check:
            try:
                yield
            except Exception:
                check()
                raise
    except BrokenPipeError:  # the reader of the output has closed the pipe
        raise
    except (BtFusionError, OSError) as error:
        print(f"error: {error_message(error)}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None
    except (KeyboardInterrupt, ImportError) as error:
        if not is_interruption(error):
            raise
        print(f"interrupted; {kept}", file=sys.stderr)
        raise ReportedExit(INTERRUPTED) from None


def error_message(error: Exception) -> str:
    """Return an error's message in one line; for system errors the file and the cause."""
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    return redacted(" ".join(line.strip() for line in text.splitlines()))


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Show each distinct warning of ours once, as one line on stderr; others as usual."""
    shown = set()
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *place: Any, **options: Any) -> None:
            text = redacted(" ".join(str(message).split()))
            if not issubclass(category, BtFusionWarning):
                usual(message, category, *place, **options)
            elif text not in shown:
                shown.add(text)
                print(f"Warning    {text}", file=sys.stderr)

        warnings.simplefilter("always", BtFusionWarning)
        warnings.showwarning = show
        yield
