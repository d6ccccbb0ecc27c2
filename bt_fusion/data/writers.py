"""Write bars to CSV, Parquet and Feather files; a failed write leaves no partial file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.readers import read_bars
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.files import write_whole

__all__ = ["check_bar_file", "check_nothing_lost", "write_bars"]

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


def check_nothing_lost(path: Path, bars: pd.DataFrame) -> None:
    """Raise OptionError if a file exists and is not an earlier download of the same bars."""
    if not path.exists():
        return
    remedy = "give another --out, or --overwrite to replace it"
    try:
        earlier = read_bars(path)
    except BarsError:
        raise OptionError(f"{path} exists and holds no bars; {remedy}") from None
    same = bars.close.reindex(earlier.index).to_numpy()
    other = ~np.isclose(same, earlier.close.to_numpy(), rtol=1e-9, atol=0)
    if other.any():
        raise OptionError(
            f"{path} exists, and {other.sum():,} of its {len(earlier):,} bars are not among the "
            f"new ones (first {earlier.index[other][0]}); {remedy}"
        )


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
