"""Reading bars from CSV and Parquet files, whatever their columns are called."""

import csv
from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pandas as pd

from bt_fusion.bars import COLUMNS, check_bars, repair_bars
from bt_fusion.errors import BarsError

__all__ = ["read_bars", "tidy_bars"]

TIME_COLUMNS = (
    "open_time",
    "open time",
    "opentime",
    "datetime",
    "date",
    "timestamp",
    "time",
    "index",
    "unnamed: 0",
)
KLINE_COLUMNS = ("open_time", *COLUMNS)  # an exchange's kline dump begins with these six
# Epoch stamps are told apart by size: 1e8 s is 1973, 1e11 s is the year 5138.
EPOCH_UNITS = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (np.inf, "ns"))


def read_bars(
    path: str | Path, *, repair: bool = False, report: list[str] | None = None
) -> pd.DataFrame:
    """Read bars from a CSV or Parquet file and check them.

    Parameters
    ----------
    path : path
        `.parquet` or `.pq`, anything else is read as CSV. A CSV without a header is taken for
        an exchange's kline dump: open time, open, high, low, close, volume, ...
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
    if not path.is_file():
        raise BarsError(f"no file {path}; give the path of a CSV or Parquet file, or a sample name")
    try:
        frame = _read_parquet(path) if path.suffix in (".parquet", ".pq") else _read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        raise BarsError(f"{path} cannot be read: {error}; give a CSV or Parquet file") from error
    except ValueError as error:  # pyarrow.ArrowInvalid is one
        raise BarsError(f"{path} is no valid file of its kind: {error}") from error
    try:
        bars = tidy_bars(frame)
        if repair:
            bars, repairs = repair_bars(bars)
            (report if report is not None else []).extend(repairs)
        return check_bars(bars)
    except BarsError as error:
        raise BarsError(f"{path}: {error}") from error


def tidy_bars(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring column names and stamps into the form `check_bars` expects; values stay.

    Column names in any case, `Adj Close` and further columns beside OHLCV, Yahoo's two-level
    columns of one symbol, the usual names of time columns, ISO text or epoch seconds, milli-,
    micro- or nanoseconds, time zones: all become a naive UTC DatetimeIndex and lower-case names.

    Raises
    ------
    BarsError
        When no time column is found or its values are no times.
    """
    frame = _one_level(frame)
    frame.columns = [_plain_name(name) for name in frame.columns]
    twice = frame.columns[frame.columns.duplicated()]
    if len(set(twice) & {*COLUMNS, *TIME_COLUMNS}):
        raise BarsError(f"two columns are called {twice[0]!r}; keep one")
    if not isinstance(frame.index, pd.DatetimeIndex):
        frame = _index_by_time(frame)
    index = pd.DatetimeIndex(frame.index)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    frame.index = index.rename("datetime")
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open(newline="", encoding="utf-8-sig") as file:
        first = next(csv.reader(file), None)
    if not first:
        raise BarsError(f"{path} is empty")
    if not _is_number(first[0]) or not _is_number(first[min(1, len(first) - 1)]):
        return pd.read_csv(path, encoding="utf-8-sig")
    if len(first) < len(KLINE_COLUMNS):
        raise BarsError(
            f"{path} has no header and {len(first)} columns; a kline dump has at least "
            f"{len(KLINE_COLUMNS)}: {', '.join(KLINE_COLUMNS)}. Add a header line"
        )
    frame = pd.read_csv(path, header=None, usecols=range(len(KLINE_COLUMNS)))
    return frame.set_axis(list(KLINE_COLUMNS), axis="columns")


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
            f"the columns hold several symbols ({', '.join(map(str, symbols))}); "
            "give one at a time, e.g. frame.xs(SYMBOL, axis=1, level=1)"
        )
    return frame.set_axis(names, axis="columns")


def _plain_name(name: Hashable) -> str:
    return str(name).strip().lower()


def _index_by_time(frame: pd.DataFrame) -> pd.DataFrame:
    found = [name for name in TIME_COLUMNS if name in frame.columns]
    if found:
        return frame.set_index(_as_times(frame[found[0]], found[0])).drop(columns=found[0])
    plain = isinstance(frame.index, pd.RangeIndex)
    if plain or str(frame.index.name).strip().lower() not in TIME_COLUMNS:
        raise BarsError(
            f"no time column among {', '.join(frame.columns)}; call it one of "
            f"{', '.join(TIME_COLUMNS[:-1])}"
        )
    name = str(frame.index.name)
    return frame.set_index(_as_times(pd.Series(frame.index), name))


def _as_times(values: pd.Series, name: str) -> pd.DatetimeIndex:
    numbers = pd.to_numeric(values, errors="coerce") if values.dtype.kind not in "M" else None
    try:
        if numbers is not None and numbers.notna().all() and len(values):
            largest = float(numbers.abs().max())
            unit = next(unit for limit, unit in EPOCH_UNITS if largest < limit)
            # whole units first: a float of nanoseconds would lose the last digits
            return pd.DatetimeIndex(pd.to_datetime(numbers, unit=unit, utc=True))  # type: ignore[call-overload]
        # a text of dates with offsets and one without both end as UTC
        return pd.DatetimeIndex(pd.to_datetime(values, utc=True, format="ISO8601"))
    except (ValueError, TypeError, OverflowError):
        parsed = pd.to_datetime(values, utc=True, errors="coerce", format="mixed")
        broken = np.flatnonzero(parsed.isna().to_numpy())
        if not len(broken):
            return pd.DatetimeIndex(parsed)
        row = int(broken[0])
        raise BarsError(
            f"column {name} holds no time in row {row} ({values.iloc[row]!r}); "
            "write ISO dates or an epoch in s, ms or us"
        ) from None
