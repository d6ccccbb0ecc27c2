"""Whether stamps mark the open or the close, and whether the last bar is finished."""

import numpy as np
import pandas as pd

from bt_fusion.data.bar_audit.finding import Finding
from bt_fusion.data.bar_audit.gaps import closes_on_weekends
from bt_fusion.data.bar_audit.spacing import DAY, MONTH, Spacing

__all__ = ["find_unfinished", "stamps_of"]

MINUTE = 60_000_000_000
HALF_HOUR = 30 * MINUTE
MOST = 0.95  # of the stamps must agree
UNKNOWN = ("unknown", "they look the same either way; see what the source says")
UNFINISHED = (
    "the last bar may still change: a signal from it is not what a finished bar gives",
    "drop the last bar, or wait until it has closed",
)


def stamps_of(spacing: Spacing) -> tuple[str, str]:
    """Return "open", "close" or "unknown", and why; only the stamps are used."""
    stamps, length = spacing.stamps, spacing.length
    if (stamps % MINUTE >= MINUTE - 1_000_000_000).mean() >= MOST:
        return "close", "they end just before a full minute"
    if length is None or len(stamps) < 10:
        return UNKNOWN
    if length >= DAY:
        return _of_days(pd.DatetimeIndex(stamps), length, closes_on_weekends(spacing))
    return _of_sessions(spacing, length)


def _of_days(index: pd.DatetimeIndex, length: int, weekends_closed: bool) -> tuple[str, str]:
    """Decide by the days of the week or month on which bars of days or longer are stamped."""
    if (index != index.normalize()).any():
        return UNKNOWN
    if length >= MONTH:
        first, last = (index.day == 1).mean() >= MOST, index.is_month_end.mean() >= MOST
        why = f"months are stamped with their {'first' if first else 'last'} day"
        return ("open" if first else "close", why) if first or last else UNKNOWN
    share = np.bincount(index.day_of_week, minlength=7) / len(index)
    if length == 7 * DAY:
        monday, weekend = share[0] >= MOST, share[4] + share[5] >= MOST
        why = f"weeks are stamped with their {'first' if monday else 'last'} day"
        return ("open" if monday else "close", why) if monday or weekend else UNKNOWN
    if length == DAY and weekends_closed and share[5:].sum() <= 1 - MOST and share[0] > 0.1:
        return "open", "days from Monday to Friday are stamped with their own date at 00:00"
    if length == DAY and weekends_closed and share[0] + share[6] <= 1 - MOST and share[5] > 0.1:
        return "close", "trading days are stamped with the next date, Tuesday to Saturday"
    return UNKNOWN


def _of_sessions(spacing: Spacing, length: int) -> tuple[str, str]:
    """Decide by sessions, which begin and end at full half hours."""
    days = spacing.stamps // DAY
    turns = np.flatnonzero(np.diff(days)) + 1
    if len(turns) < 3 or np.median(spacing.steps[turns]) < 4 * length:
        return UNKNOWN
    starts, ends = spacing.stamps[turns], spacing.stamps[turns - 1]
    opens = (starts % HALF_HOUR == 0) & ((ends + length) % HALF_HOUR == 0)
    closes = ((starts - length) % HALF_HOUR == 0) & (ends % HALF_HOUR == 0)
    if opens.mean() >= MOST and closes.mean() < 1 - MOST:
        return "open", "sessions begin at full half hours, a bar before they end"
    if closes.mean() >= MOST and opens.mean() < 1 - MOST:
        return "close", "sessions end at full half hours, and begin a bar after one"
    return UNKNOWN


def find_unfinished(
    time: np.ndarray, spacing: Spacing, stamped: str, now: pd.Timestamp
) -> Finding | None:
    """Return the last bar if it ends after `now` or is off the usual grid.

    Stamps that may mark the open are treated as opens.
    """
    length = spacing.length
    if length is None:
        return None
    last = len(time) - 1
    end = spacing.stamps[-1] + (0 if stamped == "close" else length)
    early = last > 1 and length < MONTH and spacing.steps[-1] < length and not spacing.other[-1]
    off = early and spacing.stamps[-1] % length != spacing.stamps[-2] % length
    rows = np.array([last] if off or end > now.value else [], dtype=np.int64)
    return Finding.of("unfinished", time, rows, UNFINISHED)
