"""Draws of a Markov coin a side through the renewing exit rule."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bt_fusion.verdict.placebos.coin import Coin
from bt_fusion.verdict.placebos.coin_pair import SIDES, CoinPair
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.replay import NEVER, RoundTrips, blocked_starts

__all__ = ["DrawnTrips", "Spells", "drawn_trips"]

BLOCK = 100  # draws held at once


@dataclass(frozen=True, eq=False)
class Spells:
    """Unbroken agreements of several draws, by draw and bar.

    Attributes
    ----------
    draw : ndarray of int64, shape (n_spells,)
    first, stop : ndarray of int64, shape (n_spells,)
        First bar of each, and the one after the last; bars of one side, counted without others.
    """

    draw: np.ndarray
    first: np.ndarray
    stop: np.ndarray

    @classmethod
    def of(cls, coin: Coin, bars: int, draws: int, rng: np.random.Generator) -> "Spells":
        """Toss a stationary coin over a number of bars."""
        pairs = pairs_needed(coin, bars)
        off, on = (
            waiting_times(rate, bars, (draws, pairs), rng) for rate in (coin.starts, coin.ends)
        )
        off[rng.random(draws) < coin.share, 0] = 0.0  # the first bar agrees
        stop = np.cumsum(off + on, axis=1)
        if (stop[:, -1] < bars).any():
            raise AssertionError("the pairs of spells do not cover the bars")
        first = stop - on
        draw, place = np.nonzero(first < bars)
        ends = np.minimum(stop[draw, place], bars)
        return cls(draw, first[draw, place].astype(np.int64), ends.astype(np.int64))


def pairs_needed(coin: Coin, bars: int) -> int:
    """Return how many spells off and on cover the bars, but for one case in 10^20.

    The number of pairs of geometric waits in the bars varies by no more than its root.
    """
    with np.errstate(divide="ignore"):
        expected = bars / (np.divide(1.0, coin.starts) + np.divide(1.0, coin.ends))
    return int(expected + 10 * np.sqrt(expected) + 50)


def waiting_times(
    rate: float, most: int, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Draw geometric numbers of bars, `most` at most.

    Rounded up from exponential ones, which is several times faster than drawing geometric ones.
    """
    with np.errstate(divide="ignore"):
        hazard = -np.log1p(-rate)
        wait = rng.standard_exponential(shape) / hazard if hazard else np.full(shape, np.inf)
    return np.clip(np.ceil(wait), 1.0, most)


@dataclass(frozen=True, eq=False)
class DrawnTrips:
    """Round trips of several draws, one side after the other, each by draw and bar.

    Attributes
    ----------
    draw : ndarray of int64, shape (n_trips,)
    trips : RoundTrips
    draws : int
    """

    draw: np.ndarray
    trips: RoundTrips
    draws: int


def drawn_trips(pair: CoinPair, draws: int, seed: int = 0) -> Iterator[DrawnTrips]:
    """Yield the round trips of coins, some draws at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, BLOCK):
        count = min(BLOCK, draws - start)
        spells = []
        for side, coin in zip(SIDES, pair.coins, strict=True):
            bars = int(pair.episodes.length[pair.episodes.side == side].sum())
            spells.append(Spells.of(coin, bars, count, rng))
        yield trips_of(spells, pair.episodes, pair.coins[0].hold_bars, count)


def trips_of(spells: list[Spells], episodes: Episodes, hold_bars: int, draws: int) -> DrawnTrips:
    """Return the round trips that agreements on the long and on the short side lead to.

    Parameters
    ----------
    spells : list of two Spells
        Long and short.
    episodes : Episodes
        Of all bars but the last, whose orders are never filled.
    hold_bars, draws : int
    """
    sides = [
        Holdings.of(each, episodes, side, hold_bars)
        for side, each in zip(SIDES, spells, strict=True)
    ]
    free, late = np.zeros((2, draws, len(episodes)), dtype=bool)
    for each in sides:
        ends = each.stop == episodes.stop[each.episode]
        stays = ends & ~((each.second == NEVER) & (each.first == episodes.first[each.episode]))
        free[each.draw[ends], each.episode[ends]] = True
        late[each.draw[stays], each.episode[stays]] = True
    reverses = np.broadcast_to(episodes.reverses, free.shape)
    blocked = blocked_starts(reverses, free, late)
    kept = [each.after(blocked, episodes) for each in sides]
    side = np.repeat(SIDES, [len(each.draw) for each in kept])
    signal, stop, draw = (
        np.concatenate([getattr(each, name) for each in kept]) for name in ("first", "stop", "draw")
    )
    exit_bar = np.where(stop < episodes.stop[-1], stop + 1, NEVER)
    return DrawnTrips(draw, RoundTrips(signal, side, exit_bar), draws)


@dataclass(frozen=True, eq=False)
class Holdings:
    """Bars whose decisions hold a position, as if no start were blocked.

    Attributes
    ----------
    draw, episode : ndarray of int64, shape (n_holdings,)
    first, stop : ndarray of int64, shape (n_holdings,)
        First bar of each, and the one after the last.
    second : ndarray of int64, shape (n_holdings,)
        Bar of the second agreement, -1 for none.
    """

    draw: np.ndarray
    episode: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, spells: Spells, episodes: Episodes, side: int, hold_bars: int) -> "Holdings":
        """Split spells where episodes end, hold for `hold_bars`, and join what renews."""
        own = np.flatnonzero(episodes.side == side)
        length = episodes.length[own]
        start = np.cumsum(length) - length  # of each episode, in bars of this side
        place = np.repeat(np.arange(len(own)), length)
        low = place[spells.first]
        pieces = place[spells.stop - 1] - low + 1
        row = np.repeat(np.arange(len(low)), pieces)
        number = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        here = low[row] + number
        begin, end = start[here], start[here] + length[here]
        first = np.maximum(spells.first[row], begin)
        last = np.minimum(spells.stop[row], end) - 1
        draw = spells.draw[row]
        new = np.ones(len(row), dtype=bool)
        new[1:] = (draw[1:] != draw[:-1]) | (here[1:] != here[:-1])
        new[1:] |= first[1:] > last[:-1] + hold_bars
        at = np.flatnonzero(new)
        final = np.append(at, len(row))[1:] - 1
        again = np.where(final > at, first[np.minimum(at + 1, final)], NEVER)
        second = np.where(last[at] > first[at], first[at] + 1, again)
        shift = episodes.first[own][here[at]] - begin[at]
        stop = np.minimum(last[final] + hold_bars, end[at])
        return cls(
            draw[at],
            own[here[at]],
            first[at] + shift,
            stop + shift,
            np.where(second == NEVER, NEVER, second + shift),
        )

    def after(self, blocked: np.ndarray, episodes: Episodes) -> "Holdings":
        """Return them without the first bars of blocked episodes, shape (draws, n_episodes)."""
        lost = (self.first == episodes.first[self.episode]) & blocked[self.draw, self.episode]
        first = np.where(lost, self.second, self.first)
        kept = first != NEVER
        columns = (self.draw, self.episode, first, self.stop, self.second)
        return Holdings(*(each[kept] for each in columns))
