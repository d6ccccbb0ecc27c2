"""Reliability: whether probabilities mean what they say."""

import numpy as np
import pandas as pd

__all__ = ["reliability_table"]


def reliability_table(came: np.ndarray, said: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Compare what was said with what came, by bins of probability of equal width.

    Parameters
    ----------
    came : ndarray of bool, shape (n_rows,)
        Whether the class came.
    said : ndarray of float, shape (n_rows,)
        Its probability.
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
    number = np.minimum((np.asarray(said) * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"low": number / bins, "said": said, "came": np.asarray(came, float)})
    return frame.groupby("low").agg(
        mean_predicted=("said", "mean"), observed=("came", "mean"), count=("said", "size")
    )
