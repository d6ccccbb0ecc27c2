"""FusionStrategy's trading rule over arrays: the trades a signal would have made."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.verdict.placebos.episodes import Episodes, blocked_starts

__all__ = [
    "ExitRule",
    "RoundTrips",
    "episodes_of",
    "exit_bars",
    "one_at_a_time",
    "renewed",
    "replay",
]

NEVER = -1


@dataclass(frozen=True)
class ExitRule:
    """Exit rule and allowed sides of FusionStrategy, without its stop order.

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
        side[-1:] = 0  # an order on the last bar is never filled
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
        Bar at whose open the trip ends, -1 if still open at the last bar.
    inside : ndarray of bool, shape (n_trips,), optional
        Whether a stop or target ends the trip inside that bar instead; never if not given.
    """

    signal: np.ndarray
    side: np.ndarray
    exit_bar: np.ndarray
    inside: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> "RoundTrips":
        """Return the trips at these rows."""
        inside = None if self.inside is None else self.inside[rows]
        return RoundTrips(self.signal[rows], self.side[rows], self.exit_bar[rows], inside)

    def spans(self, bars: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first bar each trip is held, and the bar after the last."""
        stop = self.exit_bar if self.inside is None else self.exit_bar + self.inside
        return self.signal + 1, np.where(self.exit_bar >= 0, stop, bars)

    def returns(self, opens: np.ndarray, commission: float = 0.0) -> np.ndarray:
        """Return each trip's profit as a fraction of its entry's value, NaN while open.

        Parameters
        ----------
        opens : ndarray, shape (n_bars,)
        commission : float
            Fraction of the value, per side.
        """
        closed = self.exit_bar >= 0
        entry = opens[np.minimum(self.signal + 1, len(opens) - 1)]
        growth = opens[self.exit_bar] / entry
        made = self.side * (growth - 1) - commission * (1 + growth)
        return np.where(closed, made, np.nan)


def replay(signal: np.ndarray, technical: np.ndarray, rule: ExitRule = ExitRule()) -> RoundTrips:
    """Return the trades FusionStrategy would make on a signal, without its stop order.

    Flat and signal not 0: enter at the next open. Exit at the open after `hold_bars` bars, or after
    the technical state has turned against the position, by the rule's `exit`; for "renew" see
    `renewed`. The bar at whose open a trip ends may give the next signal.

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


def renewed(
    state: np.ndarray, agrees: np.ndarray, hold_bars: int = 5, episodes: Episodes | None = None
) -> RoundTrips:
    """Return the trades of the renewing exit, where each agreeing bar extends the position.

    Flat, and ML agrees with the state: enter at the next open. Exit at the open after the state has
    left the position's side, or when the last agreeing bar is `hold_bars` bars old. The bar at
    whose open a trip ends may give the next signal, so a reversal is flat for one bar.

    Parameters
    ----------
    state : ndarray, shape (n_bars,)
        -1, 0, 1; NaN counts as 0.
    agrees : ndarray of bool, shape (n_bars,)
        Where ML is confident enough of the state's side.
    hold_bars : int
    episodes : Episodes, optional
        Of the state, see `episodes_of`; computed if not given.

    Examples
    --------
    >>> agrees = np.array([0, 1, 0, 1, 0, 0, 1, 1, 1], dtype=bool)
    >>> trips = renewed(np.array([1, 1, 1, 1, 1, 1, 1, -1, -1]), agrees, hold_bars=2)
    >>> trips.signal, trips.side, trips.exit_bar
    (array([1, 6]), array([1, 1]), array([6, 8]))
    """
    found = episodes_of(state) if episodes is None else episodes
    agreed, hold = np.flatnonzero(agrees[:-1] & found.sided), max(1, hold_bars)
    number = found.number[agreed]
    new = np.ones(len(agreed), dtype=bool)  # where a position begins if flat before
    new[1:] = (number[1:] != number[:-1]) | (agreed[1:] - agreed[:-1] > hold)
    place = np.flatnonzero(new)
    following = np.append(place, len(agreed))[1:]
    first, last, own = agreed[place], agreed[following - 1], number[place]
    stop = np.minimum(last + hold, found.stop[own])  # the bar that decides to exit
    single, begins = following - place == 1, first == found.first[own]
    blocked = blocked_by(found, own, stop == found.stop[own], begins & single)
    lost = begins & blocked[own]  # the previous position is still open on an episode's first bar
    first = np.where(lost & ~single, agreed[np.minimum(place + 1, len(agreed) - 1)], first)
    kept = ~(lost & single)
    first, stop, own = first[kept], stop[kept], own[kept]
    exit_bar = np.where(stop < len(found.number), stop + 1, NEVER)
    return RoundTrips(first, found.side[own], exit_bar)


def episodes_of(state: np.ndarray) -> Episodes:
    """Return the episodes of all bars but the last, where orders are never filled."""
    return Episodes.of(np.sign(np.nan_to_num(state[:-1])).astype(np.int64))


def blocked_by(
    episodes: Episodes, own: np.ndarray, to_end: np.ndarray, by_first: np.ndarray
) -> np.ndarray:
    """Return which episodes begin while the previous position is held, shape (n_episodes,).

    Parameters
    ----------
    episodes : Episodes
    own : ndarray of int64, shape (n_positions,)
        Episode of each position that begins unblocked.
    to_end, by_first : ndarray of bool, shape (n_positions,)
        Whether it lasts to the end of its episode; whether it rests only on the agreement of the
        episode's first bar.
    """
    free, late = np.zeros((2, len(episodes)), dtype=bool)
    free[own[to_end]] = True
    late[own[to_end & ~by_first]] = True
    return blocked_starts(episodes.reverses, free, late)


def one_at_a_time(side: np.ndarray, exit_bar: np.ndarray) -> np.ndarray:
    """Return the bars whose signals open a position, one position at a time.

    Parameters
    ----------
    side : ndarray, shape (n_bars,)
        0 for no signal.
    exit_bar : ndarray of int, shape (n_bars,)
        See `exit_bars`.
    """
    usable = np.flatnonzero(side)
    earlier = np.append(0, np.cumsum(side != 0))  # usable bars before each bar
    ends = exit_bar[usable]
    following = np.where(ends == NEVER, len(usable), earlier[ends]).tolist()
    places, place = [], 0
    while place < len(following):
        places.append(place)
        place = following[place]
    return usable[np.array(places, dtype=np.int64)]


def exit_bars(side: np.ndarray, technical: np.ndarray, rule: ExitRule = ExitRule()) -> np.ndarray:
    """Return the bar at whose open a trip signalled at each bar ends, -1 for never.

    Parameters
    ----------
    side : ndarray of int, shape (n_bars,)
        Side of a trip signalled at that bar.
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
    """Return the first later bar where the condition holds, for each bar; n_bars for none."""
    count = len(condition)
    at = np.where(condition, np.arange(count), count)
    return np.append(np.minimum.accumulate(at[::-1])[::-1][1:], count)[:count]
