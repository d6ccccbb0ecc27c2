"""A grade for a model: its AUC on unseen rows against stated limits, and against chance."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LIMITS", "Grade", "chance_auc", "grade_of"]

LIMITS = {"A": 0.70, "B": 0.60, "C": 0.55}


@dataclass(frozen=True)
class Grade:
    """Letter grade of a model.

    Attributes
    ----------
    letter : str or None
        A, B or C from the AUC limits in `LIMITS`, D above `chance`, else E. None without an AUC.
    auc : float or None
    chance : float or None
        See `chance_auc`: an AUC below it is graded E.
    """

    letter: str | None
    auc: float | None
    chance: float | None


def grade_of(auc: float | None, rows: int, of_class: int, horizon: int) -> Grade:
    """Grade an AUC.

    Parameters
    ----------
    auc : float or None
    rows, of_class : int
        Number of rows it was measured on, and of those of the class.
    horizon : int
        Bars the label looks ahead.

    Examples
    --------
    >>> grade_of(0.62, rows=10_000, of_class=5_000, horizon=5).letter
    'B'
    >>> grade_of(0.62, rows=100, of_class=50, horizon=5).letter  # chance reaches it, too
    'E'
    """
    if auc is None:
        return Grade(None, None, None)
    chance = chance_auc(of_class / horizon, (rows - of_class) / horizon)
    if auc <= chance:
        return Grade("E", auc, chance)
    reached = (letter for letter, least in LIMITS.items() if auc >= least)
    return Grade(next(reached, "D"), auc, chance)


def chance_auc(of_class: float, others: float) -> float:
    """Return the AUC that scores without skill exceed in 1 of 40 cases.

    Parameters
    ----------
    of_class, others : float
        Independent rows of the class and of the others. Labels of neighbouring bars overlap:
        rows divided by the horizon are a cautious count.

    References
    ----------
    Mann and Whitney, On a test of whether one of two random variables is stochastically larger
    than the other (1947): the variance of U.

    Examples
    --------
    >>> round(chance_auc(1_000, 1_000), 3)
    0.525
    """
    variance = (of_class + others + 1) / (12 * of_class * others)
    return min(1.0, 0.5 + 1.96 * float(np.sqrt(variance)))
