"""FeatureSet: a named choice of features and the matrix they make of bars."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.features.registry import REGISTRY, Feature

__all__ = ["SETS", "FeatureSet", "Features"]

SETS: dict[str, tuple[str, ...]] = {}


class FeatureSet:
    """Features by set name or by their own names.

    Parameters
    ----------
    features : str, FeatureSet, or sequence
        The name of a set in `SETS` (`default`, `fusion`, `generator`, `mar`), or a sequence whose
        items are names of sets and of features, and functions that `feature` has registered.

    Attributes
    ----------
    names : tuple of str
        Columns of the matrix, in order.
    lookback, memory : int
        The largest over the features, in bars.

    Raises
    ------
    OptionError
        For an unknown set or feature, an empty choice, or a name given twice.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> FeatureSet("fusion").names
    ('return_1', 'return_5', 'rsi_14_simple', 'sma_10_over_20')
    >>> FeatureSet(["return_1", "gap"]).transform(random_walk(4)).shape
    (4, 2)
    >>> len(FeatureSet(["fusion", "gap"]))
    5
    """

    def __init__(self, features: "Features" = "default"):
        self.names = _resolve(features)
        self._groups = tuple(_group(self.names))
        self.lookback = max(group.lookback for group, _, _ in self._groups)
        self.memory = max(group.memory for group, _, _ in self._groups)

    def __len__(self) -> int:
        return len(self.names)

    def transform(self, bars: pd.DataFrame | BarArrays) -> np.ndarray:
        """Compute the features of every bar.

        Returns
        -------
        ndarray of float32, shape (n_bars, n_features), column-major
            NaN where a feature's lookback is not filled.
        """
        arrays = BarArrays.of(bars)
        matrix = np.empty((len(arrays), len(self.names)), np.float32, order="F")
        with np.errstate(over="ignore"):  # prices of 1e38 and more become inf, then NaN
            for group, picks, columns in self._groups:
                values = group.columns(arrays)
                for pick, column in zip(picks, columns, strict=True):
                    matrix[:, column] = values[pick]
        return matrix

    def table(self, bars: pd.DataFrame | BarArrays) -> pd.DataFrame:
        """Compute the features of every bar, by name.

        Returns
        -------
        DataFrame of float32
            A column a feature, indexed as the bars are; NaN where a feature's lookback is not
            filled.

        Examples
        --------
        >>> from bt_fusion.data.samples import random_walk
        >>> FeatureSet(["gap", "return_1"]).table(random_walk(4)).columns.tolist()
        ['gap', 'return_1']
        """
        index = bars.index if isinstance(bars, pd.DataFrame) else pd.DatetimeIndex(bars.time)
        return pd.DataFrame(self.transform(bars), index=index, columns=list(self.names))

    def latest(self, arrays: BarArrays, count: int = 1) -> np.ndarray:
        """Compute the features of the last bars only, each over its own memory.

        Parameters
        ----------
        arrays : BarArrays
        count : int
            Bars to compute, at most as many as there are.

        Returns
        -------
        ndarray of float32, shape (count, n_features)
            Equal to the last rows of `transform` up to what the memory leaves out (1e-9).
        """
        count = min(count, len(arrays))
        rows = np.empty((count, len(self.names)), np.float32)
        tails: dict[int, BarArrays] = {}
        for group, picks, columns in self._groups:
            span = min(shared_span(group.memory), self.memory)
            if span not in tails:
                tails[span] = arrays.tail(span + count - 1)
            values = group.columns(tails[span])
            for pick, column in zip(picks, columns, strict=True):
                rows[:, column] = values[pick][-count:]
        return rows


Features = str | FeatureSet | Sequence[str | FeatureSet | Callable[..., Any]]


def shared_span(memory: int) -> int:
    """Return bars enough for a memory, the same for many: they share their slices and logs.

    >>> [shared_span(memory) for memory in (1, 64, 65, 295)]
    [64, 64, 128, 512]
    """
    return max(64, 1 << (memory - 1).bit_length())


def complete_rows(matrix: np.ndarray) -> np.ndarray:
    """Tell which rows hold a finite value in every column.

    >>> complete_rows(np.array([[1.0, np.nan], [1.0, 2.0]]))
    array([False,  True])
    """
    complete = np.ones(len(matrix), dtype=bool)
    for column in range(matrix.shape[1]):
        complete &= np.isfinite(matrix[:, column])
    return complete


def _resolve(features: Features) -> tuple[str, ...]:
    if isinstance(features, FeatureSet):
        return features.names
    if isinstance(features, str):
        if features not in SETS:
            raise unknown_name("feature set", features, SETS)
        return SETS[features]
    names = tuple(name for item in features for name in _names_of(item))
    if not names:
        raise OptionError("no features given; name at least one, or a set such as 'default'")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise OptionError(f"features given twice: {', '.join(sorted(twice))}")
    return names


def _names_of(item: str | FeatureSet | Callable[..., Any]) -> tuple[str, ...]:
    """Return the features an item stands for: a set, a feature, or a registered function."""
    if isinstance(item, FeatureSet):
        return item.names
    if callable(item):
        for entry in REGISTRY.values():
            if entry.compute is item:
                return entry.names
        raise OptionError(
            f"{getattr(item, '__name__', item)!r} is not registered; put @feature(name, "
            "lookback=...) on it"
        )
    if item in SETS:
        return SETS[item]
    if item not in REGISTRY:
        raise unknown_name("feature", item, REGISTRY)
    return (item,)


def _group(names: Sequence[str]):
    """Yield each registered function once: (feature, which of its columns, where they go)."""
    wanted: dict[Feature, list[int]] = {}
    for column, name in enumerate(names):
        wanted.setdefault(REGISTRY[name], []).append(column)
    for entry, columns in wanted.items():
        yield entry, [entry.names.index(names[column]) for column in columns], columns
