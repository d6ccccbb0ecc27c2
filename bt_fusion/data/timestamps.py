"""Stamps: ISO text, and the usual distance of bars."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import OptionError

__all__ = ["bar_length", "iso_time", "length_text"]

UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60))


def iso_time(name: str, given: Any) -> pd.Timestamp:
    """Return a date or time as a naive UTC stamp; of text ISO alone, since 12/03 has two meanings.

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
    """Return the usual distance of stamps, such as 1h or 1d; None for fewer than two.

    Parameters
    ----------
    time : ndarray of datetime64[ns], shape (n_bars,)

    Examples
    --------
    >>> bar_length(pd.date_range("2024-01-01", periods=3, freq="4h").to_numpy())
    '4h'
    """
    if len(time) < 2:
        return None
    return length_text(int(np.median(np.diff(time).astype("timedelta64[s]").astype(np.int64))))


def length_text(seconds: int) -> str:
    """Write a bar length in its largest whole unit.

    >>> length_text(14_400)
    '4h'
    """
    for unit, length in UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
