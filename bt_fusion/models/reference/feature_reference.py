"""Distributions of features over the training rows, and the deviation of windows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.features import REGISTRY
from bt_fusion.features.views import split_name

__all__ = ["FeatureReference", "drifting_columns"]

BINS = 10
WINDOWS = 30  # number of parts of the training rows
FEWEST_WINDOWS = 10
FEWEST_ROWS = 50  # of a window
MOST_VALUES = 5_000  # values used to compute deciles
SPREAD = 0.05  # minimum standard deviation of a feature's log PSI
SMALL = 1e-4  # added to a PSI before its logarithm
CALENDAR = "calendar"  # known in advance, and different in every window


@dataclass(frozen=True, eq=False)
class FeatureReference:
    """Deciles of features over the training rows, and the deviations of windows within them.

    Attributes
    ----------
    names : tuple of str
        The monitored features, see `drifting_columns`.
    edges : ndarray of float64, shape (n_features, 9)
        The deciles: bin k holds the values above k of them.
    counts : ndarray of int64, shape (n_features, 10)
        Training rows in each bin.
    window : int
        Rows per window.
    mean, spread : ndarray of float64, shape (n_features,)
        Of the log PSI of windows within the training rows.
    usual : ndarray of float64, shape (n_features,)
        The PSI that one in twenty of these windows exceeds.
    scores : ndarray of float64, shape (n_windows,)
        Of these windows, each compared with the others, see `score`; empty with too few windows.

    References
    ----------
    Siddiqi, Credit Risk Scorecards (2006): the population stability index.
    """

    names: tuple[str, ...]
    edges: np.ndarray
    counts: np.ndarray
    window: int
    mean: np.ndarray
    spread: np.ndarray
    usual: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, names: Sequence[str], lookback: int) -> "FeatureReference":
        """Learn the reference from training rows in time order.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_features)
            Finite.
        names : sequence of str
            Of its columns, all of which are monitored.
        lookback : int
            Bars the features look back: windows are at least as long, because shorter neighbours
            would share most of their data.
        """
        columns = np.ascontiguousarray(X.T)
        edges = deciles(columns)
        window = max(FEWEST_ROWS, lookback, -(-len(X) // WINDOWS))
        bins = binned(columns, edges)
        count = len(X) // window
        counts = (
            np.stack([in_bins(bins[:, n * window : (n + 1) * window]) for n in range(count)])
            if count
            else np.empty((0, len(names), BINS), dtype=np.int64)
        )
        whole = in_bins(bins)
        psi_values = psi(counts, whole - counts)
        logs = np.log(psi_values + SMALL)
        enough = count >= FEWEST_WINDOWS
        scores = np.array([distance_above(logs[n], np.delete(logs, n, 0)) for n in range(count)])
        none = np.full(len(names), np.nan)
        return cls(
            tuple(names),
            edges,
            whole,
            window,
            logs.mean(0) if enough else none,
            deviation(logs) if enough else none,
            np.quantile(psi_values, 0.95, axis=0) if enough else none,
            scores if enough else np.empty(0),
        )

    @property
    def has_scores(self) -> bool:
        """Whether the training rows have enough windows to show how far one may deviate."""
        return len(self.scores) > 0

    def psi(self, X: np.ndarray) -> np.ndarray:
        """Return each feature's PSI of a window, shape (n_features,).

        Parameters
        ----------
        X : ndarray, shape (n_rows, n_features)
            Of the monitored features.
        """
        return psi(in_bins(binned(np.ascontiguousarray(X.T), self.edges)), self.counts)

    def score(self, psi_values: np.ndarray) -> float:
        """Return the largest log PSI of the features, in standard deviations above normal."""
        return float(((np.log(psi_values + SMALL) - self.mean) / self.spread).max())

    def to_dict(self) -> dict[str, Any]:
        """Return the reference in JSON types."""
        return {
            "names": list(self.names),
            "edges": self.edges.tolist(),
            "counts": self.counts.tolist(),
            "window": self.window,
            "mean": self.mean.tolist() if self.has_scores else [],
            "spread": self.spread.tolist() if self.has_scores else [],
            "usual": self.usual.tolist() if self.has_scores else [],
            "scores": self.scores.tolist(),
        }

    @classmethod
    def of_dict(cls, given: dict[str, Any]) -> "FeatureReference":
        """Return the reference from the result of `to_dict`.

        Raises
        ------
        ValueError
            For numbers that do not match the features.
        """
        names = tuple(given["names"])
        shapes: dict[str, tuple[int, ...]] = {
            "edges": (len(names), BINS - 1),
            "counts": (len(names), BINS),
        }
        arrays = {name: np.array(given[name], dtype=float) for name in (*shapes, "scores")}
        for name in ("mean", "spread", "usual"):
            full = given[name] if len(given["scores"]) else [np.nan] * len(names)
            arrays[name], shapes[name] = np.array(full, dtype=float), (len(names),)
        wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
        counts = arrays.pop("counts")
        if wrong or not names or given["window"] < 1 or (counts < 0).any() or counts.sum() <= 0:
            raise ValueError(f"{', '.join(wrong) or 'counts'} of the reference fit no features")
        return cls(names, counts=counts.astype(np.int64), window=given["window"], **arrays)


def drifting_columns(names: Sequence[str]) -> list[int]:
    """Return the positions of the features that can drift: all except calendar ones.

    >>> drifting_columns(["hour_sin", "return_1", "weekday_cos"])
    [1]
    """
    return [n for n, name in enumerate(names) if not _is_calendar(name)]


def _is_calendar(name: str) -> bool:
    known = REGISTRY.get(split_name(name)[0])
    return known is not None and known.family == CALENDAR


def deciles(columns: np.ndarray) -> np.ndarray:
    """Return the deciles of about a thousand values per feature, shape (n_features, 9)."""
    few = np.sort(columns[:, :: -(-columns.shape[1] // MOST_VALUES)], axis=1)
    return few[:, np.arange(1, BINS) * few.shape[1] // BINS].astype(np.float64)


def binned(columns: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin of each value, shape (n_features, n_rows)."""
    bins = np.zeros(columns.shape, dtype=np.uint8)
    for edge in edges.T.astype(columns.dtype):
        bins += columns > edge[:, None]
    return bins


