"""Swing lows, known only once their right side is complete, and the support they give."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bt_fusion.data.bars import BarArrays

__all__ = ["nearest_support", "swing_lows"]


def swing_lows(low: np.ndarray, strength: int = 5) -> np.ndarray:
    """Return the positions of the swing lows, ascending.

    A swing low lies below the `strength` lows before it and at or below the `strength` lows after
    it, so it is known only `strength` bars later.

    >>> swing_lows(np.array([5.0, 4.0, 3.0, 4.0, 5.0, 6.0]), strength=2)
    array([2])
    """
    if len(low) < 2 * strength + 1:
        return np.empty(0, dtype=np.int64)
    windows = sliding_window_view(low, 2 * strength + 1)
    middle = windows[:, strength]
    before = windows[:, :strength].min(axis=1)
    after = windows[:, strength + 1 :].min(axis=1)
    return np.flatnonzero((middle < before) & (middle <= after)) + strength


def nearest_support(
    bars: BarArrays, strength: int = 5, swings: int = 5, window: int = 100
) -> np.ndarray:
    """Return the recent swing low nearest to each close, NaN if there is none.

    Parameters
    ----------
    bars : BarArrays
    strength : int
        Bars on each side of a swing low; it counts from `strength` bars later.
    swings : int
        How many of the latest confirmed swing lows to use.
    window : int
        Age in bars beyond which a swing low is forgotten.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
    """
    found = swing_lows(bars.low, strength)
    rows = np.arange(len(bars))
    known = np.searchsorted(found + strength, rows, side="right")  # number at each bar
    support = np.full(len(bars), np.nan)
    nearest = np.full(len(bars), np.inf)
    for back in range(1, swings + 1):
        place = np.flatnonzero(known >= back)
        swing = found[known[place] - back]
        place, swing = place[place - swing <= window], swing[place - swing <= window]
        distance = np.abs(bars.close[place] - bars.low[swing])
        closer = distance < nearest[place]
        nearest[place[closer]] = distance[closer]
        support[place[closer]] = bars.low[swing[closer]]
    return support
