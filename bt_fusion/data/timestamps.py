"""Stamps: ISO text, and the usual distance between bars."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import OptionError

__all__ = [
    "bar_length",
    "bar_seconds",
    "distances",
    "iso_time",
    "length_seconds",
    "length_text",
]

MOST_DIGITS = 6  # of a bar length
UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60))


def iso_time(name: str, given: Any) -> pd.Timestamp:
    """Return a date or time as a naive UTC stamp; text must be ISO, as 12/03 is ambiguous.

    >>> iso_time("bar", "2020-03-12T05:00+01:00")
    Timestamp('2020-03-12 04:00:00')
    """
    try:
        text = isinstance(given, str)
        stamp = pd.to_datetime(given, format="ISO8601") if text else pd.Timestamp(given)
    except (TypeError, ValueError):
        stamp = pd.NaT
    if stamp is pd.NaT:
        raise OptionError(f"{name} {given!r} is no ISO date; write 2020-01-31 or 2020-01-31T05:00")
    return stamp.tz_convert(None) if stamp.tz else stamp


def bar_length(time: np.ndarray) -> str | None:
    """Return the most common distance of stamps, such as 1h or 1d; None for fewer than two.

    Parameters
    ----------
    time : ndarray of datetime64[ns], shape (n_bars,)

    Examples
    --------
    >>> bar_length(pd.date_range("2024-01-01", periods=3, freq="4h").to_numpy())
    '4h'
    """
    seconds = bar_seconds(time)
    return None if seconds is None else length_text(seconds)


def bar_seconds(time: np.ndarray) -> int | None:
    """Return the most common distance of stamps in seconds, None for fewer than two.

    Among equally common ones the smallest: two bars a day, four hours apart, have 4h.
    """
    if len(time) < 2:
        return None
    values, counts = np.unique(distances(time), return_counts=True)
    return int(values[counts.argmax()])


def distances(time: np.ndarray) -> np.ndarray:
    """Return the distances of stamps in whole seconds, int64, shape (n_bars - 1,)."""
    return np.diff(time).astype("timedelta64[s]").astype(np.int64)


def length_seconds(text: str) -> int:
    """Return the seconds of a bar length such as 30m, 4h, 1d or 1w.

    Raises
    ------
    OptionError
        For other text.

    Examples
    --------
    >>> length_seconds("4h")
    14400
    """
    units = {**dict(UNITS), "s": 1}
    count, unit = text[:-1], text[-1:]
    known = count.isascii() and count.isdigit() and len(count) <= MOST_DIGITS and int(count) > 0
    if not known or unit not in units:
        hint = f"; write {text.lower()}" if unit in "HDW" and known else ""
        raise OptionError(
            f"timeframe {text[:20]!r} is not a length such as 30m, 4h, 1d or 1w{hint}"
        )
    return int(count) * units[unit]


def length_text(seconds: int) -> str:
    """Write a bar length in its largest whole unit.

    >>> length_text(14_400)
    '4h'
    """
    for unit, length in UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
