"""Write files whole or not at all: under a temporary name, then renamed. Values as JSON."""

import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import BtFusionError, FileError, OptionError
from bt_fusion.urls import is_url

__all__ = [
    "EXACT_NUMBERS",
    "RANDOM",
    "check_no_input",
    "check_writable_file",
    "check_writable_folder",
    "remove_stale",
    "write_json",
    "write_whole",
    "writing",
]


# Options of `pd.read_csv` for numbers to the last digit; the default from pandas 3.1 on.
PANDAS = tuple(int(part) for part in pd.__version__.split(".")[:2])
EXACT_NUMBERS: dict[str, Any] = {} if PANDAS >= (3, 1) else {"float_precision": "round_trip"}
RANDOM = "????????"  # part of tempfile's names
STALE = 86_400  # seconds


def check_writable_folder(folder: Path) -> None:
    """Before long work, raise OptionError if a folder cannot be made or written to."""
    there = folder = folder.absolute()
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise OptionError(
            f"{folder} cannot be written: {there}: {error.strerror}; give another place"
        ) from error


def check_writable_file(file: Path) -> None:
    """Before long work, raise OptionError if a file cannot be written."""
    if file.is_dir():
        raise OptionError(f"{file} is a folder; give the name of a file")
    check_writable_folder(file.parent)


def check_no_input(out: Path, data: str | None = None, folder: str | None = None) -> None:
    """Raise OptionError if an output file is the file of the bars, or is in a model's folder.

    Parameters
    ----------
    out : Path
    data : str, optional
        File of the bars, or a sample.
    folder : str, optional
        Of a saved model, or its URL.
    """
    if data is not None and out.exists() and Path(data).exists() and out.samefile(data):
        raise OptionError(f"{out} holds the bars that are read; give another file to write")
    if folder is None or is_url(folder):
        return
    if out.resolve().is_relative_to(Path(folder).expanduser().resolve()):
        raise OptionError(f"{out} lies in the saved model's folder; give another place")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn system errors while writing a file or folder into an error that names it.

    Raises
    ------
    FileError
    """
    try:
        yield
    except (BtFusionError, TimeoutError):  # the second comes from a lock
        raise
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {error.strerror or error}; make room, or give another place"
        ) from error


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file beside `path` and rename it when it is complete.

    Raises
    ------
    FileError
        If the system refuses it; an older file stays.
    """
    with writing(path):
        _write_whole(path, write)


def _write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(path.parent, f".{escape(path.stem)}-{RANDOM}{escape(path.suffix)}")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)  # mkstemp makes files readable only by the owner
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_stale(folder: Path, pattern: str) -> None:
    """Remove files and folders older than a day that interrupted writing left in a folder."""
    for path in folder.glob(pattern):
        with suppress(OSError):  # another process may be doing the same
            if time.time() - path.stat().st_mtime < STALE:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def write_json(path: Path, content: dict[Any, Any] | list[Any]) -> None:
    """Write a dictionary or a list, with null for undefined values."""
    text = json.dumps(plain(content), indent=2, allow_nan=False)
    write_whole(path, lambda file: file.write_text(text + "\n", encoding="utf-8"))


def plain(value: Any) -> Any:
    """Convert values to JSON types: NaN to null, stamps to ISO text, classes to names.

    >>> plain({"a": np.float64("nan"), "b": np.int64(2), "c": pd.Timestamp("2024-01-01")})
    {'a': None, 'b': 2, 'c': '2024-01-01T00:00:00'}
    """
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, type):
        return f"{value.__module__}:{value.__qualname__}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
