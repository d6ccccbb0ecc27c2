"""Missing bars, according to the trading calendar that the bars show."""

import numpy as np

from bt_fusion.data.bar_audit.finding import Finding
from bt_fusion.data.bar_audit.spacing import DAY, WEEK, Spacing

__all__ = ["closes_on_weekends", "find_gaps"]

WEEKS = (-3, -2, -1, 1, 2, 3)  # around a gap, whose bars say whether one belongs there
HOLIDAY = 1.5  # usual days that may be missing at a rest
LONGEST = 60 * DAY  # of a gap that is looked at place by place
EFFECT = (
    "features and horizons count bars and step over the gap as if no time had passed; a closed "
    "market looks the same",
    "get the missing bars from the source; never fill them by interpolation",
)


def find_gaps(time: np.ndarray, spacing: Spacing) -> Finding | None:
    """Return the gaps; nights, weekends and other rests of the calendar do not count.

    A place in a gap lacks a bar if most of the same places one to three weeks before and after have
    one. In markets that rest, a gap that spans a rest counts only if more than a day and a half is
    missing; shorter ones are probably early closes and holidays.
    """
    length = spacing.length
    if length is None or len(time) < 3:
        return None
    wide = np.flatnonzero((spacing.steps >= 1.5 * length) & ~spacing.other)
    if not len(wide):
        return None
    missing = missing_bars(spacing, wide, length)
    rows, counts = wide[missing > 0], missing[missing > 0]
    return Finding.of("gaps", time, rows, EFFECT, bars=int(counts.sum()))


def missing_bars(spacing: Spacing, wide: np.ndarray, length: int) -> np.ndarray:
    """Return how many bars each wide step lacks; 0 if the calendar explains it."""
    steps = spacing.steps[wide]
    places = np.round(steps / length).astype(np.int64) - 1
    if length >= 5 * DAY or (length >= DAY and not closes_on_weekends(spacing)):
        return places
    usual = np.round(places * (1.0 - _closed_share(spacing, length))).astype(np.int64)
    near = np.flatnonzero(steps <= LONGEST)
    usual[near] = usual_places(spacing, wide[near], places[near], length)
    whole = (usual == places) & (length < DAY)  # inside a session
    return np.where(whole | (usual > HOLIDAY * bars_a_day(spacing)), usual, 0)


def usual_places(spacing: Spacing, wide: np.ndarray, places: np.ndarray, length: int) -> np.ndarray:
    """Count the places of each gap at which most of the weeks around it have a bar."""
    stamps, gap = spacing.stamps, np.repeat(np.arange(len(wide)), places)
    nth = np.arange(len(gap)) - np.repeat(np.cumsum(places) - places, places) + 1
    before, after = stamps[wide - 1][gap], stamps[wide][gap]
    slots = before + nth * length
    back, ahead = (slots - before) // WEEK * WEEK, (after - slots) // WEEK * WEEK
    held, possible = np.zeros(len(gap), dtype=np.int8), np.zeros(len(gap), dtype=np.int8)
    for week in WEEKS:
        seen = slots + week * WEEK + (ahead if week > 0 else -back)
        inside = (seen >= stamps[0]) & (seen <= stamps[-1])
        at = np.minimum(np.searchsorted(stamps, seen), len(stamps) - 1)
        held += inside & (stamps[at] == seen)
        possible += inside
    usual = (2 * held > possible) | (possible == 0)
    return np.bincount(gap, weights=usual, minlength=len(wide)).astype(np.int64)


def closes_on_weekends(spacing: Spacing) -> bool:
    """Return whether the market rests on weekends."""
    day_of_week = (spacing.stamps // DAY + 3) % 7  # 1970-01-01 was a Thursday
    return bool((day_of_week >= 5).mean() < 0.25)  # 2/7 where it never closes


def bars_a_day(spacing: Spacing) -> float:
    """Return the usual number of bars on a day with any bars."""
    _, counts = np.unique(spacing.stamps // DAY, return_counts=True)
    return float(np.median(counts))


def _closed_share(spacing: Spacing, length: int) -> float:
    """Return the fraction of a usual week without bars."""
    _, counts = np.unique(spacing.stamps // WEEK, return_counts=True)
    return max(0.0, 1.0 - float(np.median(counts)) * length / WEEK)
