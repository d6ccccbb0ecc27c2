"""Random subsets: the placebo of strategies whose exits no replay knows.

Chance takes as many of the ML-off trades of each kind as ML-on made of them.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bt_fusion.placebo import Placebo, Tally

__all__ = ["Trades", "random_subsets"]

CELLS = 2_000_000  # draws times trades held at once


@dataclass(frozen=True, eq=False)
class Trades:
    """Closed trades of a run.

    Attributes
    ----------
    kind : sequence
        What is drawn apart, such as (symbol, side); one value a trade.
    entry, exit : ndarray of int64, shape (n_trades,)
        Bars, counted alike for both runs.
    gross, net : ndarray of float64, shape (n_trades,)
        Profit before and after costs, as a fraction of the entry's value.
    share : ndarray of float64, shape (n_trades,)
        Part of the account's value in the position.
    """

    kind: Sequence[Hashable]
    entry: np.ndarray
    exit: np.ndarray
    gross: np.ndarray
    net: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.entry)

    @property
    def gain(self) -> np.ndarray:
        """Gross return as a part of the account."""
        return self.share * self.gross

    @property
    def growth(self) -> np.ndarray:
        """Log growth of the account."""
        return np.log1p(np.maximum(self.share * self.net, -1 + 1e-12))

    def numbered(self) -> list[tuple[Hashable, int, int]]:
        """Return what tells trades apart: kind, entry, and which of these it is."""
        seen: dict[tuple[Hashable, int], int] = {}
        keys = []
        for kind, entry in zip(self.kind, self.entry.tolist(), strict=True):
            number = seen[kind, entry] = seen.get((kind, entry), -1) + 1
            keys.append((kind, entry, number))
        return keys


def random_subsets(
    off: Trades, on: Trades, n_bars: int, draws: int = 1_000, seed: int = 0
) -> Placebo:
    """Hold ML-on's trades against as many of ML-off's, chosen by chance.

    Of each kind as many are drawn without replacement as the runs share, and with replacement
    as ML-on has of its own: a subset drawn whole would know nothing of the noise that comes with
    entries at other bars. Kinds that ML-off never traded have nothing to be held against.

    Parameters
    ----------
    off, on : Trades
    n_bars : int
    draws : int
    seed : int

    Notes
    -----
    The score is that of `Placebo` with trades in place of bars: g is (chosen less the share that
    is chosen on average) x (gain less the kind's mean), summed over the entries of one bar.
    """
    rng = np.random.default_rng(seed)
    pool = Pool.of(off, on)
    real = np.append(pool.kept, np.ones(len(pool.own)))
    block = max(1, CELLS // (len(real) + 1))
    counts = [min(block, draws - start) for start in range(0, draws, block)]
    drawn = Tally.joined([pool.tally(pool.draw(rng, count)) for count in counts])
    above = booked(on, np.ones(len(on)), n_bars) - booked(off, pool.expected, n_bars)
    return Placebo("subset", pool.tally(real[None]), drawn, above)


@dataclass(frozen=True, eq=False)
class Pool:
    """ML-off's trades followed by those only ML-on made, and what chance may take of them."""

    off: Trades
    on: Trades
    kept: np.ndarray  # of ML-off's trades: 1 where ML-on made it too
    own: np.ndarray  # positions of ML-on's other trades
    groups: list[tuple[np.ndarray, int, int]]  # ML-off's of a kind, how many kept, how many own

    @classmethod
    def of(cls, off: Trades, on: Trades) -> "Pool":
        places = {key: place for place, key in enumerate(off.numbered())}
        matched = np.array([places.get(key, -1) for key in on.numbered()], dtype=np.int64)
        kept = np.zeros(len(off))
        kept[matched[matched >= 0]] = 1.0
        own = np.flatnonzero(matched < 0)
        rest = [on.kind[place] for place in own.tolist()]
        groups = []
        for kind in dict.fromkeys(off.kind):
            members = np.array([place for place, k in enumerate(off.kind) if k == kind])
            groups.append((members, int(kept[members].sum()), rest.count(kind)))
        return cls(off, on, kept, own, groups)

    @property
    def expected(self) -> np.ndarray:
        """How often chance takes each of ML-off's trades, on average."""
        expected = np.zeros(len(self.off))
        for members, kept, own in self.groups:
            expected[members] = (kept + own) / len(members)
        return expected

    def draw(self, rng: np.random.Generator, draws: int) -> np.ndarray:
        """Return how often some draws take each trade, shape (draws, n_trades)."""
        taken = np.zeros((draws, len(self.off) + len(self.own)))
        for row in taken:
            for members, kept, own in self.groups:
                row[rng.choice(members, kept, replace=False, shuffle=False)] += 1
                np.add.at(row, rng.choice(members, own), 1)
        return taken

    def tally(self, taken: np.ndarray) -> Tally:
        """Return the figures of runs that take each trade so often, shape (n_runs, n_trades)."""
        entry, gain, net, growth = (
            np.concatenate([getattr(self.off, name), getattr(self.on, name)[self.own]])
            for name in ("entry", "gain", "net", "growth")
        )
        kinds = [*self.off.kind, *(self.on.kind[place] for place in self.own.tolist())]
        means = {self.off.kind[members[0]]: gain[members].mean() for members, _, _ in self.groups}
        excess = np.array([gain[i] - means.get(kind, gain[i]) for i, kind in enumerate(kinds)])
        surprise = taken - np.append(self.expected, np.zeros(len(self.own)))
        _, bars = np.unique(entry, return_inverse=True)
        noise = [(np.bincount(bars, row * excess) ** 2).sum() for row in surprise]
        chosen, count = surprise @ excess, taken.sum(axis=1)
        some = np.array(noise) > 0
        score = np.where(some, chosen, 0.0) / np.sqrt(np.where(some, noise, 1.0))
        expectancy = np.where(count > 0, taken @ net, np.nan) / np.maximum(count, 1)
        return Tally(count.astype(np.int64), score, expectancy, np.expm1(taken @ growth))


def booked(trades: Trades, weight: np.ndarray, n_bars: int) -> np.ndarray:
    """Return the account's return a bar, each trade's whole at the bar of its exit."""
    return np.bincount(trades.exit, weight * trades.share * trades.net, minlength=n_bars)
