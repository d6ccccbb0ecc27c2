"""Numbers as text: decimal commas, thousands separators, currency signs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = ["NumberForm", "number_form"]

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WRITTEN = re.compile(r"([$€£])?\s?([+-]?\d[\d.,' \u00a0\u202f]*)([KMB])?")
GROUPS = {",", ".", "'", " ", "\u00a0", "\u202f"}
TIMES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9}


@dataclass(frozen=True)
class NumberForm:
    """How a file writes 1234.5.

    Attributes
    ----------
    decimal : str
        Before the fraction.
    thousands : str
        Between groups of three digits; empty for none.
    """

    decimal: str = "."
    thousands: str = ""

    def numbers(self, text: pd.Series) -> pd.Series:
        """Return float64; or objects that keep the text if it is not a number of this form."""
        group, point = re.escape(self.thousands), re.escape(self.decimal)
        whole = rf"\d+|\d{{1,3}}(?:{group}\d{{3}})+" if group else r"\d+"
        form = rf"^\s*[$€£]?\s?([+-]?(?:{whole}))(?:{point}(\d*))?([eE][+-]?\d+)?([KMB])?\s*$"
        parts = text.astype("string").str.extract(form)
        integer = parts[0].str.replace(self.thousands, "", regex=False) if group else parts[0]
        joined = integer + "." + parts[1].fillna("").replace("", "0") + parts[2].fillna("")
        values = pd.to_numeric(joined, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        values *= parts[3].fillna("").map(TIMES).to_numpy(np.float64)
        if (np.isnan(values) & text.notna().to_numpy()).any():
            # Marked, so that 1.234 is not read as a number if this form has decimal commas
            rest = text.astype(object) + f", but {self}"
            return rest.where(np.isnan(values), values)
        return pd.Series(values, index=text.index)

    def __str__(self) -> str:
        whole = f"1{self.thousands}234" if self.thousands else "1234"
        return f"numbers are written as {whole}{self.decimal}5"


def number_form(cells: Iterable[str], assumed: list[str]) -> NumberForm | None:
    """Return how a file writes numbers, None if always as 1234.5.

    Parameters
    ----------
    cells : iterable of str
        Prices and volumes of its first rows.
    assumed : list of str
        Receives a line for any other form.

    Raises
    ------
    BarsError
        If most cells look like 1,234, which may be 1234 or 1.234.
    """
    cells = [cell.strip() for cell in cells if cell.strip()]
    written = [found for cell in cells if not PLAIN.fullmatch(cell) and (found := _found(cell))]
    if not written:
        return None
    points = {point for each in written for point in _points(each[2])}
    points |= {
        "." for cell in cells if PLAIN.fullmatch(cell) and "." in cell and not _grouped(cell)
    }
    groups = {group for each in written for group in _groups(each[2])} - points
    if not points | groups:
        _refuse_ambiguous(cells)
        return None
    if any(_grouped(cell, ",") for cell in cells) and "." in points:
        groups |= {","}
    if len(points) > 1 or len(groups) > 1:
        return None  # every cell that does not fit is named
    point = "".join(points) or ("," if "." in groups else ".")
    form = NumberForm(point, "".join(groups))
    if form != NumberForm():
        assumed.append(str(form))
    signs = [each[0] for each in written if each[1] or each[3]]
    if signs:
        assumed.append(f"signs of currencies and K, M, B for 10^3, 10^6, 10^9 (as in {signs[0]})")
    return form


def _found(cell: str) -> re.Match[str] | None:
    return WRITTEN.fullmatch(cell)


def _marks(number: str) -> str:
    """Return the characters between digits, in order."""
    return re.sub(r"[\d+-]", "", number)


def _points(number: str) -> set[str]:
    """Return the certain decimal mark; empty if uncertain."""
    marks = _marks(number)
    if not marks or marks[-1] not in ",.":
        return set()
    whole, _, fraction = number.rpartition(marks[-1])
    if marks.count(marks[-1]) > 1 or (len(marks) == 1 and _grouped(number, ",")):
        return set()
    return {marks[-1]} if fraction.isdigit() and whole else set()


def _groups(number: str) -> set[str]:
    """Return the certain thousands separator."""
    marks = _marks(number)
    certain = len(marks) > 1 or (marks and marks not in ",.")
    point = _points(number)
    return {mark for mark in marks if mark in GROUPS} - point if certain else set()


def _grouped(cell: str, mark: str = ".") -> bool:
    """Return whether a cell may be 1234 with a thousands separator, as well as 1.234.

    >>> _grouped("1,234", ","), _grouped("12,5", ","), _grouped("0,123", ",")
    (True, False, False)
    """
    return (
        re.fullmatch(rf"[$€£]?[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}[KMB]?", cell) is not None
    )


def _refuse_ambiguous(cells: list[str]) -> None:
    unclear = [cell for cell in cells if _grouped(cell, ",")]
    if unclear and 2 * len(unclear) >= len(cells):
        one = unclear[0]
        raise BarsError(
            f"numbers such as {one!r} may be {one.replace(',', '')} (thousands) or "
            f"{one.replace(',', '.')} (decimal comma); write numbers as 1234.5"
        )
