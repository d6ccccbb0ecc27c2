"""Outliers to leave out of the training rows, and synthetic rows for rare classes."""

import numpy as np

from bt_fusion.errors import TrainingError

__all__ = ["IQR_WIDTH", "inside_quartiles", "smote"]

IQR_WIDTH = 3.0  # Tukey's outer fences: financial returns cross the inner ones (1.5) daily
MOST_OUT = 0.1
NEIGHBOURS = 5


def inside_quartiles(X: np.ndarray, width: float = IQR_WIDTH) -> np.ndarray:
    """Return which rows lie within the quartiles -+ `width` times their range in all columns.

    Outliers must be few. Two kinds of columns therefore have none: those with equal quartiles
    (flags that are mostly 0), and those with more than `MOST_OUT` of the rows outside (gaps of a
    market that never closes: almost zero, but with long tails).

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
    width : float
        In inter-quartile ranges.

    References
    ----------
    Tukey, Exploratory Data Analysis (1977), 2D.

    Examples
    --------
    Quartiles 1 and 3, so fences at -5 and 9.

    >>> inside_quartiles(np.array([[0.0], [0.0], [1.0], [1.0], [2.0], [2.0], [3.0], [3.0],
    ...                            [3.0], [2.0], [10.0]]))[-2:]
    array([ True, False])
    """
    low, high = np.quantile(X, (0.25, 0.75), axis=0)
    reach = width * (high - low)
    outside = (low - reach > X) | (high + reach < X)
    usable = (high > low) & (outside.mean(axis=0) <= MOST_OUT)
    return ~outside[:, usable].any(axis=1)


def smote(X: np.ndarray, codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return synthetic rows between neighbours of a class, so that all classes are as frequent.

    Neighbours are found among standardised rows, so that units have no influence.

    Returns
    -------
    X : ndarray of float32, shape (n_new, n_features)
        The new rows only.
    codes : ndarray of int64, shape (n_new,)

    Raises
    ------
    TrainingError
        If a class has too few rows to have neighbours.

    References
    ----------
    Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique (2002).
    """
    from imblearn.over_sampling import SMOTE
    from sklearn.preprocessing import StandardScaler

    rarest = int(np.bincount(codes).min())
    if rarest <= NEIGHBOURS:
        raise TrainingError(
            f"the rarest class has {rarest} training rows, SMOTE needs {NEIGHBOURS + 1}; give a "
            "longer window, or class_weight='balanced' instead"
        )
    scaler = StandardScaler().fit(X)
    scaled = scaler.transform(X)
    sampler = SMOTE(k_neighbors=NEIGHBOURS, random_state=seed)
    enlarged, enlarged_codes = sampler.fit_resample(scaled, codes)
    added = scaler.inverse_transform(enlarged[len(X) :])
    return np.ascontiguousarray(added, dtype=np.float32), enlarged_codes[len(X) :]
