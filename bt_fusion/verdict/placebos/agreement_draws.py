"""Draws of random agreement for both sides under the renewing exit rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from bt_fusion.verdict.placebos.agreement_chain import AgreementChain, mixing_steps, spells
from bt_fusion.verdict.placebos.chain_pair import SIDES, ChainPair
from bt_fusion.verdict.placebos.episodes import Episodes, blocked_starts
from bt_fusion.verdict.placebos.levels import LevelExits
from bt_fusion.verdict.placebos.replay import NEVER, RoundTrips

__all__ = ["Agreements", "DrawnTrips", "drawn_trips", "renewed_to_levels", "trips_of"]

BLOCK = 50  # draws in memory at once


@dataclass(frozen=True, eq=False)
class Agreements:
    """Unbroken agreements with one side, sorted by draw and bar.

    Attributes
    ----------
    draw, episode : ndarray of int64, shape (n_agreements,)
    first, last : ndarray of int64, shape (n_agreements,)
        First and last bar of each, within one episode.
    """

    draw: np.ndarray
    episode: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def of(
        cls,
        chain: AgreementChain,
        episodes: Episodes,
        side: int,
        draws: int,
        rng: np.random.Generator,
    ) -> "Agreements":
        """Draw random agreements over the episodes of a side.

        Between two episodes the chain runs for `mixing_steps`, so each episode starts from a
        stationary chain.
        """
        own = np.flatnonzero(episodes.side == side)
        length = episodes.length[own]
        stop = np.cumsum(length + mixing_steps(chain))
        begin = np.append(0, stop)[: len(own)]  # start of each episode, in steps
        draw, first, end = spells(chain, int(stop[-1]) if len(own) else 0, draws, rng)
        low = np.searchsorted(begin, first, side="right") - 1
        pieces, over = np.ones_like(low), np.flatnonzero(end > stop[low])
        pieces[over] = np.searchsorted(begin, end[over], side="left") - low[over]
        row = np.repeat(np.arange(len(low)), pieces)
        here = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces - low, pieces)
        since = np.maximum(first[row] - begin[here], 0)
        until = np.minimum(end[row] - begin[here], length[here])
        inside = since < until
        here, row = here[inside], row[inside]
        base = episodes.first[own][here]
        return cls(draw[row], own[here], base + since[inside], base + until[inside] - 1)

    @classmethod
    def known(cls, agrees: np.ndarray, episodes: Episodes, side: int) -> "Agreements":
        """Return the agreements of one run, as draw 0.

        Parameters
        ----------
        agrees : ndarray of bool, shape (n_bars,)
        episodes : Episodes
        side : int
        """
        own = agrees & (episodes.at_bars(episodes.side) == side)
        number = episodes.at_bars(np.arange(len(episodes)))
        pieces = Episodes.of(np.where(own, number + 1, 0))
        pieces_on = pieces.side > 0
        first, last = pieces.first[pieces_on], pieces.stop[pieces_on] - 1
        return cls(np.zeros_like(first), number[first], first, last)


@dataclass(frozen=True, eq=False)
class DrawnTrips:
    """Round trips of several draws: long, then short, each sorted by draw and bar.

    Attributes
    ----------
    draw : ndarray of int64, shape (n_trips,)
    trips : RoundTrips
    draws : int
    """

    draw: np.ndarray
    trips: RoundTrips
    draws: int


def drawn_trips(
    pair: ChainPair, draws: int, seed: int = 0, exits: LevelExits | None = None
) -> Iterator[DrawnTrips]:
    """Yield the round trips of the draws, block by block; `exits` as in `trips_of`."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, BLOCK):
        count = min(BLOCK, draws - start)
        agreements = [
            Agreements.of(chain, pair.episodes, side, count, rng)
            for side, chain in zip(SIDES, pair.chains, strict=True)
        ]
        yield trips_of(agreements, pair.episodes, pair.chains[0].hold_bars, count, exits)


def renewed_to_levels(
    state: np.ndarray, agrees: np.ndarray, hold_bars: int, exits: LevelExits
) -> RoundTrips:
    """Return the trades of `renewed` with stop and target orders.

    A trip that hits one of them ends there, and no new trip begins until the state has changed.

    Examples
    --------
    >>> never, agrees = np.full(6, 6), np.ones(6, dtype=bool)
    >>> exits = LevelExits(np.array([3, *never[1:]]), never * 1.0, never * 1.0)
    >>> trips = renewed_to_levels(np.array([1, 1, 1, 1, -1, -1]), agrees, 2, exits)
    >>> trips.signal, trips.exit_bar, trips.inside
    (array([0, 4]), array([ 3, -1]), array([ True, False]))
    """
    episodes = Episodes.of(np.sign(np.nan_to_num(state[:-1])).astype(np.int64))
    known = [Agreements.known(agrees[:-1], episodes, side) for side in SIDES]
    trips = trips_of(known, episodes, max(1, hold_bars), 1, exits).trips
    return trips[np.argsort(trips.signal)]


