"""Read, tidy and check bars from CSV, Parquet, Feather and JSON files."""

import csv
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import check_bars, repair_bars
from bt_fusion.data.readers.csv_tables import read_csv
from bt_fusion.data.readers.json_tables import read_json
from bt_fusion.data.readers.tidying import tidy_bars
from bt_fusion.data.readers.unpacking import EXPORT
from bt_fusion.errors import BarsError
from bt_fusion.progress import step

__all__ = ["FileReport", "read_bars", "read_reported"]

UNREADABLE = (
    pd.errors.EmptyDataError,
    OSError,
    EOFError,
    ValueError,  # pyarrow.ArrowInvalid is one
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
)


@dataclass(frozen=True)
class FileReport:
    """Repairs of a file's rows, and assumptions about them.

    Attributes
    ----------
    assumed, repairs : list of str
        One line each.
    """

    assumed: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


def read_bars(
    path: str | Path, *, repair: bool = False, report: list[str] | None = None
) -> pd.DataFrame:
    """Read bars from a CSV, Parquet, Feather or JSON file and check them.

    Parameters
    ----------
    path : path
        `.parquet`, `.pq`, `.feather`, `.json` (a list of lists, as freqtrade writes it, also
        `.json.gz`); anything else is read as CSV, plain, gzipped or alone in a ZIP file,
        separated by commas, semicolons, tabs or bars. A CSV without a header is taken for an
        exchange's kline dump: open time, open, high, low, close, volume, ...
    repair : bool
        Sort, and drop duplicates and broken rows, instead of refusing them.
    report : list, optional
        Receives one line for each repair and for each assumption: columns without names, decimal
        commas, which column is the volume.

    Raises
    ------
    BarsError
        If the file is missing, empty, unreadable or ambiguous, or its bars are broken.

    Notes
    -----
    A CSV is read in pieces of 100,000 rows; docs/data.md says how much memory it takes.
    """
    bars, found = read_reported(path, repair=repair)
    if report is not None:
        report.extend([*found.assumed, *found.repairs])
    return bars


@step("Reading bars")
def read_reported(path: str | Path, *, repair: bool = False) -> tuple[pd.DataFrame, FileReport]:
    """Return as `read_bars`, with a separate report of assumptions and repairs."""
    path = Path(path)
    if path.is_dir():
        raise BarsError(f"{path} is a folder; give the path of one file")
    if not path.is_file():
        raise BarsError(f"no file {path}; {EXPORT}, or a sample name")
    found = FileReport()
    try:
        frame = _read_frame(path, found.repairs if repair else None, found.assumed)
        rows = len(frame)
        frame = _of_bars(tidy_bars(frame, coerce=repair, report=found.assumed))
        frame = _oldest_first(frame, found.assumed)
        if repair:
            frame, dropped = repair_bars(frame)
            found.repairs.extend(dropped)
            if not len(frame) and rows:
                raise BarsError(f"no bar is left after the repair: {'; '.join(found.repairs)}")
        return check_bars(frame), found
    except BarsError as error:
        raise BarsError(f"{path}: {error}") from error


def _of_bars(frame: pd.DataFrame) -> pd.DataFrame:
    """Return only the columns of bars, if all are there, to free the memory of the others."""
    if not set(COLUMNS) <= set(frame.columns):
        return frame
    return pd.DataFrame({name: frame[name] for name in COLUMNS}, copy=False)


def _oldest_first(frame: pd.DataFrame, assumed: list[str]) -> pd.DataFrame:
    """Reverse a table whose stamps all descend."""
    index = frame.index
    if len(index) < 2 or index.hasnans or not (index.is_monotonic_decreasing and index.is_unique):
        return frame
    assumed.append("rows run from the newest to the oldest: turned round")
    return frame[::-1]


def _read_frame(path: Path, repairs: list[str] | None, assumed: list[str]) -> pd.DataFrame:
    name = path.name.lower()
    try:
        if name.endswith((".parquet", ".pq")):
            return pd.read_parquet(path)
        if name.endswith(".feather"):
            return pd.read_feather(path)
        if name.endswith((".json", ".json.gz")):
            return read_json(path)
        return read_csv(path, repairs, assumed)
    except BarsError:
        raise
    except UnicodeError as error:
        reason = getattr(error, "reason", error)
        raise BarsError(f"not a text file in UTF-8 ({reason}); {EXPORT}") from error
    except pd.errors.ParserError as error:
        reason = str(error).strip()
        raise BarsError(
            f"broken CSV ({reason}); mend the source, or drop the row (--repair)"
        ) from error
    except UNREADABLE as error:
        raise BarsError(f"cannot be read ({str(error).strip()}); {EXPORT}") from error
