"""Reading bars from CSV and Parquet files, whatever their columns are called."""

import csv
import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import check_bars, repair_bars
from bt_fusion.data.timestamps import TIME_COLUMNS, index_by_time
from bt_fusion.errors import BarsError

__all__ = ["read_bars", "tidy_bars"]

KLINE_COLUMNS = ("open_time", *COLUMNS)  # an exchange's kline dump begins with these six
SEPARATORS = ";\t|,"
CLOCK_TIME = re.compile(r"\s*\d{1,2}:\d{2}")
HEAD = 65_536  # characters looked at to tell how a CSV is written
UNREADABLE = (
    pd.errors.EmptyDataError,
    OSError,
    EOFError,
    ValueError,  # pyarrow.ArrowInvalid is one
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
)


def read_bars(
    path: str | Path, *, repair: bool = False, report: list[str] | None = None
) -> pd.DataFrame:
    """Read bars from a CSV or Parquet file and check them.

    Parameters
    ----------
    path : path
        `.parquet` or `.pq`; anything else is read as CSV, plain, gzipped or alone in a ZIP file,
        separated by commas, semicolons, tabs or bars. A CSV without a header is taken for an
        exchange's kline dump: open time, open, high, low, close, volume, ...
    repair : bool
        Sort, and drop duplicates and broken rows, instead of refusing them.
    report : list, optional
        Receives one line for each repair.

    Raises
    ------
    BarsError
        When the file is missing, empty, unreadable, or its bars are broken.
    """
    path = Path(path)
    if path.is_dir():
        raise BarsError(f"{path} is a folder; give the path of a CSV or Parquet file")
    if not path.is_file():
        raise BarsError(f"no file {path}; give the path of a CSV or Parquet file, or a sample name")
    repairs: list[str] = []
    try:
        frame = _read_frame(path, repairs if repair else None)
        bars = tidy_bars(frame, coerce=repair)
        if repair:
            bars, dropped = repair_bars(bars)
            repairs += dropped
            if not len(bars) and len(frame):
                raise BarsError(f"no bar is left after the repair: {'; '.join(repairs)}")
        bars = check_bars(bars)
    except BarsError as error:
        raise BarsError(f"{path}: {error}") from error
    if report is not None:
        report.extend(repairs)
    return bars


def tidy_bars(frame: pd.DataFrame, *, coerce: bool = False) -> pd.DataFrame:
    """Bring column names and stamps into the form `check_bars` expects; values stay.

    Column names in any case, `Adj Close` and further columns beside OHLCV, Yahoo's two-level
    columns of one symbol, the usual names of time columns, ISO text or epoch seconds, milli-,
    micro- or nanoseconds, time zones: all become a naive UTC DatetimeIndex and lower-case names.

    Parameters
    ----------
    frame : DataFrame
    coerce : bool
        Leave NaT where a value is no time, for `repair_bars` to drop and report.

    Raises
    ------
    BarsError
        When no time column is found or its values are no times.

    Examples
    --------
    >>> day = {"Date": ["2024-01-31"], "Open": [1], "High": [2], "Low": [1], "Close": [2]}
    >>> tidy_bars(pd.DataFrame({**day, "Adj Close": [2], "Volume": [5]})).close
    datetime
    2024-01-31    2
    Name: close, dtype: int64
    """
    frame = _one_level(frame)
    frame.columns = pd.Index([_plain_name(name) for name in frame.columns])
    _refuse_twins(frame.columns)
    return index_by_time(frame, coerce=coerce)


def _read_frame(path: Path, repairs: list[str] | None) -> pd.DataFrame:
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        return _read_csv(path, repairs)
    except BarsError:
        raise
    except UnicodeDecodeError as error:
        raise BarsError(f"not a text file in UTF-8 ({error.reason}); {EXPORT}") from error
    except pd.errors.ParserError as error:
        reason = str(error).strip()
        raise BarsError(
            f"broken CSV ({reason}); mend the source, or drop the row (--repair)"
        ) from error
    except UNREADABLE as error:
        raise BarsError(f"cannot be read ({str(error).strip()}); {EXPORT}") from error


EXPORT = "give a CSV or Parquet file"


