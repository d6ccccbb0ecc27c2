"""The functions behind columns of a feature matrix, and code to fill these columns."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.features.choice import entry_of
from bt_fusion.features.registry import Feature
from bt_fusion.features.views import View, split_name

__all__ = [
    "Groups",
    "by_view",
    "fill_latest",
    "of_last_closed",
    "places_of",
    "shared_span",
    "writer_of",
]

MANY_BARS = 100_000
MOST_WAITING = 4  # columns
Groups = tuple[tuple[Feature, list[int], list[int]], ...]  # a function, its columns, their places


def fill_latest(
    rows: np.ndarray, groups: Groups, arrays: BarArrays, count: int, memory: int
) -> None:
    """Compute the features of the last `count` bars into their columns of rows."""
    tails: dict[int, BarArrays] = {}
    row = rows[0]
    for entry, picks, columns in groups:
        span = min(shared_span(entry.memory), memory)
        if span not in tails:
            tails[span] = arrays.tail(span + count - 1)
        values = entry.columns(tails[span])
        for pick, column in zip(picks, columns, strict=True):
            if count == 1:  # for a live bar, a number costs a fifth of a slice
                row[column] = values[pick][-1]
            else:
                rows[:, column] = values[pick][-count:]


@contextmanager
def writer_of(matrix: np.ndarray) -> Iterator[Callable[[int, np.ndarray], Any]]:
    """Yield a function that writes a column; for many bars a second thread writes.

    The thread copies a column while the next one is computed.
    """

    def write(column: int, values: np.ndarray) -> None:
        with np.errstate(over="ignore"):  # each thread has its own
            matrix[:, column] = values

    if len(matrix) < MANY_BARS:
        yield write
        return
    with ThreadPoolExecutor(1) as thread:
        writing: deque[Future[None]] = deque()

        def begin(column: int, values: np.ndarray) -> None:
            writing.append(thread.submit(write, column, values))
            if len(writing) > MOST_WAITING:  # waiting columns take memory
                writing.popleft().result()

        yield begin
        for each in writing:
            each.result()


def of_last_closed(values: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return for each of our bars the value of a view's last closed bar, NaN without one."""
    if not len(values):
        return np.full(len(last), np.nan)
    return np.where(last < 0, np.nan, values[last])


def by_view(names: Sequence[str]) -> Iterator[tuple[View, Groups]]:
    """Yield each view with its functions: (feature, chosen columns, target positions)."""
    views: dict[View, dict[Feature, list[tuple[str, int]]]] = {}
    for column, name in enumerate(names):
        feature, view = split_name(name)
        views.setdefault(view, {}).setdefault(entry_of(name), []).append((feature, column))
    for view, wanted in views.items():
        yield (
            view,
            tuple(
                (entry, [entry.names.index(name) for name, _ in placed], [at for _, at in placed])
                for entry, placed in wanted.items()
            ),
        )


def places_of(groups: Groups) -> np.ndarray:
    """Return the columns of some functions."""
    return np.array([column for _, _, places in groups for column in places])


@cache
def shared_span(memory: int) -> int:
    """Return enough bars for a memory, rounded up so that many share slices and logs.

    >>> [shared_span(memory) for memory in (1, 64, 65, 295)]
    [64, 64, 128, 512]
    """
    return max(64, 1 << (memory - 1).bit_length())
