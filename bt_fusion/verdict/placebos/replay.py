"""The trading rule of FusionStrategy over arrays: what a signal would have traded."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.verdict.placebos.episodes import Episodes, blocked_starts

__all__ = [
    "ExitRule",
    "RoundTrips",
    "exit_bars",
    "one_at_a_time",
    "renewed",
    "replay",
]

NEVER = -1


@dataclass(frozen=True)
class ExitRule:
    """When FusionStrategy, without its stop order, leaves a position, and which sides it takes.

    Attributes
    ----------
    hold_bars : int
    exit : {"renew", "horizon", "flip", "both"}
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
    inside : ndarray of bool, shape (n_trips,), optional
        Where a stop or target ends the trip inside that bar instead; nowhere when not given.
    """

    signal: np.ndarray
    side: np.ndarray
    exit_bar: np.ndarray
    inside: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> "RoundTrips":
        """Return some of them, or all in another order."""
        inside = None if self.inside is None else self.inside[rows]
        return RoundTrips(self.signal[rows], self.side[rows], self.exit_bar[rows], inside)

    def spans(self, bars: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first bar each trip is held, and the one after the last, of so many bars."""
        stop = self.exit_bar if self.inside is None else self.exit_bar + self.inside
        return self.signal + 1, np.where(self.exit_bar >= 0, stop, bars)

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
    after the technical state has turned against the position, by the rule's `exit`; for "renew"
    see `renewed`. The bar at whose open a trip ends may give the next signal.

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
    if rule.exit == "renew":
        state = np.nan_to_num(technical)
        return renewed(state, (side != 0) & (side == np.sign(state)), rule.hold_bars)
    exit_bar = exit_bars(side, technical, rule)
    entered = one_at_a_time(side, exit_bar)
    return RoundTrips(entered, side[entered], exit_bar[entered])


def renewed(state: np.ndarray, agrees: np.ndarray, hold_bars: int = 5) -> RoundTrips:
    """Walk through an agreement whose bars renew the position they entered.

    Flat, and ML agrees with the state: enter at the next open. Leave at the open after the state
    has left the position's side, or when the last agreeing bar is `hold_bars` bars old. The bar
    at whose open a trip ends may give the next signal, so that a reversal leaves one bar flat.

    Parameters
    ----------
    state : ndarray, shape (n_bars,)
        -1, 0, 1; NaN counts as 0.
    agrees : ndarray of bool, shape (n_bars,)
        Where ML is sure enough of the state's side.
    hold_bars : int

    Examples
    --------
    >>> agrees = np.array([0, 1, 0, 1, 0, 0, 1, 1, 1], dtype=bool)
    >>> trips = renewed(np.array([1, 1, 1, 1, 1, 1, 1, -1, -1]), agrees, hold_bars=2)
    >>> trips.signal, trips.side, trips.exit_bar
    (array([1, 6]), array([1, 1]), array([6, 8]))
    """
    side = np.sign(np.nan_to_num(state[:-1])).astype(np.int64)  # no order of the last bar is filled
    held = renewed_bars(side, np.asarray(agrees[:-1], dtype=bool), max(1, hold_bars))
    change = np.diff(held.astype(np.int64), prepend=0)
    signal, left = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    exit_bar = np.full(len(signal), NEVER)
    exit_bar[: len(left)] = left + 1
    return RoundTrips(signal, side[signal], exit_bar)


def renewed_bars(side: np.ndarray, agrees: np.ndarray, hold_bars: int) -> np.ndarray:
    """Return whether each bar's decision leaves a position of its side, shape (n_bars,).

    Held is a bar with an agreement among the last `hold_bars` bars of its episode.
    The first bar of an episode does not count where it finds the position of the last one.
    """
    episodes = Episodes.of(side)
    bars, age = np.arange(len(side)), episodes.age

    def held(agreed: np.ndarray) -> np.ndarray:
        last = np.maximum.accumulate(np.where(agreed & (side != 0), bars, NEVER))
        return (last >= bars - age) & (bars - last < hold_bars)

    free, late = held(agrees), held(agrees & (age > 0))
    ends = episodes.stop - 1
    blocked = blocked_starts(episodes.reverses, free[ends], late[ends])
    return np.where(episodes.at_bars(blocked), late, free)


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
