"""The real run compared with random draws."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

__all__ = ["DrawFigures", "Placebo", "share_above", "upper_tail"]


def share_above(score: float, drawn: np.ndarray) -> float:
    """Return the share of scores at least as high, the score itself included.

    >>> share_above(1.0, np.array([0.0, 1.0, 2.0]))
    0.75
    """
    return float((1 + (drawn >= score).sum()) / (len(drawn) + 1))


def upper_tail(score: float, drawn: np.ndarray, centre: float = 0.0) -> float:
    """Return the larger of `share_above` and the upper tail of a unit normal.

    The draws may be misspecified, and the score may not be normal yet. The larger p-value stays
    valid if either one is.

    >>> upper_tail(0.0, np.array([-1.0, -2.0, -3.0]))
    0.5
    """
    return max(share_above(score, drawn), float(ndtr(centre - score)))


@dataclass(frozen=True, eq=False)
class DrawFigures:
    """Figures of runs of the same rule, one value per run.

    Attributes
    ----------
    entries : ndarray of int64, shape (n_runs,)
    score : ndarray of float64, shape (n_runs,)
        How well the entries were chosen, see `Placebo`; 0 without entries.
    expectancy : ndarray of float64, shape (n_runs,)
        Mean net return of the closed trades as a fraction of their value, NaN without trades.
    profit : ndarray of float64, shape (n_runs,)
        Net profit as a fraction of the cash at the start.
    win_rate : ndarray of float64, shape (n_runs,)
        Share of the closed trades with a profit after costs, NaN without trades.
    profit_factor : ndarray of float64, shape (n_runs,)
        Sum of winning net returns over sum of losing ones. NaN without losers.
    sharpe : ndarray of float64, shape (n_runs,)
        Mean over standard deviation of the account's returns from open to open after costs, per
        bar, not annualised; NaN if they never vary.
    exposure : ndarray of float64, shape (n_runs,)
        Bars held as a share of all bars; overlapping positions each count.
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
        """Concatenate the runs; empty for no parts."""
        none = [np.empty(0)] * (not parts)
        columns = (
            np.concatenate([*none, *(getattr(part, each.name) for part in parts)])
            for each in fields(cls)
        )
        return cls(*columns)


@dataclass(frozen=True, eq=False)
class Placebo:
    """One run compared with runs of random entries.

    Attributes
    ----------
    kind : str
        What was randomised.
    real : DrawFigures
        Figures of the run itself, one value each.
    drawn : DrawFigures
        Figures of the draws, one value per draw.
    per_bar : ndarray of float64, shape (n_bars,)
        Account return per bar minus that of the mean draw.
    misfit : float
        Largest relative difference between the mean draw's entries and bars held and the run's.
    worst_fit : str
        Which of them differs most, with both numbers, as text.
    normal : bool
        Whether p-values are at least those of a standard normal score.
    centre : float
        Mean of that normal score: not 0 if stops or targets gain or lose on their own.

    Notes
    -----
    The score is sum(g) / sqrt(sum(g^2)) over the bars, with g = (position - mean position of the
    draws) x return of the bar: the gain of the chosen entries over chance, in units of its own
    noise. The mean position is scaled, on each side, to the run's own entries (under the renewing
    exit, to its bars held). If returns are unpredictable, g is a martingale difference, and this
    self-normalised sum is close to standard normal for any clustering and duration of the entries
    and any volatility (de la Pena, Lai and Shao, Self-Normalized Processes, 2009). A mean return
    per trade is not: it ignores that clustered entries overlap with the mean draw differently than
    scattered ones.

    Before costs, because all trades pay the same, and costs over noise would favour volatile bars.
    By side, because under a drift long and short differ without any skill.
    """

    kind: str
    real: DrawFigures
    drawn: DrawFigures
    per_bar: np.ndarray
    misfit: float = 0.0
    worst_fit: str = ""
    normal: bool = False
    centre: float = 0.0

    @property
    def p_value(self) -> float:
        """Share of draws that did at least as well, the run itself included."""
        return self._tail(1)

    @property
    def p_against(self) -> float:
        """Share of draws that did at least as badly, the run itself included."""
        return self._tail(-1)

    @property
    def counts(self) -> tuple[int, int]:
        """Number of draws that did at least as well, and at least as badly."""
        real, drawn = self.real.score[0], self.drawn.score
        return int((drawn >= real).sum()), int((drawn <= real).sum())

    def _tail(self, sign: int) -> float:
        score, drawn = sign * self.real.score[0], sign * self.drawn.score
        if not self.normal:
            return share_above(score, drawn)
        return upper_tail(score, drawn, sign * self.centre)

    def __len__(self) -> int:
        return len(self.drawn.score)
