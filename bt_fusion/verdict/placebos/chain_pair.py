"""Markov chains for the long and the short side, and the position of their mean draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bt_fusion.verdict.placebos.agreement_chain import AgreementChain, fit_chain, reached
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.episodes import Episodes

__all__ = ["SIDES", "ChainPair"]

SIDES = (1, -1)
COUNTED = ("long trades", "short trades", "bars held long", "bars held short")
ROUNDS = 30
CLOSE_ENOUGH = 1e-7  # tolerance of the probability of a blocked start


@dataclass(frozen=True, eq=False)
class ChainPair:
    """A Markov chain for long and one for short positions, over the episodes of one state.

    Attributes
    ----------
    episodes : Episodes
        Of all bars but the last, where orders are never filled.
    chains : (AgreementChain, AgreementChain)
        The long and the short chain.
    blocked : ndarray of float64, shape (n_episodes,)
        Probability that each episode begins while the previous position is still held; its first
        bar then does not count.

    Notes
    -----
    The chains are independent and start each episode in their stationary state. So the probability
    of a blocked start follows from that of the previous episode, and the mean position is exact.
    """

    episodes: Episodes
    chains: tuple[AgreementChain, AgreementChain]
    blocked: np.ndarray

    @classmethod
    def matching(
        cls, state: np.ndarray, entries: np.ndarray, held: np.ndarray, hold_bars: int
    ) -> "ChainPair":
        """Return the chains with an expected number of entries and bars held on each side.

        Parameters
        ----------
        state : ndarray, shape (n_bars,)
            -1, 0, 1; NaN counts as 0.
        entries, held : ndarray, shape (2,)
            Expected values to match on the long and on the short side.
        hold_bars : int
        """
        episodes = Episodes.of(np.sign(np.nan_to_num(state[:-1])).astype(np.int64))
        blocked = np.zeros(len(episodes))
        for _ in range(ROUNDS):
            weights = [
                reached(episodes.length[own], blocked[own], hold_bars)
                for own in (episodes.side == side for side in SIDES)
            ]
            wanted = zip(weights, entries, held, strict=True)
            long, short = (fit_chain(*each, hold_bars) for each in wanted)
            before, blocked = blocked, blocked_probability(episodes, long, short)
            if np.abs(blocked - before).max(initial=0.0) < CLOSE_ENOUGH:
                break
        return cls(episodes, (long, short), blocked)

    @classmethod
    def of_chains(
        cls, episodes: Episodes, chains: tuple[AgreementChain, AgreementChain]
    ) -> "ChainPair":
        """Return the pair of given chains."""
        return cls(episodes, chains, blocked_probability(episodes, *chains))

    @property
    def held(self) -> np.ndarray:
        """Probability of a long and of a short position at each decision, shape (2, n_bars - 1)."""
        return self._probability("held")

    @property
    def entered(self) -> np.ndarray:
        """Probability of an entry at each decision, shape (2, n_bars - 1)."""
        return self._probability("entered")

    @property
    def position(self) -> np.ndarray:
        """Mean long and mean short position (negative) on each bar, shape (2, n_bars).

        From the bar's open to the next open, as decided at the previous close.
        """
        sided = self.held * np.array(SIDES)[:, None]
        return np.concatenate([np.zeros((2, 1)), sided], axis=1)

    def per_bar(self, moves: np.ndarray, costs: Costs) -> np.ndarray:
        """Return the account's mean return per bar after costs, exit costs on the last bar held.

        Parameters
        ----------
        moves : ndarray, shape (n_bars,)
            Price return from each bar's open to the next open.
        costs : Costs
        """
        held, entered = self.held.sum(axis=0), self.entered.sum(axis=0)
        stays = np.where(self.episodes.age > 0, held - entered, 0.0)
        left = held - np.append(stays[1:], held[-1:])  # the last position stays open
        paid = costs.rate * np.append(0.0, entered + left)
        return costs.share * (self.position.sum(axis=0) * moves - paid)

    def misfit(self, entries: np.ndarray, held: np.ndarray) -> tuple[float, str]:
        """Return the largest relative difference from the given entries and bars held, and whose.

        The second is text such as "1,032 bars held long, ML-on 612".
        """
        wanted = np.append(entries, held).astype(float)
        made = np.append(self.entered.sum(axis=1), self.held.sum(axis=1))
        off = np.abs(made - wanted) / np.maximum(wanted, 1.0)
        worst = int(off.argmax())
        return float(off[worst]), f"{made[worst]:,.0f} {COUNTED[worst]}, ML-on {wanted[worst]:,.0f}"

    def _probability(self, name: Literal["held", "entered"]) -> np.ndarray:
        """Return a chain's probability at each decision of its side, 0 for the other side."""
        age, blocked = self.episodes.age, self.episodes.at_bars(self.blocked)
        side = self.episodes.at_bars(self.episodes.side)
        found = np.zeros((2, len(age)))
        for row, own, chain in self._sides():
            most = chain.hold_bars  # later ages are equivalent
            table = getattr(chain, name)(most + 1)
            free = table[np.minimum(age, most)]
            late = np.where(age > 0, table[np.clip(age - 1, 0, most)], 0.0)
            found[row] = np.where(side == own, free + blocked * (late - free), 0.0)
        return found

    def _sides(self) -> Iterator[tuple[int, int, AgreementChain]]:
        yield from zip((0, 1), SIDES, self.chains, strict=True)


def blocked_probability(
    episodes: Episodes, long: AgreementChain, short: AgreementChain
) -> np.ndarray:
    """Return the probability that each episode begins while the previous position is held."""
    ages = np.minimum(episodes.length, long.hold_bars + 1)
    free, late = np.zeros((2, len(episodes)))
    for side, chain in zip(SIDES, (long, short), strict=True):
        held = np.append(0.0, chain.held(long.hold_bars + 1))
        own = episodes.side == side
        free[own], late[own] = held[ages[own]], held[ages[own] - 1]
    found, last = [], 0.0
    rows = zip(episodes.reverses.tolist(), free.tolist(), (late - free).tolist(), strict=True)
    before = 0.0  # probability of a position at the end of the previous episode
    for reverses, end, change in rows:
        last = before if reverses else 0.0
        before = end + last * change
        found.append(last)
    return np.array(found)