def _read_csv(path: Path, repairs: list[str] | None) -> pd.DataFrame:
    data = _unpacked(path)
    head = io.TextIOWrapper(io.BytesIO(data[:HEAD]), "utf-8-sig", errors="ignore").read()
    if "\0" in head:
        raise BarsError(f"not a text file; {EXPORT}")
    lines = [line for line in head.splitlines() if line.strip()][:3]
    if not lines:
        raise BarsError(f"the file is empty; {EXPORT}")
    options = _layout(lines) | {"encoding": "utf-8-sig", "low_memory": False}
    options["on_bad_lines"] = "error" if repairs is None else "warn"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", pd.errors.ParserWarning)
        frame = pd.read_csv(io.BytesIO(data), **options)
    messages = [str(warning.message) for warning in caught]
    if any("Length of header" in message for message in messages):
        _refuse_long_rows(data, options["sep"], len(frame.columns))
    if repairs is not None:
        skipped = [line for message in messages for line in message.splitlines() if "Skip" in line]
        repairs += [f"dropped a row of too many columns: {line}" for line in skipped]
    return frame[list(KLINE_COLUMNS)] if options["header"] is None else frame


def _refuse_long_rows(data: bytes, separator: str, width: int) -> None:
    """Raise BarsError at the first row of more values than columns, unless a time is one of them.

    pandas cuts such rows where the first one is among them.
    """
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=separator)
    for row in rows:
        if len(row) > width and any(row[width:]) and not CLOCK_TIME.match(row[1]):
            raise BarsError(
                f"line {rows.line_num} has {len(row)} values for {width} columns "
                f"({separator.join(row)[:60]}); write numbers as 1234.5, without decimal commas "
                "and thousands separators, or name every column"
            )


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] != b"PK\x03\x04":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise BarsError(f"a ZIP file of {len(names)} files, or an Excel sheet; {EXPORT}")
        try:
            return archive.read(names[0])
        except RuntimeError as error:  # encrypted, or compressed by what Python does not know
            raise BarsError(f"cannot be unpacked ({error}); {EXPORT}") from error


def _layout(lines: list[str]) -> dict[str, Any]:
    """Tell from the first lines how pandas should read a CSV."""
    separator = max(SEPARATORS, key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=separator))
    first = rows[0]
    options: dict[str, Any] = {"sep": separator}
    if first[0].strip()[:1].isdigit():
        if len(first) < len(KLINE_COLUMNS):
            raise BarsError(
                f"no header and {len(first)} column(s); a kline dump has at least "
                f"{len(KLINE_COLUMNS)}: {', '.join(KLINE_COLUMNS)}. Add a header line"
            )
        more = [f"column {number}" for number in range(len(KLINE_COLUMNS), len(first))]
        return options | {"header": None, "names": [*KLINE_COLUMNS, *more], "index_col": False}
    if len(rows) == 3 and _plain_name(rows[2][0]) in TIME_COLUMNS and not any(rows[2][1:]):
        return options | {"header": [0, 1], "index_col": 0}  # Yahoo's two levels
    _refuse_twins([_plain_name(name) for name in first])
    return options | {"header": 0, "index_col": False}


def _one_level(frame: pd.DataFrame) -> pd.DataFrame:
    """Flatten Yahoo's (field, symbol) columns; refuse several symbols."""
    frame = frame.copy(deep=False)
    if not isinstance(frame.columns, pd.MultiIndex):
        return frame
    levels = frame.columns.nlevels
    field = max(
        range(levels),
        key=lambda i: sum(_plain_name(v) in COLUMNS for v in frame.columns.get_level_values(i)),
    )
    names = frame.columns.get_level_values(field)
    if names.duplicated().any():
        symbols = frame.columns.droplevel(field).unique()
        raise BarsError(
            f"the columns hold several symbols ({', '.join(map(str, symbols))}); give one at a "
            f"time, e.g. frame.xs({symbols[0]!r}, axis=1, level={1 - field})"
        )
    return frame.set_axis(names, axis="columns")


def _refuse_twins(names: Iterable[str]) -> None:
    names = list(names)
    for name in (*COLUMNS, *TIME_COLUMNS):
        if names.count(name) > 1:
            raise BarsError(f"{names.count(name)} columns are called {name!r}; keep one")


def _plain_name(name: Hashable) -> str:
    return str(name).strip().strip("<>").lower()
