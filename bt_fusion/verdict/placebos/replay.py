"""The trading rule of FusionStrategy over arrays: what a signal would have traded."""

from dataclasses import dataclass

import numpy as np

__all__ = ["ExitRule", "RoundTrips", "exit_bars", "one_at_a_time", "replay"]

NEVER = -1


@dataclass(frozen=True)
class ExitRule:
    """When FusionStrategy, without its stop order, leaves a position, and which sides it takes.

    Attributes
    ----------
    hold_bars : int
    exit : {"horizon", "flip", "both"}
    long_only : bool
    """

    hold_bars: int = 5
    exit: str = "horizon"
    long_only: bool = False

    def sides(self, signal: np.ndarray) -> np.ndarray:
        """Return the side an entry on each bar's signal would take, 0 for none."""
        side = np.sign(np.nan_to_num(signal)).astype(np.int64)
        if self.long_only:
            side = np.maximum(side, 0)
        side[-1:] = 0  # an order of the last bar would never be filled
        return side


@dataclass(frozen=True)
class RoundTrips:
    """Round trips in order of entry.

    Attributes
    ----------
    signal : ndarray of int64, shape (n_trips,)
        Bar whose close gave the signal; the entry is filled at the next open.
    side : ndarray of int64, shape (n_trips,)
        1 long, -1 short.
    exit_bar : ndarray of int64, shape (n_trips,)
        Bar at whose open the trip ends, -1 when it is open at the last bar.
    """

    signal: np.ndarray
    side: np.ndarray
    exit_bar: np.ndarray

    def returns(self, opens: np.ndarray, commission: float = 0.0) -> np.ndarray:
        """Return each trip's profit as a fraction of its entry's value, NaN while it is open.

        Parameters
        ----------
        opens : ndarray, shape (n_bars,)
        commission : float
            Fraction of the value, a side.
        """
        closed = self.exit_bar >= 0
        entry = opens[np.minimum(self.signal + 1, len(opens) - 1)]
        growth = opens[self.exit_bar] / entry
        made = self.side * (growth - 1) - commission * (1 + growth)
        return np.where(closed, made, np.nan)


def replay(signal: np.ndarray, technical: np.ndarray, rule: ExitRule = ExitRule()) -> RoundTrips:
    """Walk through a signal as FusionStrategy does, without its stop order.

    Flat and signal not 0: enter at the next open. Leave at the open after `hold_bars` bars, or
    after the technical state has turned against the position, by the rule's `exit`. The bar at
    whose open a trip ends may give the next signal.

    Parameters
    ----------
    signal, technical : ndarray, shape (n_bars,)
        -1, 0, 1; NaN counts as 0.
    rule : ExitRule

    Examples
    --------
    >>> trips = replay(np.array([0, 1, 1, 1, 1, 1, 1]), np.ones(7), ExitRule(hold_bars=2))
    >>> trips.signal, trips.exit_bar
    (array([1, 4]), array([ 4, -1]))
    """
    side = rule.sides(signal)
    exit_bar = exit_bars(side, technical, rule)
    entered = one_at_a_time(side, exit_bar)
    return RoundTrips(entered, side[entered], exit_bar[entered])


def one_at_a_time(side: np.ndarray, exit_bar: np.ndarray) -> np.ndarray:
    """Return the bars whose signals are entered on, one position at a time.

    Parameters
    ----------
    side : ndarray, shape (n_bars,)
        0 where there is no signal.
    exit_bar : ndarray of int, shape (n_bars,)
        See `exit_bars`.
    """
    usable = np.flatnonzero(side)
    following = np.searchsorted(usable, np.arange(len(side) + 1)).tolist()
    ends, places = exit_bar[usable].tolist(), []
    place = 0
    while place < len(usable):
        places.append(place)
        if ends[place] == NEVER:
            break
        place = following[ends[place]]
    return usable[np.array(places, dtype=np.int64)]


def exit_bars(side: np.ndarray, technical: np.ndarray, rule: ExitRule = ExitRule()) -> np.ndarray:
    """Return at which bar's open a trip signalled at each bar would end, -1 for never.

    Parameters
    ----------
    side : ndarray of int, shape (n_bars,)
        Side a signal of that bar would take.
    technical : ndarray, shape (n_bars,)
        -1, 0, 1; NaN counts as 0.
    rule : ExitRule

    Examples
    --------
    >>> exit_bars(np.ones(6, dtype=int), np.array([1, 1, 1, 1, -1, -1]), ExitRule(2, "both"))
    array([ 3,  4,  5,  5, -1, -1])
    """
    count = len(side)
    bars = np.arange(count)
    decided = np.full(count, count)
    if rule.exit != "flip":
        decided = bars + max(1, rule.hold_bars)
    if rule.exit != "horizon":
        state = np.nan_to_num(technical)
        turned = np.where(side > 0, next_bar(state < 0), next_bar(state > 0))
        decided = np.minimum(decided, turned)
    return np.where(decided < count - 1, decided + 1, NEVER)


def next_bar(condition: np.ndarray) -> np.ndarray:
    """Return the first bar after each at which the condition holds, n_bars for none."""
    count = len(condition)
    at = np.where(condition, np.arange(count), count)
    return np.append(np.minimum.accumulate(at[::-1])[::-1][1:], count)[:count]
