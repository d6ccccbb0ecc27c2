"""Tables without a header: the meaning of the columns, and known other orders."""

import re

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.readers.stamps.clocks import is_clock, is_day
from bt_fusion.errors import BarsError

__all__ = ["KLINE_COLUMNS", "headerless_names", "refuse_other_order"]

KLINE_COLUMNS = ("open_time", *COLUMNS)  # an exchange's kline dump begins with these six
PLACES = ("open", "high", "low", "close")
ORDERS = {  # of a row after its stamp, by the writer
    ("low", "high", "open", "close", "volume"): "Coinbase",
    ("open", "close", "high", "low", "volume"): "Bitfinex, KuCoin",
    ("volume", "close", "high", "low", "open"): "Gate.io",
}
FEWEST = 3  # rows that must all fit the other order
METATRADER = re.compile(r"\d{4}\.\d{2}\.\d{2}")


def headerless_names(rows: list[list[str]], assumed: list[str]) -> list[str]:
    """Return names for the columns of rows without a header.

    Parameters
    ----------
    rows : list of list of str
        The first rows.
    assumed : list of str
        Receives a line on the assumed meaning of the columns.

    Raises
    ------
    BarsError
        For too few columns, and for an order other than open, high, low, close, volume.
    """
    first = [cell.strip() for cell in rows[0]]
    while first and not first[-1]:
        first.pop()
    two_columns = (
        len(first) > 1 and is_day(first[0]) and (is_clock(first[1]) or _clock_digits(rows))
    )
    names = ["date", "time", *COLUMNS] if two_columns else [*KLINE_COLUMNS]
    if len(first) < len(names):
        raise BarsError(
            f"no header and {len(first)} column(s); a kline dump has at least "
            f"{len(names)}: {', '.join(names)}. Add a header line"
        )
    refuse_other_order(_table(rows, len(names) - len(COLUMNS), len(first)))
    server = METATRADER.match(first[0])
    zone = "; stamps of MetaTrader are its server's and taken as UTC" if server else ""
    assumed.append(f"no header: columns are taken as {', '.join(names)}{zone}")
    return [*names, *(f"column {place}" for place in range(len(names), len(first)))]


def refuse_other_order(table: np.ndarray) -> None:
    """Raise BarsError if rows fit another column order but not the usual one.

    Parameters
    ----------
    table : ndarray of float64, shape (n_rows, 5 or more)
        The values after the stamp: open, high, low, close, volume and further columns.
    """
    if len(table) < FEWEST or np.isnan(table[:, :5]).any():
        return
    if not _fits(table, COLUMNS):
        for order, writers in ORDERS.items():
            if _fits(table, order):
                raise BarsError(
                    f"the columns look like time, {', '.join(order)} ({writers}), not like "
                    f"time, {', '.join(COLUMNS)}; add a header line that says so"
                )
        return
    between = (table[:, 4] >= table[:, 2]) & (table[:, 4] <= table[:, 1])
    wide = (table[:, 1] > table[:, 2]).mean() > 0.5
    if table.shape[1] > 5 and wide and between.all():
        raise BarsError(
            "the sixth column lies between low and high in every row, as an average price does, "
            "and not a volume; add a header line that names the columns"
        )


def _fits(table: np.ndarray, order: tuple[str, ...]) -> bool:
    """Return whether all prices lie within low..high in this column order."""
    open_, high, low, close = (table[:, order.index(name)] for name in PLACES)
    above, below = np.maximum(open_, close), np.minimum(open_, close)
    return bool((high >= above).all() and (low <= below).all())


def _clock_digits(rows: list[list[str]]) -> bool:
    """Return whether the second cells are times such as 093000: prices have no leading zero."""
    times = [row[1].strip() for row in rows if len(row) >= 7]
    clocks = all(re.fullmatch(r"[0-2]\d[0-5]\d[0-5]\d", time) for time in times)
    return bool(times) and clocks and any(time[0] == "0" for time in times)


def _table(rows: list[list[str]], first: int, width: int) -> np.ndarray:
    whole = [row[first:width] for row in rows if len(row) >= width]
    return np.array([[_number(cell) for cell in row] for row in whole]).reshape(len(whole), -1)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan
