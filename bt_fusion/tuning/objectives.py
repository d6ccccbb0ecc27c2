"""Objectives: quality measures of a tuned ensemble, on rows it has not learnt from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bt_fusion.errors import TrainingError, unknown_name
from bt_fusion.evaluation.classification import log_loss_of
from bt_fusion.statistics.performance import drawdowns

__all__ = [
    "OBJECTIVES",
    "Equity",
    "FoldPredictions",
    "Objective",
    "held_equity",
    "objective_named",
]

BETA_SQUARED = 0.25  # F0.5: precision has twice the weight of recall


Equity = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class FoldPredictions:
    """One fold's rows, their predicted probabilities and actual classes.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_rows,)
        Positions among the bars, ascending.
    actual : ndarray of float64, shape (n_rows,)
        The classes.
    proba : ndarray of float64, shape (n_rows, n_classes)
    classes : tuple of int
    equity : callable
        From (rows, predicted classes) to the equity of trading them, starting at 1.
    """

    rows: np.ndarray
    actual: np.ndarray
    proba: np.ndarray
    classes: tuple[int, ...]
    equity: Equity

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest class of each row, shape (n_rows,)."""
        return np.asarray(self.classes)[self.proba.argmax(axis=1)]


@dataclass(frozen=True)
class Objective:
    """A measure of a fold, and whether lower or higher is better.

    Attributes
    ----------
    name : str
    measure : callable
        From `FoldPredictions` to float.
    direction : {"minimize", "maximize"}
    """

    name: str
    measure: Callable[[FoldPredictions], float]
    direction: Literal["minimize", "maximize"]


def log_loss(fold: FoldPredictions) -> float:
    """Return the mean of -log of the probability of the actual class."""
    return log_loss_of(fold.actual, fold.proba, fold.classes)


def auc(fold: FoldPredictions) -> float:
    """Return the area under the ROC curve of class 1 against the rest.

    Raises
    ------
    TrainingError
        If all or none of the fold's rows are class 1.
    """
    from sklearn import metrics

    up = fold.actual == 1
    if up.all() or not up.any():
        raise TrainingError(
            f"AUC is undefined: of the fold's {len(up)} rows all or none are class 1; give more "
            "bars or fewer folds"
        )
    return float(metrics.roc_auc_score(up, fold.proba[:, fold.classes.index(1)]))


def f1(fold: FoldPredictions) -> float:
    """Return F1 of the long and short classes, see `precision_recall`; 0 without a hit."""
    return f_beta(*precision_recall(fold), 1.0)


def blend(fold: FoldPredictions) -> float:
    """Return F0.5 x (1 - drawdown), our formula for system E's objective.

    Precision P and recall R are those of `precision_recall`; F0.5 = 1.25 P R / (0.25 P + R) is
    their mean with twice the weight on precision; drawdown D is the largest fall from a peak of the
    fold's equity, a fraction. The blend is between 0 (no hit, or all is lost) and 1 (every side
    predicted, none wrong, no drawdown). As a product, a weak part cannot be offset by another.
    """
    drawdown = float(drawdowns(fold.equity(fold.rows, fold.predicted)).max())
    return f_beta(*precision_recall(fold), BETA_SQUARED) * (1 - drawdown)


def precision_recall(fold: FoldPredictions) -> tuple[float, float]:
    """Return precision and recall of the likeliest class, over the long and short classes.

    A side is every class but 0: 1 of (0, 1), and -1 and 1 together of (-1, 0, 1). Precision is the
    share of predicted sides that are right, recall the share of actual sides that were predicted; 0
    if there are none.
    """
    predicted, actual = fold.predicted != 0, fold.actual != 0
    hits = (fold.predicted == fold.actual)[predicted].sum()
    return float(hits / max(1, predicted.sum())), float(hits / max(1, actual.sum()))


def held_equity(
    close: np.ndarray, horizon: int, rows: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """Return the equity of trading the likeliest class, starting at 1, without costs.

    Each row's class (1 long, -1 short, 0 none) is held from its close for `horizon` bars with 1 /
    horizon of the equity, so that overlapping forecasts use at most all of it.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Of all bars.
    horizon : int
        Bars that a forecast looks ahead.
    rows, predicted : ndarray, shape (n_rows,)
        Positions among the bars, ascending, and the class of each.

    Returns
    -------
    ndarray of float64
        One value per bar, from the first row to the end of the last row's horizon.
    """
    first, last = rows[0], rows[-1]
    held = np.zeros(last - first + 1 + horizon)
    held[rows - first] = predicted
    total = np.r_[0.0, np.cumsum(held)]
    start = np.maximum(np.arange(1, len(total)) - horizon, 0)
    exposure = (total[1:] - total[start]) / horizon
    close = close[first : last + 1 + horizon]
    growth = 1 + exposure[: len(close) - 1] * np.diff(close) / close[:-1]
    return np.r_[1.0, np.cumprod(np.maximum(growth, 0.0))]


def f_beta(precision: float, recall: float, beta_squared: float) -> float:
    """Return the weighted harmonic mean of precision and recall, 0 if both are 0.

    >>> f_beta(0.5, 1.0, 1.0) == 2 / 3
    True
    """
    below = beta_squared * precision + recall
    return (1 + beta_squared) * precision * recall / below if below else 0.0


OBJECTIVES: dict[str, Objective] = {
    "log_loss": Objective("log_loss", log_loss, "minimize"),
    "auc": Objective("auc", auc, "maximize"),
    "f1": Objective("f1", f1, "maximize"),
    "blend": Objective("blend", blend, "maximize"),
}


def objective_named(name: str) -> Objective:
    """Return an objective by name.

    Raises
    ------
    OptionError
        For a name that is not in `OBJECTIVES`.
    """
    if name not in OBJECTIVES:
        raise unknown_name("objective", name, OBJECTIVES)
    return OBJECTIVES[name]
