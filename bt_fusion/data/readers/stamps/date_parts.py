"""Dates as text, split into numbers that can be read in any order of day, month and year."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["BLOCK", "DateParts", "without_weekday"]

BLOCK = 100_000  # rows split at once: pandas makes Python objects of them
WEEKDAY = r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+"
# 9:30, 09:30:00.000, 9:30 PM, 09-PM (CryptoDataDownload), 0930, 093000; then the zone
CLOCK = re.compile(
    r"(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"|(\d{1,2})(?=\s?-?[AP]M)|(\d{2})(\d{2})(\d{2})?)"
    r"(?:[\s-]*([AP])M)?"
    r"\s*(?:GMT|UTC|Z)?\s*(?:([+-])(\d{2}):?(\d{2}))?(?:\s*\([^)]*\))?",
    re.IGNORECASE,
)
FULL = "january february march april may june july august september october november december"
MONTHS = {name: number for number, name in enumerate(FULL.split(), 1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
PIVOT = 69  # two-digit years from here on are of the 1900s, as in POSIX
NONE = np.timedelta64("NaT", "us")
YEARS = (1678, 2261)  # the range of nanoseconds


@dataclass(frozen=True, eq=False)
class DateParts:
    """The parts of a column of dates.

    Attributes
    ----------
    parts : ndarray of int16, shape (3, n_rows)
        In the order of the text, month names as numbers; 0 if a row is not a date.
    clock : ndarray of timedelta64[us], shape (n_rows,)
        UTC from midnight of the date, NaT if it is not a clock time.
    """

    parts: np.ndarray
    clock: np.ndarray

    @classmethod
    def of(cls, values: pd.Series, pattern: str) -> "DateParts":
        """Split a column by a pattern of three groups that matches the start of its texts."""
        whole = re.compile(pattern + r"[T,\s]*(.*)$", re.DOTALL)
        parts = np.zeros((3, len(values)), dtype=np.int16)
        clock = np.full(len(values), NONE)
        for start in range(0, len(values), BLOCK):
            block = slice(start, start + BLOCK)
            texts = values.iloc[block].to_numpy(dtype=object, na_value="")
            parts[:, block], clock[block] = _split_dates([str(text) for text in texts], whole)
        return cls(parts, clock)

    def stamps(self, order: str) -> np.ndarray:
        """Return datetime64[us], NaT for days that do not exist.

        Parameters
        ----------
        order : str
            The order of the parts: of Y (four digits), y (two), m and d, such as ``dmY``.
        """
        day, month = (self.parts[order.index(letter)].astype(int) for letter in "dm")
        year = self.parts[order.lower().index("y")].astype(int)
        if "y" in order:
            year = year + np.where(year < PIVOT, 2000, 1900)
        valid = (month >= 1) & (month <= 12) & (year >= YEARS[0]) & (year <= YEARS[1])
        months = (np.where(valid, year, 1970) - 1970) * 12 + np.where(valid, month, 1) - 1
        first = months.astype("datetime64[M]").astype("datetime64[D]")
        days = (months + 1).astype("datetime64[M]").astype("datetime64[D]") - first
        valid &= (day >= 1) & (day <= days.astype(np.int64))
        stamps = (first + (day - 1).astype("timedelta64[D]")).astype("datetime64[us]") + self.clock
        stamps[~valid] = "NaT"
        return stamps


def without_weekday(text: str) -> str:
    """Return a date without the weekday name.

    >>> without_weekday("Wed, 31 Jan 2024")
    '31 Jan 2024'
    """
    return re.sub(WEEKDAY, "", text) if text[:1].isalpha() else text


def _split_dates(texts: list[str], whole: re.Pattern[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of dates, shape (3, n_rows), and the clock times."""
    day_codes, clock_codes, days, clocks = _halves(texts)
    found = [whole.match(without_weekday(day.strip())) for day in days]
    numbers = [[_number(each[i]) for i in (1, 2, 3)] if each else [0] * 3 for each in found]
    # A time without colons is in the first half, which is then the whole text
    early = np.array([bool(each and each[4]) for each in found])[day_codes]
    late = np.array([bool(text) for text in clocks])[clock_codes]
    first = np.array([_clock(each[4]) if each else NONE for each in found])[day_codes]
    second = np.array([_clock(text) for text in clocks])[clock_codes]
    clock = np.where(early & late, NONE, np.where(early, first, second))
    return np.array(numbers, dtype=np.int16).T[:, day_codes], clock


def _number(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.get(text.lower(), 0)


def _halves(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split texts two characters before their first colon, where a clock time begins.

    Returns
    -------
    ndarray of int64, shape (n_rows,), twice
        Index of each row's first and second half among the distinct ones, which repeat often.
    ndarray of str, twice
        The distinct halves.
    """
    places = [text.find(":") for text in texts]
    cuts = [
        place - 2 if place > 1 else len(text) for place, text in zip(places, texts, strict=True)
    ]
    first = np.array([text[:cut] for cut, text in zip(cuts, texts, strict=True)], dtype=object)
    second = np.array([text[cut:] for cut, text in zip(cuts, texts, strict=True)], dtype=object)
    (first_codes, firsts), (second_codes, seconds) = map(pd.factorize, (first, second))
    return first_codes, second_codes, firsts, seconds


def _clock(text: str) -> np.timedelta64:
    """Return a clock time in UTC from midnight, NaT if it is not one.

    >>> times = [_clock(text) for text in ("", "12:30 AM", "0030", "01:30:00 GMT+0100")]
    >>> [int(time.astype(int)) // 60_000_000 for time in times]
    [0, 30, 30, 30]
    """
    found = CLOCK.fullmatch(text.strip("T, \t") or "0000")
    if found is None:
        return NONE
    hour, minute, second, part, alone, digits, minutes, seconds, half, sign, *offset = (
        found.groups()
    )
    hour = int(hour or alone or digits)
    if half is not None:
        if not 1 <= hour <= 12:
            return NONE
        hour = hour % 12 + (12 if half in "pP" else 0)
    clock = [hour, int(minute or minutes or 0), int(second or seconds or 0)]
    if clock[0] > 23 or clock[1] > 59 or clock[2] > 59:
        return NONE
    east = (int(offset[0]) * 60 + int(offset[1])) * (-1 if sign == "-" else 1) if sign else 0
    micro = int((part or "0").ljust(6, "0")[:6])
    seconds_of_day = (clock[0] * 60 + clock[1] - east) * 60 + clock[2]
    return np.timedelta64(seconds_of_day * 1_000_000 + micro, "us")
