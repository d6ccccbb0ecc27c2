"""Where to cut bars: random places, and those where look-ahead often shows."""

from collections.abc import Iterator

import numpy as np

from bt_fusion.data.bars import BarArrays

__all__ = ["SHORT", "Frame", "frames", "places_of", "turns"]

DRAWN = 6
EACH = 2  # of each kind of place
WHOLE = 2  # cuts on all bars; the others are inside a window
SHORT = 3_000  # up to this many bars, every cut is on all of them
BEFORE, AFTER = 600, 400  # bars of a window around a cut
LATE = 20  # no place is in the last bars, one in so many: code may look far ahead

Frame = tuple[int, int, int]  # first bar, bar after the last, the cut: positions among all bars


def places_of(arrays: BarArrays) -> np.ndarray:
    """Return the bars to cut any feature after: random ones, and some of each special kind.

    Before extremes of price and volume, and before the first bar of a day, week and month.
    """
    n_bars = len(arrays)
    rng = np.random.default_rng(n_bars)
    found = [*rng.integers(0, max(1, n_bars - max(2, n_bars // LATE)), DRAWN)]
    for rows in _special(arrays):
        found += [*rng.permutation(rows)[:EACH]]
    return _inside(found, 0, n_bars)


def turns(values: np.ndarray) -> np.ndarray:
    """Return the bars to cut this feature after: where NaN begins or ends.

    Parameters
    ----------
    values : ndarray of float64, shape (n_bars, n_columns)
    """
    rng = np.random.default_rng(len(values))
    unknown = np.isnan(values).any(axis=1)
    changes = np.flatnonzero(unknown[1:] != unknown[:-1])
    rows = np.flatnonzero(unknown)
    if len(changes) <= 1:  # only the warm-up
        return _inside([*changes], 0, len(values))
    drawn = [rng.choice(kind, min(EACH, len(kind)), replace=False) for kind in (changes, rows)]
    return _inside([changes[0], *np.concatenate(drawn)], 0, len(values))


def frames(places: np.ndarray, n_bars: int, lookback: int) -> Iterator[Frame]:
    """Yield the bars of each cut: all, or for most cuts a window that ends soon after it.

    Look-ahead also shows in a window, since both of its outputs begin at the same bar.
    """
    kept = places[places >= lookback - 1]
    span = BEFORE * -(-(lookback + BEFORE // 2) // BEFORE)  # shared by many features
    for number, cut in enumerate(kept if len(kept) else [n_bars - 2]):
        if number < WHOLE or n_bars <= SHORT:
            yield 0, n_bars, int(cut)
        else:
            yield max(0, int(cut) - span), min(n_bars, int(cut) + AFTER), int(cut)


def _inside(rows: list[int], first: int, n_bars: int) -> np.ndarray:
    """Return each row once, without those that have no later bars to change."""
    return np.array([*dict.fromkeys(row for row in rows if first <= row < n_bars - 2)], np.int64)


def _special(arrays: BarArrays) -> Iterator[np.ndarray]:
    yield np.array([np.argmax(arrays.high) - 1, np.argmin(arrays.low) - 1])
    steps = np.abs(np.diff(arrays.log_close, prepend=arrays.log_close[0]))
    yield np.array([np.argmax(arrays.volume) - 1, np.argmax(steps) - 1])
    for unit in ("D", "W", "M"):
        period = arrays.time.astype(f"datetime64[{unit}]")
        yield np.flatnonzero(period[1:] != period[:-1])
