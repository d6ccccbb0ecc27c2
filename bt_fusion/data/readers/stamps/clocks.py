"""Recognise days and clock times in the cells of a table."""

import re

__all__ = ["is_clock", "is_day"]

MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
DAY = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)|(19|20|21)\d{6}(?!\d)"
    rf"|\d{{1,4}}[- /.]{MONTH}\b|{MONTH}[- /.]+\d{{1,4}}(?!\d)"
)
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[APap][Mm])?")


def is_day(cell: str) -> bool:
    """Return whether a cell begins with a date.

    >>> [is_day(cell) for cell in ("2024-01-31 00:00", "20240131", "Jan 31, 2024", "1704067200")]
    [True, True, True, False]
    """
    return DAY.match(cell.strip()) is not None


def is_clock(cell: str) -> bool:
    """Return whether a cell is a clock time.

    >>> is_clock("09:30"), is_clock("9:30:00 PM"), is_clock("1.25")
    (True, True, False)
    """
    return CLOCK.fullmatch(cell.strip()) is not None