def trips_of(
    agreements: Sequence[Agreements],
    episodes: Episodes,
    hold_bars: int,
    draws: int,
    exits: LevelExits | None = None,
) -> DrawnTrips:
    """Return the round trips of agreements with the long and with the short side.

    Parameters
    ----------
    agreements : sequence of two Agreements
        Long and short.
    episodes : Episodes
        Of all bars but the last, where orders are never filled.
    hold_bars, draws : int
    exits : LevelExits, optional
        Stops and targets that may end a trip first; none if not given.
    """
    sides = [Holdings.of(each, episodes, hold_bars) for each in agreements]
    free, late = np.zeros((2, draws, len(episodes)), dtype=bool)
    every = np.broadcast_to(np.True_, free.shape)
    for each in sides:
        each.ended(exits).mark_ends(free, episodes)
        each.after(every, episodes).ended(exits).mark_ends(late, episodes)
    blocked = blocked_starts(np.broadcast_to(episodes.reverses, free.shape), free, late)
    kept = [each.after(blocked, episodes).ended(exits) for each in sides]
    side = np.repeat(SIDES, [len(each.draw) for each in kept])
    signal, stop, draw, inside = (
        np.concatenate([getattr(each, name) for each in kept])
        for name in ("first", "stop", "draw", "inside")
    )
    left = np.where(stop < episodes.length.sum(), stop + 1, NEVER)
    trips = RoundTrips(signal, side, np.where(inside, stop, left), inside if exits else None)
    return DrawnTrips(draw, trips, draws)


@dataclass(frozen=True, eq=False)
class Holdings:
    """Bars whose decisions hold a position, ignoring blocked starts.

    Attributes
    ----------
    draw, episode : ndarray of int64, shape (n_holdings,)
    first, stop : ndarray of int64, shape (n_holdings,)
        First bar of each, and the bar after the last; for an exit inside a bar, that bar.
    second : ndarray of int64, shape (n_holdings,)
        Bar of the second agreement, -1 for none.
    inside : ndarray of bool, shape (n_holdings,)
        Whether a stop or target ends it inside a bar.
    """

    draw: np.ndarray
    episode: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    second: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, made: Agreements, episodes: Episodes, hold_bars: int) -> "Holdings":
        """Hold each agreement for `hold_bars` after its last bar, and merge overlaps."""
        new = np.ones(len(made.draw), dtype=bool)
        new[1:] = (made.draw[1:] != made.draw[:-1]) | (made.episode[1:] != made.episode[:-1])
        new[1:] |= made.first[1:] > made.last[:-1] + hold_bars
        at = np.flatnonzero(new)
        final = np.append(at, len(new))[1:] - 1
        draw, episode, first = made.draw[at], made.episode[at], made.first[at]
        again = np.where(final > at, made.first[np.minimum(at + 1, final)], NEVER)
        second = np.where(made.last[at] > first, first + 1, again)
        stop = np.minimum(made.last[final] + hold_bars, episodes.stop[episode])
        return cls(draw, episode, first, stop, second, np.zeros(len(at), dtype=bool))

    def after(self, blocked: np.ndarray, episodes: Episodes) -> "Holdings":
        """Drop the first bar of blocked episodes; `blocked` has shape (draws, n_episodes)."""
        lost = (self.first == episodes.first[self.episode]) & blocked[self.draw, self.episode]
        begun = replace(self, first=np.where(lost, self.second, self.first))
        return begun.chosen(begun.first != NEVER)

    def chosen(self, rows: np.ndarray) -> "Holdings":
        """Return some of them."""
        return Holdings(*(getattr(self, each.name)[rows] for each in fields(self)))

    def ended(self, exits: LevelExits | None) -> "Holdings":
        """End positions at their stops and targets; the episode then has no further ones."""
        if exits is None:
            return self
        bar = exits.bar[self.first]
        met = bar <= self.stop  # the bar that decides to exit can still hit one
        before = np.cumsum(met) - met
        new = np.ones(len(met), dtype=bool)
        new[1:] = (self.draw[1:] != self.draw[:-1]) | (self.episode[1:] != self.episode[:-1])
        start = np.maximum.accumulate(np.where(new, np.arange(len(met)), 0))
        ended = replace(self, stop=np.where(met, bar, self.stop), inside=met)
        return ended.chosen(before == before[start])

    def mark_ends(self, held: np.ndarray, episodes: Episodes) -> None:
        """Set True for episodes that end with a position; `held`: shape (draws, n_episodes)."""
        ends = (self.stop == episodes.stop[self.episode]) & ~self.inside
        held[self.draw[ends], self.episode[ends]] = True
