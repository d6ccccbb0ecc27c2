"""Where bars are cut: drawn places, and those at which code that looks ahead tends to show."""

from collections.abc import Iterator

import numpy as np

from bt_fusion.data.bars import BarArrays

__all__ = ["SHORT", "Frame", "frames", "places_of", "turns"]

DRAWN = 6
EACH = 2  # of a kind of place
WHOLE = 2  # cuts that are made on all bars, the others inside a window
SHORT = 3_000  # up to so many bars, every cut is made on all of them
BEFORE, AFTER = 600, 400  # bars of a window around a cut
LATE = 20  # no place is drawn among the last bars, one in so many: code may look far ahead

Frame = tuple[int, int, int]  # first bar, bar after the last, the cut: positions among all bars


def places_of(arrays: BarArrays) -> np.ndarray:
    """Return the bars after which any feature is cut: drawn ones, and some of each special kind.

    Before extremes of price and volume, and before the first bar of a day, week and month.
    """
    n_bars = len(arrays)
    rng = np.random.default_rng(n_bars)
    found = [*rng.integers(0, max(1, n_bars - max(2, n_bars // LATE)), DRAWN)]
    for rows in _special(arrays):
        found += [*rng.permutation(rows)[:EACH]]
    return _inside(found, 0, n_bars)


def turns(values: np.ndarray) -> np.ndarray:
    """Return bars after which a feature is cut for its own sake: where NaN begins or ends.

    Parameters
    ----------
    values : ndarray of float64, shape (n_bars, n_columns)
    """
    rng = np.random.default_rng(len(values))
    unknown = np.isnan(values).any(axis=1)
    changes = np.flatnonzero(unknown[1:] != unknown[:-1])
    rows = np.flatnonzero(unknown)
    if len(changes) <= 1:  # the warm-up alone
        return _inside([*changes], 0, len(values))
    drawn = [rng.choice(kind, min(EACH, len(kind)), replace=False) for kind in (changes, rows)]
    return _inside([changes[0], *np.concatenate(drawn)], 0, len(values))


def frames(places: np.ndarray, n_bars: int, lookback: int) -> Iterator[Frame]:
    """Yield the bars each cut is made on: all, or for most of them a window that ends soon after.

    What looks ahead shows in a window as well, since both of its outputs begin at the same bar.
    """
    kept = places[places >= lookback - 1]
    span = BEFORE * -(-(lookback + BEFORE // 2) // BEFORE)  # the same for many features
    for number, cut in enumerate(kept if len(kept) else [n_bars - 2]):
        if number < WHOLE or n_bars <= SHORT:
            yield 0, n_bars, int(cut)
        else:
            yield max(0, int(cut) - span), min(n_bars, int(cut) + AFTER), int(cut)


def _inside(rows: list[int], first: int, n_bars: int) -> np.ndarray:
    """Return each of the rows once, without those that have no bars after them to change."""
    return np.array([*dict.fromkeys(row for row in rows if first <= row < n_bars - 2)], np.int64)


def _special(arrays: BarArrays) -> Iterator[np.ndarray]:
    yield np.array([np.argmax(arrays.high) - 1, np.argmin(arrays.low) - 1])
    steps = np.abs(np.diff(arrays.log_close, prepend=arrays.log_close[0]))
    yield np.array([np.argmax(arrays.volume) - 1, np.argmax(steps) - 1])
    for unit in ("D", "W", "M"):
        period = arrays.time.astype(f"datetime64[{unit}]")
        yield np.flatnonzero(period[1:] != period[:-1])
