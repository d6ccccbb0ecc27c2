"""Find where two outputs of a feature differ by more than rounding."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.ndimage import maximum_filter1d

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.changed_bars import rounded

__all__ = ["differing", "rounding_of", "scale_of"]

EXACT = 1e-12  # kernels add the last rows of an array in another order
LIMITS = {"multiplied by 1e9": 1e-5}
ROUNDING = 1e-6  # a larger difference is not rounding
FACTOR = 100.0  # times the effect of the bars' last digits on the feature
NEAR = 21  # rows whose rounding is combined
REPEATS = 3

Compute = Callable[[BarArrays], np.ndarray]


class Tried(Protocol):
    """A part under test: how to compute its values, and their size."""

    @property
    def scale(self) -> np.ndarray:
        """The usual size of each column, shape (n_columns,)."""

    def values(self, arrays: BarArrays) -> np.ndarray:
        """Return the columns computed from bars."""


def differing(
    tried: Tried, arrays: BarArrays, reference: np.ndarray, other: np.ndarray, kind: str = ""
) -> np.ndarray:
    """Return where an output differs from that of the unchanged bars.

    Equal numbers, NaN in both, and numbers within 1e-12 of their size count as equal. A larger
    difference, up to 1e-6, is rounding if changing the bars' last binary digits has an effect as
    large: pandas centres the sums of a rolling skewness by the mean of all rows, so digits are lost
    differently with every number of bars. With other bars 1e9 times as large, a Fourier transform
    rounds by 1e-7, even one that convolves with the past alone.

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
    differs = (known != other) & ~(np.isnan(known) & np.isnan(other))
    if not differs.any():
        return differs
    with np.errstate(invalid="ignore"):
        difference = np.abs(known - other)
        size = np.maximum(np.maximum(np.abs(known), np.abs(other)), tried.scale)
        differs &= ~(
            difference <= LIMITS.get(kind, EXACT) * size
        )  # NaN in only one stays different
        small = differs & (difference <= ROUNDING * size)
        if small.any():
            limit = rounding_of(tried.values, arrays, reference)[: len(other)]
            differs &= ~(small & (difference <= limit))
    return differs


def scale_of(values: np.ndarray) -> np.ndarray:
    """Return the usual size of each column: the median of its absolute finite values."""
    finite = [np.abs(column[np.isfinite(column)]) for column in values.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in finite])


def rounding_of(compute: Compute, arrays: BarArrays, reference: np.ndarray) -> np.ndarray:
    """Return the possible rounding in each row: the largest effect of the bars' last digits.

    Nearby rows share the largest effect.

    Returns
    -------
    ndarray of float64, shape (n_bars, n_columns)
    """
    most = np.zeros(reference.shape)
    for seed in range(REPEATS):
        other = compute(rounded(arrays, np.random.default_rng(seed)))
        most = np.fmax(most, np.abs(other - reference))
    return FACTOR * maximum_filter1d(np.nan_to_num(most, posinf=0.0), NEAR, axis=0)
