"""The column names that exchanges, platforms and vendors use."""

from collections.abc import Hashable, Iterable, Sequence

import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.readers.volumes import VOLUME_NAMES, volume_name
from bt_fusion.errors import BarsError

__all__ = [
    "ADJUSTED",
    "CLOSES",
    "SYMBOL_COLUMNS",
    "TIME_COLUMNS",
    "is_known",
    "plain_name",
    "refuse_duplicates",
    "refuse_symbols",
    "renamed",
]

TIME_COLUMNS = (
    "open_time",
    "open time",
    "opentime",
    "datetime",
    "date",
    "timestamp",
    "time",
    "unix",
    "unix timestamp",
    "gmt time",
    "local time",
    "time (utc)",
    "date time",
    "date/time",
    "date_time",
    "start_time",
    "starttime",
    "start_at",
    "window_start",
    "time_period_start",
    "ts_event",
    "ts",
    "index",
    "unnamed: 0",
)
SYMBOL_COLUMNS = ("symbol", "ticker", "tic", "instrument_name", "instrument", "pair")
CLOSES = ("last", "close/last", "price")  # if no column is called close
LETTERS = {"t": "time", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
ADJUSTED = ("adj close", "adj_close", "adjusted_close", "adjusted close", "adjclose")
SHOWN = 4  # symbols named in an error


def plain_name(name: Hashable) -> str:
    """Return a column's name in lower case, without brackets, quotes and other marks.

    >>> plain_name(" <OPEN>"), plain_name("# Date"), plain_name("Close*")
    ('open', 'date', 'close')
    """
    return str(name).strip().strip("<>\"'#*\ufeff ").lower()


def is_known(name: str) -> bool:
    """Return whether bars may need the column of that plain name."""
    return (
        name in COLUMNS
        or name in TIME_COLUMNS
        or name in SYMBOL_COLUMNS
        or name in CLOSES
        or name in LETTERS
        or VOLUME_NAMES.fullmatch(name) is not None
    )


def renamed(frame: pd.DataFrame, assumed: list[str]) -> pd.DataFrame:
    """Return the frame (plain column names) with columns named open, high, low, close, volume.

    Parameters
    ----------
    frame : DataFrame
    assumed : list of str
        Receives a line for each column used in place of another.
    """
    names = [str(name) for name in frame.columns]
    taken: dict[str, str] = {}
    if set("ohlc") <= set(names):
        taken = {name: LETTERS[name] for name in names if LETTERS.get(name, name) not in names}
    if "close" not in names and {"open", "high", "low"} <= set(names):
        closes = [name for name in CLOSES if name in names][:1]
        taken |= dict.fromkeys(closes, "close")
    volume = None if "volume" in (*names, *taken.values()) else volume_name(frame, assumed)
    taken |= {} if volume is None else {volume: "volume"}
    assumed += [f"column {name} is the {column}" for name, column in taken.items()]
    if "close" in names:
        beside = [name for name in ADJUSTED if name in names][:1]
        assumed += [f"prices are as traded: column {name} is not used" for name in beside]
    return frame.rename(columns=taken)


def refuse_duplicates(names: Iterable[str]) -> None:
    """Raise BarsError if a column of bars appears twice."""
    names = list(names)
    for name in (*COLUMNS, *TIME_COLUMNS):
        if names.count(name) > 1:
            raise BarsError(f"{names.count(name)} columns are called {name!r}; keep one")


def refuse_symbols(name: str, symbols: Sequence[object]) -> None:
    """Raise BarsError if a column names several symbols."""
    if len(symbols) > 1:
        shown = ", ".join(map(str, symbols[:SHOWN]))
        more = f" and {len(symbols) - SHOWN} more" if len(symbols) > SHOWN else ""
        raise BarsError(
            f"column {name} holds several symbols ({shown}{more}); write one file for each, or "
            "remove the column where it is one series"
        )
