"""Stamps as text: ISO, or the one other date format that fits the column."""

import re

import numpy as np
import pandas as pd

from bt_fusion.data.readers.stamps.date_parts import BLOCK, DateParts, without_weekday
from bt_fusion.errors import BarsError

__all__ = ["stamps_of_text"]

SAMPLE = 1_000  # rows among which at least one must be readable
# Date patterns and possible orders of their parts; exactly one must fit
DATES = (
    (r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", ("Ymd",)),
    (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)", ("mdY", "dmY")),
    (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})(?!\d)", ("mdy", "dmy", "ymd")),
    (r"(\d{4})(\d{2})(\d{2})(?!\d)", ("Ymd",)),
    (r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4})(?!\d)", ("dmY",)),
    (r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{2})(?!\d)", ("dmy",)),
    (r"([A-Za-z]{3,9})[-/., ]+(\d{1,2})[-/., ]+(\d{4})(?!\d)", ("mdY",)),
    (r"([A-Za-z]{3,9})[-/., ]+(\d{4})[-/., ]+(\d{1,2})(?!\d)", ("mYd",)),
    (r"(\d{4})[-/. ]([A-Za-z]{3,9})[-/. ](\d{1,2})(?!\d)", ("Ymd",)),
)
READINGS = {
    **{"mdY": "month/day", "dmY": "day/month"},
    **{"mdy": "month/day/year", "dmy": "day/month/year", "ymd": "year/month/day"},
}
ABBREVIATION = re.compile(r"\d\s?((?!AM|PM|UTC|GMT)[A-Z]{2,4})$")


def stamps_of_text(values: pd.Series, assumed: list[str]) -> pd.Series:
    """Return UTC stamps of text; without a zone, UTC is assumed.

    Parameters
    ----------
    values : Series of str
    assumed : list of str
        Receives a line if dates with dots are read as day.month.year.

    Raises
    ------
    BarsError
        If two readings of the dates fit equally, with both readings of a row; and for zone
        abbreviations, which have several meanings.
    """
    iso = _iso(values)
    wrong = np.isnat(iso) & values.notna().to_numpy()
    pattern, orders = _date_pattern(values, wrong)
    if pattern is None:
        return _utc(iso)
    parts = DateParts.of(values, pattern)
    readings = {order: parts.stamps(order) for order in orders}
    missing = {order: int(np.isnat(stamps).sum()) for order, stamps in readings.items()}
    fewest = min(missing.values())
    if fewest >= np.isnat(iso).sum():
        return _utc(iso)
    best = {order: readings[order] for order in orders if missing[order] == fewest}
    return _utc(readings[_one_reading(values, best, assumed)])


def _one_reading(values: pd.Series, readings: dict[str, np.ndarray], assumed: list[str]) -> str:
    """Return the order of the date parts if several fit; only dots decide it."""
    orders = list(readings)
    stamps = np.array(list(readings.values()))
    rows = np.flatnonzero((stamps != stamps[0]).any(axis=0) & ~np.isnat(stamps).any(axis=0))
    if not len(rows):
        return orders[0]
    text = str(values.iloc[rows[0]])
    if "dmY" in orders and re.match(r"\d+\.\d+\.", text):
        day = _day(readings["dmY"], rows)
        assumed.append(f"dates with dots are day.month.year ({text} is {day})")
        return "dmY"
    names = " or ".join(READINGS[order] for order in reversed(orders))
    days = " or ".join(str(_day(readings[order], rows)) for order in reversed(orders))
    raise BarsError(
        f"column {values.name} may be {names}: {text!r} in row {rows[0]} is {days}, and no row "
        "tells which; write ISO dates, 2024-01-31"
    )


def _day(stamps: np.ndarray, rows: np.ndarray) -> np.datetime64:
    return stamps[rows[0]].astype("datetime64[D]")


def _date_pattern(values: pd.Series, wrong: np.ndarray) -> tuple[str | None, tuple[str, ...]]:
    """Return the pattern of the first row that begins with a date, and its possible orders."""
    for row in np.flatnonzero(wrong)[:SAMPLE]:
        text = without_weekday(str(values.iloc[row]).strip())
        for pattern, orders in DATES:
            if re.match(pattern, text):
                zone = ABBREVIATION.search(text)
                if zone and not re.search(pattern + "$", text):
                    raise BarsError(
                        f"column {values.name} names the time zone {zone[1]} in row {row} "
                        f"({text!r}), which has several meanings; write ISO stamps with an "
                        "offset, 2024-01-31T09:30-05:00"
                    )
                return pattern, orders
    return None, ()


def _iso(values: pd.Series) -> np.ndarray:
    blocks = [np.array([], "datetime64[us]")]
    for start in range(0, len(values), BLOCK):
        block = values.iloc[start : start + BLOCK]
        stamps = pd.to_datetime(block, utc=True, format="ISO8601", errors="coerce")
        blocks.append(stamps.dt.tz_localize(None).to_numpy("datetime64[us]"))
    return np.concatenate(blocks)


def _utc(stamps: np.ndarray) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(stamps).tz_localize("UTC"))