def in_bins(bins: np.ndarray) -> np.ndarray:
    """Count the values in each bin, shape (n_features, 10)."""
    first = BINS * np.arange(len(bins))[:, None]
    return np.bincount((bins + first).ravel(), minlength=BINS * len(bins)).reshape(-1, BINS)


def psi(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the population stability index of counts by bin along the last axis.

    Half a row is added to every bin, so that empty bins give no infinity; bins empty in both, such
    as those between equal deciles, do not count.

    >>> psi(np.array([50, 50]), np.array([500, 500])).round(3)
    np.float64(0.0)
    >>> psi(np.array([90, 10]), np.array([500, 500])).round(2)
    np.float64(0.85)
    """
    used = (found > 0) | (expected > 0)
    shares = []
    for counts in (found, expected):
        padded = np.where(used, counts + 0.5, 0.0)
        shares.append(padded / np.maximum(padded.sum(-1, keepdims=True), 0.5))
    one, other = (np.where(used, share, 1.0) for share in shares)
    return ((one - other) * np.log(one / other)).sum(-1)


def distance_above(logs: np.ndarray, others: np.ndarray) -> float:
    """Return how far a window's most unusual feature is above the other windows."""
    if len(others) < 2:
        return 0.0
    return float(((logs - others.mean(0)) / deviation(others)).max())


def deviation(logs: np.ndarray) -> np.ndarray:
    """Return the standard deviation over windows, at least `SPREAD`."""
    return np.maximum(logs.std(0, ddof=1), SPREAD)
