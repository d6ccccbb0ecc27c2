"""Covered spans of time, as sorted pairs of stamps: join them, and find missing parts."""

from collections.abc import Iterable

import pandas as pd

__all__ = ["Span", "joined", "missing"]

Span = tuple[pd.Timestamp, pd.Timestamp]  # start inclusive, end exclusive


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans sorted, with touching ones joined.

    >>> day = pd.date_range("2024-01-01", periods=4)
    >>> [str(b - a) for a, b in joined([(day[2], day[3]), (day[0], day[2])])]
    ['3 days 00:00:00']
    """
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def missing(known: list[Span], start: pd.Timestamp, end: pd.Timestamp) -> list[Span]:
    """Return the parts of `start` to `end` (exclusive) outside the known spans.

    Parameters
    ----------
    known : list of Span
        As `joined` returns them.
    start, end : Timestamp

    Examples
    --------
    >>> day = pd.date_range("2024-01-01", periods=4)
    >>> [(a.day, b.day) for a, b in missing([(day[1], day[2])], day[0], day[3])]
    [(1, 2), (3, 4)]
    """
    found = []
    for first, last in known:
        if last <= start:
            continue
        if first >= end:
            break
        if first > start:
            found.append((start, first))
        start = last
    if start < end:
        found.append((start, end))
    return found
