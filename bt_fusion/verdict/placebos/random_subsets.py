"""Random subsets of ML-off's trades, for strategies whose exits cannot be replayed.

Each draw takes as many ML-off trades of each kind as ML-on made.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bt_fusion.verdict.placebos.placebo import DrawFigures, Placebo
from bt_fusion.verdict.placebos.trades import Trades, self_normalised, squares

__all__ = ["random_subsets"]

CELLS = 4_000_000  # draws x (trades and bars) in memory at once


def random_subsets(off: Trades, on: Trades, draws: int = 1_000, seed: int = 0) -> Placebo:
    """Compare ML-on's trades with the same number of ML-off's, drawn at random.

    Per kind, shared trades are drawn without replacement, ML-only trades with replacement:
    otherwise the draws would miss the noise of entries at other bars. Kinds that ML-off never
    traded are not compared.

    Parameters
    ----------
    off, on : Trades
    draws, seed : int

    Notes
    -----
    The score is that of `Placebo`; the mean draw takes each trade as often as the average draw.
    """
    rng = np.random.default_rng(seed)
    pool = Pool.of(off, on)
    real = np.append(pool.kept, np.ones(len(pool.own)))
    block = max(1, CELLS // (len(real) + on.path.shape[1]))
    counts = [min(block, draws - start) for start in range(0, draws, block)]
    drawn = DrawFigures.joined([pool.figures(pool.draw(rng, count)) for count in counts])
    above = on.per_bar(np.ones(len(on))) - off.per_bar(pool.expected)
    return Placebo("subset", pool.figures(real[None]), drawn, above)


@dataclass(frozen=True, eq=False)
class Pool:
    """ML-off's trades, then those only ML-on made, and how a draw samples them."""

    off: Trades
    on: Trades
    kept: np.ndarray  # per ML-off trade: 1 if ML-on made it as well
    own: np.ndarray  # positions of ML-on's other trades
    groups: list[tuple[np.ndarray, int, int]]  # per kind: ML-off's trades, number kept, number own

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
        """Mean number of times a draw takes each ML-off trade."""
        expected = np.zeros(len(self.off))
        for members, kept, own in self.groups:
            expected[members] = (kept + own) / len(members)
        return expected

    def draw(self, rng: np.random.Generator, draws: int) -> np.ndarray:
        """Return how often each draw takes each trade, shape (draws, n_trades)."""
        taken = np.zeros((draws, len(self.off) + len(self.own)))
        for row in taken:
            for members, kept, own in self.groups:
                row[rng.choice(members, kept, replace=False, shuffle=False)] += 1
                np.add.at(row, rng.choice(members, own), 1)
        return taken

    @cached_property
    def trades(self) -> Trades:
        """ML-off's trades and those only ML-on made."""
        return self.off.joined(self.on.chosen(self.own))

    def figures(self, taken: np.ndarray) -> DrawFigures:
        """Return the figures of runs; `taken`: count per trade, shape (n_runs, n_trades)."""
        return self.trades.figures(taken, self.score(taken))

    def score(self, taken: np.ndarray) -> np.ndarray:
        """Return the gain over the mean draw, in units of its own noise."""
        kinds = set(self.off.kind)
        comparable = [self.on.kind[place] in kinds for place in self.own.tolist()]
        counts = np.append(np.ones(len(self.off)), comparable)
        surprise = (taken - np.append(self.expected, np.zeros(len(self.own)))) * counts
        path = self.trades.path
        return self_normalised(surprise @ path.sum(axis=1), squares(surprise, path))
