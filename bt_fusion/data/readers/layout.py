"""The layout of a CSV, from its first lines: separator, column names, form of numbers."""

import csv
import re
from dataclasses import dataclass

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.readers.headerless import headerless_names
from bt_fusion.data.readers.levels import levels
from bt_fusion.data.readers.names import (
    CLOSES,
    TIME_COLUMNS,
    is_known,
    plain_name,
    refuse_duplicates,
)
from bt_fusion.data.readers.number_text import NumberForm, number_form
from bt_fusion.data.readers.stamps.clocks import is_clock, is_day
from bt_fusion.data.readers.volumes import VOLUME_NAMES
from bt_fusion.errors import BarsError

__all__ = ["Layout", "layout_of", "long_row"]

SEPARATORS = ";\t|,"
NUMBERS = (*COLUMNS, *CLOSES, *"ohlcv")
SEARCHED = 20  # lines in which a header must begin
FEWEST = 5  # columns of a row
HTML = re.compile(r"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How to read a CSV.

    Attributes
    ----------
    separator : str
    names : tuple of str
        Plain names; those past `width` belong to unnamed columns, which must be empty.
    width : int
    skipped : int
        Lines before the first row.
    form : NumberForm or None
        The form of numbers, None for 1234.5.
    """

    separator: str
    names: tuple[str, ...]
    width: int
    skipped: int
    form: NumberForm | None

    @property
    def texts(self) -> list[str]:
        """The columns to read as text, for leading zeros of dates and other forms of numbers."""
        texts = [name for name in ("date", "time") if {"date", "time"} <= set(self.names)]
        return texts + (self.numbers if self.form else [])

    @property
    def numbers(self) -> list[str]:
        """The columns that hold prices or volumes."""
        return [name for name in self.names if is_number(name)]


def is_number(name: str) -> bool:
    """Return whether the column of that plain name holds numbers."""
    return name in NUMBERS or VOLUME_NAMES.fullmatch(name) is not None


def layout_of(head: str, assumed: list[str]) -> Layout:
    """Return the layout of the CSV that begins with these lines.

    Parameters
    ----------
    head : str
        Complete lines.
    assumed : list of str
        Receives a line for each assumption beyond the file.

    Raises
    ------
    BarsError
        If it is not a table, columns are missing or repeated, there are several symbols, or the
        meaning of rows or numbers is ambiguous.
    """
    lines = [
        (number, line)
        for number, line in enumerate(re.split("\r\n|\n|\r", head), 1)
        if line.strip()
    ]
    _refuse_other_text(lines[0][1])
    lines = _from_first(lines, assumed)
    separator = separator_of(lines[0][1])
    numbers = [number for number, _ in lines]
    rows = [next(csv.reader([line], delimiter=separator)) for _, line in lines]
    if _is_stamp(rows[0][0]):
        names, first = headerless_names(rows, assumed), 0
    else:
        names, first = levels(rows) or ([plain_name(name) for name in rows[0]], 1)
    data = [[cell.strip() for cell in row] for row in rows[first:]]
    skipped = numbers[first] - 1 if data else numbers[-1]
    names, width = _as_wide(names, data, numbers[first:], separator, assumed)
    refuse_duplicates(names)
    names = _unlike(names)
    places = [place for place, name in enumerate(names) if is_number(name)]
    cells = (row[place] for row in data for place in places if place < len(row))
    return Layout(separator, tuple(names), width, skipped, number_form(cells, assumed))


def separator_of(line: str) -> str:
    """Return the separator of a line; dates and numbers may also contain commas.

    >>> separator_of("Oct 14, 2023;1,5;1,6;1,4;1,5;9,0"), separator_of("a,b;c,d")
    (';', ',')
    """
    certain = [each for each in SEPARATORS if line.count(each) >= FEWEST - 1]
    return certain[0] if certain else max(SEPARATORS, key=line.count)


def long_row(number: int, row: list[str], width: int, separator: str) -> BarsError:
    """Return the error for a row with more values than columns."""
    return BarsError(
        f"line {number} has {len(row)} values for {width} columns "
        f"({separator.join(row)[:60]}); write numbers as 1234.5, without decimal commas "
        "and thousands separators, or name every column"
    )


def _is_stamp(cell: str) -> bool:
    """Return whether a cell belongs to a row, not to a header."""
    return cell.strip()[:1].isdigit() or is_day(cell)


def _refuse_other_text(line: str) -> None:
    start = line.strip()[:60]
    if HTML.match(start):
        raise BarsError(f"a web page, not a table ({start}); download the file itself")
    if start[0] in "{[":
        raise BarsError(
            f"JSON, not a table ({start}); where it is a list of candles call it .json, else it "
            "may be an error of the server: download it again"
        )


def _from_first(lines: list[tuple[int, str]], assumed: list[str]) -> list[tuple[int, str]]:
    """Drop everything before the header or the first row: addresses, titles, comments."""
    for place, (_, line) in enumerate(lines[:SEARCHED]):
        separator = separator_of(line)
        row = next(csv.reader([line], delimiter=separator))
        names = [plain_name(cell) for cell in row]
        known = sum(is_known(name) for name in names) >= 3
        digits = sum(cell.strip()[:1].isdigit() for cell in row[1:]) >= FEWEST - 1
        if len(row) >= FEWEST and (known or (digits and _is_stamp(row[0]))):
            if not known:  # an equally wide line before it is a header of unknown names
                wide = [p for p in range(place) if lines[p][1].count(separator) >= FEWEST - 1]
                place = wide[-1] if wide else place
            if place:
                ticker = place == 1 and plain_name(lines[0][1].split(separator)[0]) == "ticker"
                if ticker:  # Yahoo's symbols above the header
                    return lines
                shown = lines[0][1].strip()[:40]
                assumed.append(f"{place} line(s) before the table are not read ({shown})")
            return lines[place:]
    return lines


def _as_wide(
    names: list[str],
    data: list[list[str]],
    numbers: list[int],
    separator: str,
    assumed: list[str],
) -> tuple[list[str], int]:
    """Return names for all columns of the first row, and the number of named ones."""
    width = len(names)
    first = data[0] if data else []
    if len(first) <= width:
        return names, width
    if not any(first[width:]):
        return [*names, *(f"unnamed {place}" for place in range(width, len(first)))], width
    missing = _left_out(names, data)
    if missing is None:
        raise long_row(numbers[0], first, width, separator)
    place, name = missing
    names = [*names[:place], name, *names[place:]] if place == 0 else ["date", name, *names[1:]]
    assumed.append(f"the header is one name short: column {place + 1} is taken as {name}")
    more = [f"unnamed {place}" for place in range(len(names), len(first))]
    return [*names, *more], len(names)


def _left_out(names: list[str], data: list[list[str]]) -> tuple[int, str] | None:
    """Return (place, name) of the one column that the header lacks, if certain."""
    width = len(names) + 1
    if any(len(row) < width or any(row[width:]) for row in data):
        return None
    timed = [name for name in names if name in TIME_COLUMNS]
    if not timed and all(is_day(row[0]) for row in data):
        return 0, "date"
    clocks = all(is_day(row[0]) and is_clock(row[1]) for row in data)
    if names[0] in TIME_COLUMNS and "time" not in names[1:] and clocks:
        return 1, "time"
    return None


def _unlike(names: list[str]) -> list[str]:
    """Return the names; those of columns that bars do not need are made unique."""
    found: list[str] = []
    for place, name in enumerate(names):
        found.append(f"{name or 'unnamed'}: {place}" if name in found or not name else name)
    return found
