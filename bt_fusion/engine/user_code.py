"""Whose line an error came from, where the code is the user's own."""

import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bt_fusion.errors import BtFusionError, StrategyError

__all__ = ["file_of", "line_in", "locate_errors"]


@contextmanager
def locate_errors(file: Path) -> Iterator[None]:
    """Turn an error that passed through a file into one line that names file, line and cause.

    Errors of our own, and those that came from elsewhere, stay as they are.

    Raises
    ------
    StrategyError
    """
    try:
        yield
    except BtFusionError:
        raise
    except (Exception, SystemExit) as error:
        place = line_in(error, file)
        if place is None:
            raise
        raise StrategyError(f"{file}, {place}: {type(error).__name__}: {error}") from error


def line_in(error: BaseException, file: Path) -> str | None:
    """Return the last line of a file that an error passed through, None if it did not."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f"line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    if not frames:
        return None
    name = "" if frames[-1].name == "<module>" else f", in {frames[-1].name}"
    return f"line {frames[-1].lineno}{name}"


def file_of(part: type) -> Path:
    """Return the file a class stands in, an empty path where there is none."""
    try:
        return Path(inspect.getfile(part))
    except (OSError, TypeError):  # typed into a session, or built in
        return Path()
