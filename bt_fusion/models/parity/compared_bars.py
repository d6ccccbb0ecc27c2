"""The training bars on which a model's ways of predicting are compared."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.features import complete_rows

__all__ = ["ComparedBars", "choose_bars"]

RECENT = 200  # the last training bars
FIRST = 16  # bars around the end of the warm-up
UNKNOWN = 8  # bars without a prediction after the warm-up, each with the next one


@dataclass(frozen=True, eq=False)
class ComparedBars:
    """Consecutive bars to compare, after as many bars as the features remember.

    Attributes
    ----------
    arrays : BarArrays
        The bars; the last `count` are compared.
    X : ndarray of float32, shape (n_rows, n_features)
        Features of the last of these bars, computed over all training bars; more rows than
        `count` if members look back.
    count : int
    """

    arrays: BarArrays
    X: np.ndarray
    count: int

    @property
    def time(self) -> np.ndarray:
        """Stamps of the compared bars, shape (count,)."""
        return self.arrays.time[-self.count :]

    @property
    def rows(self) -> np.ndarray:
        """Positions of the compared bars in X, shape (count,)."""
        return np.arange(len(self.X) - self.count, len(self.X))


def choose_bars(
    arrays: BarArrays, X: np.ndarray, features: Any, context: int
) -> list[ComparedBars]:
    """Choose the last bars, those at the end of the warm-up, and some without a prediction.

    Parameters
    ----------
    arrays : BarArrays
        All bars of a training.
    X : ndarray of float32, shape (n_bars, n_features)
    features : FeatureSet
    context : int
        Bars that members look back.
    """
    recent = max(0, len(arrays) - RECENT)
    warm_up = min(max(0, features.lookback - FIRST // 2), recent)
    spans = [(warm_up, min(warm_up + FIRST, recent))]
    spans += [(bar, bar + 2) for bar in _unknown(X, spans[0][1], recent)]
    spans.append((recent, len(arrays)))

    def cut(first: int, stop: int) -> ComparedBars:
        bars = slice(max(0, first - features.memory - context + 1), stop)
        rows = X[max(0, first - context + 1) : stop].copy()
        return ComparedBars(arrays[bars], rows, stop - first)

    return [cut(*span) for span in spans if span[0] < span[1]]


def _unknown(X: np.ndarray, first: int, stop: int) -> np.ndarray:
    """Return some bars from `first` on with incomplete features, evenly spread."""
    found = first + np.flatnonzero(~complete_rows(X[first : max(first, stop - 1)]))
    spread = found[np.linspace(0, len(found) - 1, min(UNKNOWN, len(found))).astype(int)]
    return spread[np.diff(spread, prepend=-2) > 1]  # without duplicates
