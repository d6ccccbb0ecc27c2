"""Reliability: whether predicted probabilities match observed shares."""

import numpy as np
import pandas as pd

__all__ = ["reliability_table"]


def reliability_table(actual: np.ndarray, predicted: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Compare predicted and actual shares, by probability bins of equal width.

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
        observed (fractions), count. For calibrated probabilities the first two are equal.

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
