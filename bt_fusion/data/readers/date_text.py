"""Stamps written as text: ISO, or the one other way of writing dates that fits the column."""

import re

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = ["stamps_of_text"]

BLOCK = 100_000  # rows parsed at once: pandas makes Python objects of them
SAMPLE = 1_000  # rows among which one that is readable must be
# How dates look, and what their parts may be; of several ways one must be the only one that fits
DATES = (
    (r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", ("Ymd",)),
    (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", ("mdY", "dmY")),
    (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})(?!\d)", ("mdy", "dmy", "ymd")),
    (r"(\d{4})(\d{2})(\d{2})(?!\d)", ("Ymd",)),
    (r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4})", ("dbY", "dBY")),
    (r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{2})(?!\d)", ("dby", "dBy")),
    (r"([A-Za-z]{3,9})[-/., ]+(\d{1,2})[-/., ]+(\d{4})", ("bdY", "BdY")),
    (r"([A-Za-z]{3,9})[-/., ]+(\d{4})[-/., ]+(\d{1,2})(?!\d)", ("bYd", "BYd")),
    (r"(\d{4})[-/. ]([A-Za-z]{3,9})[-/. ](\d{1,2})(?!\d)", ("Ybd", "YBd")),
)
TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%I-%p", "%H%M", "%H%M%S")
READINGS = {
    **{"mdY": "month/day", "dmY": "day/month"},
    **{"mdy": "month/day/year", "dmy": "day/month/year", "ymd": "year/month/day"},
}
WEEKDAY = r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+"
UTC = r"\s*(?:GMT|UTC|Z)?\s*(?:([+-]\d{2}:?\d{2}))?$"
ABBREVIATION = re.compile(r"\d\s?((?!AM|PM|UTC|GMT)[A-Z]{2,4})$")


def stamps_of_text(values: pd.Series, assumed: list[str]) -> pd.Series:
    """Return UTC stamps of text; without a zone it is taken as UTC.

    Parameters
    ----------
    values : Series of str
    assumed : list of str
        Receives a line where dates with dots are taken as day.month.year.

    Raises
    ------
    BarsError
        Where two ways of reading dates fit as well, with both readings of a row; and for
        abbreviations of zones, which have several meanings.
    """
    iso = _blockwise(values, "ISO8601")
    wrong = np.isnat(iso) & values.notna().to_numpy()
    if not wrong.any():
        return _utc(iso)
    dates, orders = _way_of(values, wrong)
    if dates is None:
        return _utc(iso)
    readings = {order: _read(values, dates, order) for order in orders}
    missing = {order: int(np.isnat(stamps).sum()) for order, stamps in readings.items()}
    fewest = min(missing.values())
    if fewest >= np.isnat(iso).sum():
        return _utc(iso)
    best = [order for order in orders if missing[order] == fewest]
    if len(best) > 1 and best[0] in READINGS:
        best = _one_reading(values, {order: readings[order] for order in best}, assumed)
    return _utc(readings[best[0]])


def _one_reading(
    values: pd.Series, readings: dict[str, np.ndarray], assumed: list[str]
) -> list[str]:
    """Return the order of the parts of dates, where several fit: only dots say which it is."""
    orders = list(readings)
    stamps = np.array(list(readings.values()))
    rows = np.flatnonzero((stamps != stamps[0]).any(axis=0) & ~np.isnat(stamps[0]))
    if not len(rows):
        return orders
    text = str(values.iloc[rows[0]])
    if "dmY" in orders and re.match(r"\d+\.\d+\.", text):
        assumed.append(
            f"dates with dots are day.month.year ({text} is {_day(readings['dmY'], rows)})"
        )
        return ["dmY"]
    names = " or ".join(READINGS[order] for order in reversed(orders))
    days = " or ".join(str(_day(readings[order], rows)) for order in reversed(orders))
    raise BarsError(
        f"column {values.name} may be {names}: {text!r} in row {rows[0]} is {days}, and no row "
        "tells which; write ISO dates, 2024-01-31"
    )


def _day(stamps: np.ndarray, rows: np.ndarray) -> np.datetime64:
    return stamps[rows[0]].astype("datetime64[D]")


def _way_of(values: pd.Series, wrong: np.ndarray) -> tuple[str | None, tuple[str, ...]]:
    """Return the pattern of the first row that begins with a date, and orders of its parts."""
    for row in np.flatnonzero(wrong)[:SAMPLE]:
        text = re.sub(WEEKDAY, "", str(values.iloc[row]).strip())
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


def _read(values: pd.Series, pattern: str, order: str) -> np.ndarray:
    """Parse a column by one order of the parts of its dates, each time as one of `TIMES`."""
    date = " ".join(f"%{part}" for part in order)
    found = np.full(len(values), "NaT", dtype="datetime64[us]")
    for start in range(0, len(values), BLOCK):
        text, zoned = _parts(values.iloc[start : start + BLOCK], pattern)
        part = found[start : start + BLOCK]
        for time in ("", *TIMES):
            for zone, rows in (("", ~zoned), (" %z", zoned)):
                rows = rows & np.isnat(part)
                if rows.any():
                    form = " ".join(filter(None, (date, time))) + zone
                    part[rows] = _stamps(text[rows], form)
    return found


def _parts(values: pd.Series, pattern: str) -> tuple[pd.Series, np.ndarray]:
    """Return `part part part time zone`, apart by single spaces, and which rows have a zone."""
    text = values.astype("string").str.strip().str.replace(WEEKDAY, "", regex=True)
    text = text.str.replace(r"\s*\([^)]*\)$", "", regex=True)  # JavaScript's name of a zone
    groups = text.str.extract(f"^{pattern}[T,\\s]*(.*)$")
    clock = groups[3].str.replace(UTC, r" \1", regex=True).str.strip()
    clock = clock.str.replace(r"\s*([AaPp][Mm])$", r" \1", regex=True)
    clock = clock.str.replace(r"- ([AP]M)$", r"-\1", regex=True)
    joined = groups[0] + " " + groups[1] + " " + groups[2] + " " + clock
    zoned = clock.str.contains(r"[+-]\d{2}:?\d{2}$").fillna(False).to_numpy(bool)
    return joined.str.strip(), zoned


def _stamps(text: pd.Series, form: str) -> np.ndarray:
    stamps = pd.to_datetime(text, utc=True, format=form, errors="coerce")
    return stamps.dt.tz_localize(None).to_numpy("datetime64[us]")


def _blockwise(values: pd.Series, form: str) -> np.ndarray:
    blocks = [
        _stamps(values.iloc[start : start + BLOCK], form) for start in range(0, len(values), BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.array([], "datetime64[us]")


def _utc(stamps: np.ndarray) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(stamps).tz_localize("UTC"))
