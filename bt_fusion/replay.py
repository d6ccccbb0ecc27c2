"""The trading rule of FusionStrategy over arrays: what a signal would have traded."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Trips", "replay"]


@dataclass(frozen=True)
class Trips:
    """Round trips in order of entry.

    Attributes
    ----------
    signal : ndarray of int64, shape (n_trips,)
        Bar whose close gave the signal; the entry is filled at the next open.
    side : ndarray of int64, shape (n_trips,)
        1 long, -1 short.
    left : ndarray of int64, shape (n_trips,)
        Bar at whose open the trip ends, -1 when it is open at the last bar.
    """

    signal: np.ndarray
    side: np.ndarray
    left: np.ndarray

    def returns(self, opens: np.ndarray, commission: float = 0.0) -> np.ndarray:
        """Return each trip's profit as a fraction of its entry's value, NaN while it is open.

        Parameters
        ----------
        opens : ndarray, shape (n_bars,)
        commission : float
            Fraction of the value, a side.
        """
        closed = self.left >= 0
        entry = opens[np.minimum(self.signal + 1, len(opens) - 1)]
        growth = opens[self.left] / entry
        made = self.side * (growth - 1) - commission * (1 + growth)
        return np.where(closed, made, np.nan)


def replay(
    signal: np.ndarray,
    technical: np.ndarray,
    hold_bars: int = 5,
    exit: str = "horizon",
    long_only: bool = False,
) -> Trips:
    """Walk through a signal as FusionStrategy does, without its stop order.

    Flat and signal not 0: enter at the next open. Leave at the open after `hold_bars` bars, or
    after the technical state has turned against the position, by `exit`. The bar at whose open a
    trip ends may give the next signal.

    Parameters
    ----------
    signal, technical : ndarray, shape (n_bars,)
        -1, 0, 1; NaN counts as 0.
    hold_bars : int
    exit : {"horizon", "flip", "both"}
    long_only : bool

    Examples
    --------
    >>> trips = replay(np.array([0, 1, 1, 1, 1, 1, 1]), np.ones(7), hold_bars=2)
    >>> trips.signal, trips.left
    (array([1, 4]), array([ 4, -1]))
    """
    signal, technical = np.nan_to_num(signal), np.nan_to_num(technical)
    usable = np.flatnonzero(signal > 0 if long_only else signal != 0)
    last = len(signal) - 1
    bars, sides, ends = [], [], []
    bar = 0
    while (place := np.searchsorted(usable, bar)) < len(usable):
        bar = int(usable[place])
        if bar == last:  # its order would never be filled
            break
        side = int(np.sign(signal[bar]))
        decided = _decision(technical, bar, side, hold_bars, exit)
        end = decided + 1 if decided < last else -1
        bars.append(bar)
        sides.append(side)
        ends.append(end)
        if end < 0:
            break
        bar = end
    return Trips(*(np.array(column, dtype=np.int64) for column in (bars, sides, ends)))


def _decision(technical: np.ndarray, bar: int, side: int, hold_bars: int, exit: str) -> int:
    """Return the bar at whose close the position is given up; past the end for never."""
    never = len(technical)
    horizon = bar + max(1, hold_bars) if exit != "flip" else never
    if exit == "horizon":
        return horizon
    against = np.flatnonzero(technical[bar + 1 : horizon + 1] * side < 0)
    return bar + 1 + int(against[0]) if len(against) else horizon
