"""Headers of two and three lines, as from yfinance: fields, symbols, the index's name."""

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.readers.names import TIME_COLUMNS, plain_name, refuse_duplicates
from bt_fusion.errors import BarsError

__all__ = ["levels"]

CERTAIN = ("price", "ticker", "attributes", "symbols")
FIRST = (*CERTAIN, "", "date", "datetime")


def levels(rows: list[list[str]]) -> tuple[list[str], int] | None:
    """Return (plain names, header lines) of a header over several lines, None for others.

    Raises
    ------
    BarsError
        For several symbols.
    """
    if len(rows) < 2 or any(plain_name(row[0]) not in FIRST for row in rows[:2]):
        return None
    names = [[plain_name(cell) for cell in row] for row in rows[:2]]
    fields = max(names, key=lambda row: sum(name in COLUMNS for name in row))
    other = rows[1 - names.index(fields)][1:]
    symbols = list(dict.fromkeys(cell.strip() for cell in other if cell.strip()))
    named = len(rows) > 2 and plain_name(rows[2][0]) in TIME_COLUMNS and not any(rows[2][1:])
    certain = named or any(name in CERTAIN for name in (names[0][0], names[1][0]))
    if not symbols or not certain or sum(name in COLUMNS for name in fields) < len(COLUMNS) - 1:
        return None
    if len(symbols) > 1:
        raise BarsError(
            f"the columns hold several symbols ({', '.join(symbols)}); write one file for each"
        )
    refuse_duplicates(fields[1:])
    lines, index = 2, plain_name(rows[0][0])
    if named:
        lines, index = 3, plain_name(rows[2][0])
    return [index if index in TIME_COLUMNS else "date", *fields[1:]], lines
