"""Bring a table with any of the usual column names into the form of bars."""

import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.readers.names import (
    SYMBOL_COLUMNS,
    plain_name,
    refuse_duplicates,
    refuse_symbols,
    renamed,
)
from bt_fusion.data.readers.stamps import index_by_time
from bt_fusion.errors import BarsError

__all__ = ["tidy_bars"]


def tidy_bars(
    frame: pd.DataFrame, *, coerce: bool = False, report: list[str] | None = None
) -> pd.DataFrame:
    """Bring column names and stamps into the form `check_bars` expects; values stay.

    Column names in any case, `Adj Close` and further columns beside OHLCV, Yahoo's two-level
    columns of one symbol, the usual names of time and volume columns, ISO text or epoch seconds,
    milli-, micro- or nanoseconds, time zones: all become a naive UTC DatetimeIndex and lower-case
    names.

    Parameters
    ----------
    frame : DataFrame
    coerce : bool
        Leave NaT for values that are not times; `repair_bars` drops and reports them.
    report : list, optional
        Receives one line for each assumption.

    Raises
    ------
    BarsError
        If there is no time column, or its values are not times or have two readings.

    Examples
    --------
    >>> day = {"Date": ["2024-01-31"], "Open": [1], "High": [2], "Low": [1], "Close": [2]}
    >>> tidy_bars(pd.DataFrame({**day, "Adj Close": [2], "Volume": [5]})).close
    datetime
    2024-01-31    2
    Name: close, dtype: int64
    """
    assumed: list[str] = []
    frame = _one_level(frame)
    frame.columns = pd.Index([plain_name(name) for name in frame.columns])
    refuse_duplicates(frame.columns)
    for name in SYMBOL_COLUMNS:
        if name in frame.columns:
            refuse_symbols(name, list(frame[name].dropna().unique()))
    frame = renamed(frame, assumed)
    frame = index_by_time(frame, coerce=coerce, assumed=assumed)
    if report is not None:
        report += assumed
    return frame


def _one_level(frame: pd.DataFrame) -> pd.DataFrame:
    """Flatten Yahoo's (field, symbol) columns; refuse several symbols."""
    frame = frame.copy(deep=False)
    if not isinstance(frame.columns, pd.MultiIndex):
        return frame
    levels = frame.columns.nlevels
    field = max(
        range(levels),
        key=lambda i: sum(plain_name(v) in COLUMNS for v in frame.columns.get_level_values(i)),
    )
    names = frame.columns.get_level_values(field)
    if names.duplicated().any():
        symbols = frame.columns.droplevel(field).unique()
        raise BarsError(
            f"the columns hold several symbols ({', '.join(map(str, symbols))}); give one at a "
            f"time, e.g. frame.xs({symbols[0]!r}, axis=1, level={1 - field})"
        )
    return frame.set_axis(names, axis="columns")
