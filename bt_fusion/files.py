"""Whole files or none: written under a temporary name, then renamed. Values as JSON has them."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["write_json", "write_whole"]


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file beside `path` and rename it when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)  # mkstemp makes files for the owner alone
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: dict[Any, Any] | list[Any]) -> None:
    """Write a dictionary or a list, with null for what is undefined."""
    text = json.dumps(plain(content), indent=2, allow_nan=False)
    write_whole(path, lambda file: file.write_text(text + "\n", encoding="utf-8"))


def plain(value: Any) -> Any:
    """Turn values into what JSON knows: NaN into null, stamps into ISO text, classes into names.

    >>> plain({"a": np.float64("nan"), "b": np.int64(2), "c": pd.Timestamp("2024-01-01")})
    {'a': None, 'b': 2, 'c': '2024-01-01T00:00:00'}
    """
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
