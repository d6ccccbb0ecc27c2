"""The value of a correct and a wrong prediction, and the break-even probability."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.labels import Label, Labels, trade_exits
from bt_fusion.technical.array_talib import talib

__all__ = ["BreakEven", "Payoff", "has_payoff", "no_payoff"]

ATR_PERIOD = 14
# The mean of absolute moves is about 1.25 medians, and a single jump does not change the median
MEAN_OVER_MEDIAN = 1.25
MOST = 0.95


@dataclass(frozen=True)
class Payoff:
    """The value of a correct and a wrong prediction of a model.

    Attributes
    ----------
    win, loss : float
        Fractions of the price, or ATR units: for `direction` both are k, the mean absolute move
        over the horizon in units of ATR(14); NaN if the training rows do not show it.
    atr_period : int, optional
        Period of the ATR (Wilder) of these units; None for fractions.
    """

    win: float
    loss: float
    atr_period: int | None = None

    @classmethod
    def learn(
        cls, label: Label, arrays: BarArrays, labels: Labels, rows: np.ndarray
    ) -> "Payoff | None":
        """Return the payoff of a label's trades, measured only on the training rows.

        Two-sided, two classes: k = 1.25 x the median of abs(close[t1] / close[t] - 1) over
        ATR(14) / close[t]. One-sided: the label's target, and the mean loss at t1 of the rows
        of class 0. Three classes: the label's target and stop. None for a label without them.

        Parameters
        ----------
        label : Label
        arrays : BarArrays
        labels : Labels
            Of all of the bars.
        rows : ndarray of int, shape (n_rows,)
            Training rows; all data read of them precede the refit.
        """
        if is_mirrored(label):
            unit = units(arrays, ATR_PERIOD)[rows]
            moves = np.abs(arrays.close[labels.t1[rows]] / arrays.close[rows] - 1)
            k = MEAN_OVER_MEDIAN * middle(moves, unit)
            k = k if k > 0 else np.nan  # most closes did not move: the gain is unknown
            return cls(k, k, ATR_PERIOD)
        target, stop, period = distances(label)
        if not target:
            return None
        if len(label.classes) == 3:
            return cls(target, stop, period) if stop else None
        lost = rows[labels.y[rows] == 0]
        losses = (1 - arrays.close[labels.t1[lost]] / arrays.close[lost]) / units(arrays, period)[
            lost
        ]
        known = losses[np.isfinite(losses)]
        return cls(target, float(known.mean()) if len(known) else np.nan, period)

    def per_bar(self, arrays: BarArrays) -> np.ndarray:
        """Return win and loss as fractions of each bar's close, from bars up to it.

        Returns
        -------
        ndarray of float64, shape (n_bars, 2)
            NaN if the ATR is not known yet.
        """
        return units(arrays, self.atr_period)[:, None] * np.array([self.win, self.loss])


@dataclass(frozen=True, eq=False)
class BreakEven:
    """The break-even probability of a trade by bar, and its inputs.

    Attributes
    ----------
    win, loss : float or ndarray, shape (n_bars,)
        Value of a correct and a wrong prediction, fractions of the price.
    costs : float or ndarray, shape (n_bars,)
        Of entry and exit together, a fraction of the price.
    classes : int
        2 or 3, as in the label.

    References
    ----------
    Elkan, The foundations of cost-sensitive learning (2001).

    Examples
    --------
    >>> long, short = BreakEven(win=0.01, loss=0.01, costs=0.001).limits(0.6, 0.4)
    >>> round(float(long), 6), round(float(short), 6)
    (0.55, 0.55)
    """

    win: Any
    loss: Any
    costs: Any = 0.0
    classes: int = 2

    @property
    def rule(self) -> str:
        """The comparison with the limit: above for three classes, otherwise at least."""
        return ">" if self.classes == 3 else ">="

    def limits(self, up: Any, down: Any) -> tuple[Any, Any]:
        """Return the break-even probability of a long, and of a short.

        Two classes: (loss + costs) / (win + loss), at most .95. Three classes: (costs + P(other
        side) x loss) / win. NaN if something is unknown.

        Parameters
        ----------
        up, down : float or ndarray, shape (n_bars,)
            Probabilities of both sides.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.classes == 3:
                long, short = (self._against(other) for other in (down, up))
                return long, short
            limit = np.minimum(MOST, (self.loss + self.costs) / (np.add(self.win, self.loss)))
            return limit, limit

    def agrees(self, up: Any, down: Any) -> tuple[Any, Any]:
        """Return where a long pays its costs, and where a short; False for NaN."""
        long, short = self.limits(up, down)
        if self.classes == 3:
            return up > long, down > short
        return up >= long, down >= short

    def _against(self, other: Any) -> Any:
        return np.divide(self.costs + other * np.asarray(self.loss), self.win)


def has_payoff(label: Label) -> bool:
    """Return whether a label defines the value of a correct and a wrong prediction."""
    target, stop, _ = distances(label)
    needed = (target, stop) if len(label.classes) == 3 else (target,)
    return is_mirrored(label) or all(needed)


def no_payoff(what: str) -> OptionError:
    """Return the error for an `auto` threshold without a known payoff."""
    return OptionError(
        f"ml_threshold auto: {what} does not know what a right and a wrong prediction are worth "
        "(saved by an older version, or a label without target and stop); train it again, or give "
        "ml_threshold a number, such as 0.55"
    )


def is_mirrored(label: Label) -> bool:
    """Return whether a label has two symmetric classes, such as up and down."""
    return len(label.classes) == 2 and label.two_sided


def distances(label: Label) -> tuple[float, float, int | None]:
    """Return target and stop of a label, 0 for none, and the ATR period of their units."""
    exits = trade_exits(label)
    target, stop = exits.get("atr_target") or 0.0, exits.get("atr_stop") or 0.0
    if target or stop:
        return target, stop, exits.get("atr_period") or ATR_PERIOD
    return exits.get("target") or 0.0, exits.get("stop") or 0.0, None


def units(arrays: BarArrays, atr_period: int | None) -> np.ndarray:
    """Return ATR / close of each bar; 1 without a period."""
    if atr_period is None:
        return np.ones(len(arrays))
    if len(arrays) <= atr_period:
        return np.full(len(arrays), np.nan)
    return talib.ATR(arrays.high, arrays.low, arrays.close, atr_period) / arrays.close


def middle(moves: np.ndarray, unit: np.ndarray) -> float:
    """Return the median of moves in units, over rows with a known, nonzero unit.

    >>> middle(np.array([0.02, 0.06, 0.01]), np.array([0.01, 0.02, np.nan]))
    2.5
    """
    usable = unit > 0
    return float(np.median(moves[usable] / unit[usable])) if usable.any() else np.nan
