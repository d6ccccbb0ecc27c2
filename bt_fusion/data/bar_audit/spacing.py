"""The usual bar length, and bars of another length."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bar_audit.finding import Finding, first_of_stretches, stretches_of

__all__ = ["DAY", "MONTH", "WEEK", "Spacing", "find_lengths"]

DAY = 86_400_000_000_000  # nanoseconds
WEEK = 7 * DAY
LEAST_SHARE = 0.3  # of all distances, below which there is no usual one
RUN = 4  # equal distances in a row, of another length than usual
MONTH = 28 * DAY  # bars of months and longer differ in length by nature
EFFECT = (
    "a feature over n bars and a horizon of n bars span another time there",
    "keep one length: resample the shorter bars, or cut the file",
)


@dataclass(frozen=True, eq=False)
class Spacing:
    """The distances of stamps.

    Attributes
    ----------
    stamps : ndarray of int64, shape (n_bars,)
        Nanoseconds since 1970.
    steps : ndarray of int64, shape (n_bars,)
        Distance from the bar before; 0 for the first.
    length : int or None
        The usual distance; None if there is none (tick or volume bars).
    other : ndarray of bool, shape (n_bars,)
        Bars of another length than usual.
    """

    stamps: np.ndarray
    steps: np.ndarray
    length: int | None
    other: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray) -> "Spacing":
        """Measure the stamps of bars, datetime64[ns]."""
        stamps = time.astype("datetime64[ns]").astype(np.int64)
        steps = np.diff(stamps, prepend=stamps[:1])
        length = usual_length(steps[1:])
        other = np.zeros(len(stamps), dtype=bool)
        if length is not None and length < MONTH:
            other = other_lengths(stamps, steps, length)
        return cls(stamps, steps, length, other)


def usual_length(steps: np.ndarray) -> int | None:
    """Return the most frequent distance, the shortest of equals; None if none is frequent."""
    if not len(steps):
        return None
    found, counts = np.unique(steps, return_counts=True)
    most = int(np.argmax(counts))
    months = (steps >= MONTH).mean() > 0.9
    return int(found[most]) if months or counts[most] >= LEAST_SHARE * len(steps) else None


def other_lengths(stamps: np.ndarray, steps: np.ndarray, length: int) -> np.ndarray:
    """Mark bars shorter than usual, and runs of longer bars of one length.

    A shorter bar at the same time on a fifth of the days belongs to the calendar; daylight saving
    may shift it.
    """
    short = (steps < length) & (np.arange(len(steps)) > 0)
    clock, counts = np.unique(stamps[short] % DAY, return_counts=True)
    days = len(np.unique(stamps // DAY))
    regular = clock[counts >= max(5, days / 5)]
    short &= ~np.isin(stamps % DAY, regular)
    last = len(steps) - 1
    if last and short[last] and not short[last - 1]:
        short[last] = False  # an unfinished bar, see `stamps`
    same = np.r_[False, steps[1:] == steps[:-1]] & (steps > length)
    starts, counts = stretches_of(same)
    for start, count in zip(starts, counts, strict=True):
        if count + 1 >= RUN:
            short[start - 1 : start + count] = True
    return short


def find_lengths(time: np.ndarray, spacing: Spacing) -> Finding | None:
    """Return the bars of unusual length, one case per stretch."""
    rows = np.flatnonzero(spacing.other)
    return Finding.of("lengths", time, rows, EFFECT, cases=first_of_stretches(rows))
