"""Reliability: whether predicted probabilities are the shares that are observed."""

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["before_and_after", "reliability_table"]


def reliability_table(actual: np.ndarray, predicted: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Compare predicted and actual, by bins of probability of equal width.

    Parameters
    ----------
    actual : ndarray of bool, shape (n_rows,)
        Whether the row is of the class.
    predicted : ndarray of float, shape (n_rows,)
        The probability of that.
    bins : int

    Returns
    -------
    DataFrame
        One row for each bin that is not empty, indexed by its lower edge: mean_predicted and
        observed (fractions), count. Calibrated probabilities have the first two alike.

    Examples
    --------
    >>> reliability_table(np.array([0, 1, 1]), np.array([0.1, 0.3, 0.9]), bins=2).reset_index()
       low  mean_predicted  observed  count
    0  0.0             0.2       0.5      2
    1  0.5             0.9       1.0      1
    """
    number = np.minimum((np.asarray(predicted) * bins).astype(int), bins - 1)
    low, actual = number / bins, np.asarray(actual, float)
    frame = pd.DataFrame({"low": low, "predicted": predicted, "actual": actual})
    columns = {"mean_predicted": ("predicted", "mean"), "observed": ("actual", "mean")}
    return frame.groupby("low").agg(**columns, count=("predicted", "size"))


def before_and_after(
    ensemble: Any,
    X: np.ndarray,
    actual: np.ndarray,
    rows: np.ndarray | None = None,
    bins: int = 10,
) -> pd.DataFrame:
    """Return each member's reliability table for class 1, before and after its calibration.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    X : ndarray, shape (n_bars, n_features)
    actual : ndarray, shape (n_rows,)
        The rows' classes.
    rows : ndarray of int, shape (n_rows,), optional
        Positions in X of rows the ensemble has not seen; all by default.
    bins : int

    Returns
    -------
    DataFrame
        `reliability_table`s one below the other, indexed by member, stage ("before", "after")
        and low.
    """
    column = int(np.flatnonzero(ensemble.classes_ == 1)[0])
    tables = {}
    for stage, calibrated in (("before", False), ("after", True)):
        votes = ensemble.member_proba(X, rows, calibrated=calibrated)
        for number, name in enumerate(ensemble.members_):
            predicted = votes[:, number, column]
            tables[name, stage] = reliability_table(np.asarray(actual) == 1, predicted, bins)
    return pd.concat(tables, names=["member", "stage"])
