"""The register of features: their names, lookback and memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.module_sources import check_name_is_free

__all__ = ["REGISTRY", "Feature", "feature"]

NUMBERS = "fiub"  # kinds of numpy's types: floats, whole numbers, booleans
Compute = Callable[[BarArrays], np.ndarray | tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Feature:
    """A function of bars that returns one column, or several that share work.

    Attributes
    ----------
    names : tuple of str
        One for each column, in the order the function returns them.
    compute : callable
        BarArrays of n bars -> float64 array(s) of shape (n,). Row t depends only on bars up to t.
    lookback : int
        Bars the first value needs, its own included: rows before lookback - 1 are NaN.
    memory : int
        Bars after which less than 1e-9 of the start remains; equals lookback for a feature over a
        plain window.
    family : str
        The heading under which the feature is listed.
    """

    names: tuple[str, ...]
    compute: Compute
    lookback: int
    memory: int
    family: str

    def columns(self, bars: BarArrays) -> tuple[np.ndarray, ...]:
        """Return one array for each name."""
        count = len(bars)
        if count < self.lookback:  # TA-Lib would refuse some of these
            return tuple(np.full(count, np.nan) for _ in self.names)
        values = self.compute(bars)
        columns = values if isinstance(values, tuple) else (values,)
        if len(columns) == len(self.names) and are_numbers(columns, count):
            return columns
        columns = tuple(map(_array, columns))
        if len(columns) != len(self.names) or not are_numbers(columns, count):
            found = ", ".join(f"{column.shape} {column.dtype}" for column in columns)
            raise OptionError(
                f"feature {', '.join(self.names)} returned {found} for {count} bars; return "
                f"an array of {count} numbers for each name"
            )
        return columns


REGISTRY: dict[str, Feature] = {}


def are_numbers(columns: tuple[np.ndarray, ...], count: int) -> bool:
    """Return whether columns are numeric arrays of the given length."""
    for column in columns:  # called for every feature on every live bar
        if type(column) is not np.ndarray or column.ndim != 1 or len(column) != count:
            return False
        if column.dtype.kind not in NUMBERS:
            return False
    return True


def _array(column: object) -> np.ndarray:
    """Return an array, also from a list; a ragged list becomes an array of objects."""
    try:
        return np.asarray(column)
    except ValueError:
        return np.asarray(column, dtype=object)


def feature(
    *names: str, lookback: int, memory: int | None = None, family: str = "user"
) -> Callable[[Compute], Compute]:
    """Register a function of bars as one or more features.

    Parameters
    ----------
    *names : str
        The columns the function returns; the function's own name by default.
    lookback : int
        Bars the first value needs, its own included.
    memory : int, optional
        Bars until the start-up effect is below 1e-9, default `lookback`. Smoothing that never fully
        forgets (EMA, Wilder) needs more: see `ema_memory`, `wilder_memory`.
    family : str
        Heading in listings.

    Raises
    ------
    OptionError
        If another function has a name, or lookback and memory are inconsistent.

    Examples
    --------
    >>> @feature(lookback=1)
    ... def range_share(bars):
    ...     return (bars.high - bars.low) / bars.close
    >>> REGISTRY.pop("range_share").lookback
    1
    """
    memory = lookback if memory is None else memory
    if lookback < 1 or memory < lookback:
        raise OptionError(
            f"feature {', '.join(names)}: lookback {lookback} and memory {memory} must satisfy "
            "1 <= lookback <= memory"
        )

    def register(compute: Compute) -> Compute:
        called = names or (compute.__name__,)
        odd = [name for name in called if {"@", ":", ","} & {*name}]
        if odd:
            raise OptionError(
                f"feature {odd[0]!r}: a name holds no @, : and comma, which name its views; "
                "rename it"
            )
        entry = Feature(called, compute, lookback, memory, family)
        for name in called:
            check_name_is_free(
                "feature", name, getattr(REGISTRY.get(name), "compute", None), compute
            )
            REGISTRY[name] = entry
        return compute

    return register
