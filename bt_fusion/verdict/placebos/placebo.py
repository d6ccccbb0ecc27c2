"""Placebo: random draws compared with the real run."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

__all__ = ["DrawFigures", "Placebo", "share_above", "upper_tail"]


def share_above(score: float, drawn: np.ndarray) -> float:
    """Return the share of scores at least as high, the score itself counted among them.

    >>> share_above(1.0, np.array([0.0, 1.0, 2.0]))
    0.75
    """
    return float((1 + (drawn >= score).sum()) / (len(drawn) + 1))


def upper_tail(score: float, drawn: np.ndarray, centre: float = 0.0) -> float:
    """Return the same, or the upper tail of a normal of unit variance where that is larger.

    The draws miss what their law leaves out, the normal tail what is not yet normal: the larger
    of both keeps its size where either errs.

    >>> upper_tail(0.0, np.array([-1.0, -2.0, -3.0]))
    0.5
    """
    return max(share_above(score, drawn), float(ndtr(centre - score)))


@dataclass(frozen=True, eq=False)
class DrawFigures:
    """Figures of runs of the same rule, one value a run.

    Attributes
    ----------
    entries : ndarray of int64, shape (n_runs,)
    score : ndarray of float64, shape (n_runs,)
        How well the entries were chosen, see `Placebo`; 0 without any.
    expectancy : ndarray of float64, shape (n_runs,)
        Mean net return of the closed trades as a fraction of their value, NaN without any.
    profit : ndarray of float64, shape (n_runs,)
        Net profit as a fraction of the cash at the start.
    win_rate : ndarray of float64, shape (n_runs,)
        Share of the closed trades with a profit after costs, NaN without any.
    profit_factor : ndarray of float64, shape (n_runs,)
        Net returns of the trades that won, summed, over those of the trades that lost. NaN where
        none lost.
    sharpe : ndarray of float64, shape (n_runs,)
        Mean over standard deviation of the account's returns from open to open after costs, per
        bar, never annualised; NaN where they never vary.
    exposure : ndarray of float64, shape (n_runs,)
        Bars held as a share of all bars; positions that overlap count each.
    """

    entries: np.ndarray
    score: np.ndarray
    expectancy: np.ndarray
    profit: np.ndarray
    win_rate: np.ndarray
    profit_factor: np.ndarray
    sharpe: np.ndarray
    exposure: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["DrawFigures"]) -> "DrawFigures":
        """Return the runs of several as one; an empty one where there are none."""
        none = [np.empty(0)] * (not parts)
        columns = (
            np.concatenate([*none, *(getattr(part, each.name) for part in parts)])
            for each in fields(cls)
        )
        return cls(*columns)


@dataclass(frozen=True, eq=False)
class Placebo:
    """A run compared with runs of random entries.

    Attributes
    ----------
    kind : str
        What chance did.
    real : DrawFigures
        Of the run itself, one value each.
    drawn : DrawFigures
        One value a draw.
    per_bar : ndarray of float64, shape (n_bars,)
        Return of the account a bar above that of the mean draw.
    misfit : float
        How far the mean draw is from the run's own entries and bars held, as a fraction of them:
        the largest of its parts.
    normal : bool
        Whether no p-value is below that of a standard normal score.
    centre : float
        Mean of that normal score: not 0 where stops or targets earn or lose by themselves.

    Notes
    -----
    The score is sum(g) / sqrt(sum(g^2)) over the bars, with g = (position - mean position of the
    draws) x return of the bar: what the choice of entries gained over chance, in units of its own
    noise. The mean position is scaled, on each side, to the run's own entries (for the coin, to its
    bars held). Where returns cannot be foreseen g is a martingale difference, and this
    self-normalised sum is close to standard normal however bunched the entries are, however long
    they last and however the market's noise comes and goes (de la Pena, Lai and Shao,
    Self-Normalized Processes, 2009). A mean return per trade would not be: it forgets that bunched
    entries share bars with the mean draw otherwise than scattered ones do.

    Before costs, because all trades pay alike, and costs over noise would favour whoever picks
    volatile bars. By side, because under a drift long and short differ without any skill.
    """

    kind: str
    real: DrawFigures
    drawn: DrawFigures
    per_bar: np.ndarray
    misfit: float = 0.0
    normal: bool = False
    centre: float = 0.0

    @property
    def p_value(self) -> float:
        """Share of draws that chose at least as well, the run itself counted among them."""
        return self._tail(1)

    @property
    def p_against(self) -> float:
        """Share of draws that chose at least as badly, the run itself counted among them."""
        return self._tail(-1)

    @property
    def counts(self) -> tuple[int, int]:
        """How many draws chose at least as well, and at least as badly."""
        real, drawn = self.real.score[0], self.drawn.score
        return int((drawn >= real).sum()), int((drawn <= real).sum())

    def _tail(self, sign: int) -> float:
        score, drawn = sign * self.real.score[0], sign * self.drawn.score
        if not self.normal:
            return share_above(score, drawn)
        return upper_tail(score, drawn, sign * self.centre)

    def __len__(self) -> int:
        return len(self.drawn.score)
