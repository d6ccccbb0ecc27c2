"""Where two outputs of a feature differ by more than rounding."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.ndimage import maximum_filter1d

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.changed_bars import rounded

__all__ = ["differing", "rounding_of", "scale_of"]

EXACT = 1e-12  # kernels take the last rows of an array in another order of sums
LIMITS = {"multiplied by 1e9": 1e-5}
ROUNDING = 1e-6  # beyond, no difference is rounding
FACTOR = 100.0  # times what other last digits of the bars do to the feature
NEAR = 21  # rows whose rounding is taken together
REPEATS = 3

Compute = Callable[[BarArrays], np.ndarray]


class Tried(Protocol):
    """What is tried: how its values are made, and how large they are."""

    @property
    def scale(self) -> np.ndarray:
        """The usual size of each column, shape (n_columns,)."""

    def values(self, arrays: BarArrays) -> np.ndarray:
        """Return the columns of bars."""


def differing(
    tried: Tried, arrays: BarArrays, reference: np.ndarray, other: np.ndarray, kind: str = ""
) -> np.ndarray:
    """Tell where an output differs from the one of the bars as they are.

    Equal numbers and NaN beside NaN are alike; so are numbers that differ by 1e-12 of their size.
    A larger difference, up to 1e-6, is rounding where other last binary digits of the bars
    make one as large: the sums that pandas takes for a rolling skewness are centred by the mean of
    all rows, and lose digits differently with every number of bars. Beside bars of 1e9 times
    their size a Fourier transform rounds by 1e-7, also where it convolves with the past alone.

    Parameters
    ----------
    tried : object
        With `values`, BarArrays to values of shape (n_bars, n_columns), and their usual `scale`.
    arrays : BarArrays
        The bars of `reference`.
    reference : ndarray of float64, shape (n_bars, n_columns)
    other : ndarray of float64, shape (n_rows, n_columns)
        Of the first rows.
    kind : str
        Of `CHANGES`.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_columns)
    """
    known = reference[: len(other)]
    unlike = (known != other) & ~(np.isnan(known) & np.isnan(other))
    if not unlike.any():
        return unlike
    with np.errstate(invalid="ignore"):
        difference = np.abs(known - other)
        size = np.maximum(np.maximum(np.abs(known), np.abs(other)), tried.scale)
        unlike &= ~(
            difference <= LIMITS.get(kind, EXACT) * size
        )  # NaN beside a number stays unlike
        small = unlike & (difference <= ROUNDING * size)
        if small.any():
            limit = rounding_of(tried.values, arrays, reference)[: len(other)]
            unlike &= ~(small & (difference <= limit))
    return unlike


def scale_of(values: np.ndarray) -> np.ndarray:
    """Return the usual size of each column: the median of its finite values, without their sign."""
    finite = [np.abs(column[np.isfinite(column)]) for column in values.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in finite])


def rounding_of(compute: Compute, arrays: BarArrays, reference: np.ndarray) -> np.ndarray:
    """Return what may be rounding in each row: what other last digits of the bars do, at most.

    Rows near each other share the largest effect.

    Returns
    -------
    ndarray of float64, shape (n_bars, n_columns)
    """
    most = np.zeros(reference.shape)
    for seed in range(REPEATS):
        other = compute(rounded(arrays, np.random.default_rng(seed)))
        most = np.fmax(most, np.abs(other - reference))
    return FACTOR * maximum_filter1d(np.nan_to_num(most, posinf=0.0), NEAR, axis=0)
