"""Placebo: what draws by chance made, beside the real run."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

__all__ = ["DrawFigures", "Placebo"]


@dataclass(frozen=True, eq=False)
class DrawFigures:
    """What runs of the same rule came to, one value a run.

    Attributes
    ----------
    entries : ndarray of int64, shape (n_runs,)
    score : ndarray of float64, shape (n_runs,)
        How well the entries were chosen, see `Placebo`; 0 without any.
    expectancy : ndarray of float64, shape (n_runs,)
        Mean net return of the closed trades as a fraction of their value, NaN without any.
    profit : ndarray of float64, shape (n_runs,)
        Net profit as a fraction of the cash at the start.
    """

    entries: np.ndarray
    score: np.ndarray
    expectancy: np.ndarray
    profit: np.ndarray

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
    """Where a run lies among runs whose entries chance has chosen.

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

    Notes
    -----
    The score is sum(g) / sqrt(sum(g^2)) over the bars, with g = (position - mean position of the
    draws) x return of the bar: what the choice of entries gained over chance, in units of its own
    noise. The mean position counts as many entries on each side as the run made. Where returns
    cannot be foreseen g is a martingale difference, and this self-normalised sum is close to
    standard normal however bunched the entries are, however long they last and however the
    market's noise comes and goes (de la Pena, Lai and Shao, Self-Normalized Processes, 2009). A
    mean return per trade would not be: it forgets that bunched entries share bars with the mean
    draw otherwise than scattered ones do.

    Before costs, because all trades pay alike, and costs over noise would favour whoever picks
    volatile bars. By side, because under a drift long and short differ without any skill.
    """

    kind: str
    real: DrawFigures
    drawn: DrawFigures
    per_bar: np.ndarray

    @property
    def p_value(self) -> float:
        """Share of draws that chose at least as well, the run itself counted among them."""
        return float((1 + (self.drawn.score >= self.real.score).sum()) / (len(self) + 1))

    def __len__(self) -> int:
        return len(self.drawn.score)
