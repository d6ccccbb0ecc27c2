"""Write bars to CSV, Parquet and Feather files; a failed write leaves no partial file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.errors import OptionError
from bt_fusion.files import write_whole

__all__ = ["check_bar_file", "write_bars"]

Write = Callable[[pd.DataFrame, Path], Any]
WRITERS: dict[str, Write] = {
    ".parquet": lambda bars, path: bars.to_parquet(path),
    ".pq": lambda bars, path: bars.to_parquet(path),
    ".csv": lambda bars, path: bars.to_csv(path),
    ".feather": lambda bars, path: bars.reset_index().to_feather(path),
}


def check_bar_file(path: Path) -> None:
    """Raise OptionError if the file extension cannot be written."""
    if path.suffix.lower() not in WRITERS:
        raise OptionError(f"out {path} is not one of {', '.join(WRITERS)}; give such a file")


def write_bars(path: Path, bars: pd.DataFrame) -> None:
    """Write bars to a file in the format of its extension; the time column is `datetime`.

    Parameters
    ----------
    path : Path
        `.parquet`, `.pq`, `.csv` or `.feather`.
    bars : DataFrame
        As `check_bars` returns them.

    Raises
    ------
    OptionError
        For another extension.
    FileError
        If the system refuses it; an older file stays.
    """
    check_bar_file(path)
    named = bars.rename_axis("datetime")
    write_whole(path, lambda file: WRITERS[path.suffix.lower()](named, file))
