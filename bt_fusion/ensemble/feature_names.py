"""Features by name: compare two lists, and select a table's columns in a model's order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from bt_fusion.errors import ModelCompatibilityError, OptionError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Matrix", "check_rows", "column_names", "feature_difference", "values_of"]

Matrix = Union[np.ndarray, "pd.DataFrame"]


def feature_difference(
    expected: tuple[str, ...], found: tuple[str, ...], in_order: bool = True
) -> str:
    """Return how two lists of features differ, '' if they do not.

    Parameters
    ----------
    expected, found : tuple of str
    in_order : bool
        Whether the order counts.

    Examples
    --------
    >>> feature_difference(("a", "b", "c"), ("c", "b", "d"))
    "missing: a; extra: d; reordered: 'c' stands at 1, not 3"
    >>> feature_difference(("a", "b", "c"), ("c", "b", "d"), in_order=False)
    'missing: a; extra: d'
    """
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    moved = [
        f"{name!r} stands at {found.index(name) + 1}, not {expected.index(name) + 1}"
        for name in expected
        if in_order and name in found and found.index(name) != expected.index(name)
    ]
    differences = [("missing", missing), ("extra", extra), ("reordered", moved)]
    return "; ".join(f"{what}: {_few(names)}" for what, names in differences if names)


def column_names(X: Matrix) -> tuple[str, ...]:
    """Return the names of a table's columns, none for an array."""
    return tuple(map(str, getattr(X, "columns", ())))


def values_of(X: Matrix, names: Sequence[str]) -> np.ndarray:
    """Return an array unchanged; of a table, the columns `names` in order, as float32.

    Raises
    ------
    ModelCompatibilityError
        With the columns that are missing, extra or repeated.
    OptionError
        For a table if no names are known, and for columns that are not numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> values_of(pd.DataFrame({"b": [2.0], "a": [1.0]}), ("a", "b"))
    array([[1., 2.]], dtype=float32)
    """
    table: Any = X
    if not hasattr(table, "columns"):
        return table
    if not len(names):
        raise OptionError(
            "the ensemble was fitted on an array, so it does not know a table's columns; give an "
            "array of the same columns, or fit it on a table"
        )
    _check_columns(column_names(table), tuple(names))
    ordered = table.set_axis(column_names(table), axis=1)[list(names)]
    try:
        with np.errstate(over="ignore"):  # too large values become inf, see `check_rows`
            return ordered.to_numpy().astype(np.float32)
    except (TypeError, ValueError) as error:
        raise OptionError(f"a column of the features holds no numbers: {error}") from error


def _check_columns(found: tuple[str, ...], names: tuple[str, ...]) -> None:
    repeated = sorted({name for name in found if found.count(name) > 1})
    difference = feature_difference(names, found, in_order=False)
    if repeated:
        difference = "; ".join(filter(None, [difference, f"twice: {_few(repeated)}"]))
    if difference:
        raise ModelCompatibilityError(
            f"the table has other columns ({len(found)}) than the model has features "
            f"({len(names)}): {difference}. Give the features it was trained on, such as "
            "model.feature_set_.table(bars)"
        )


def check_rows(X: np.ndarray, n_features: int) -> None:
    """Check that rows are finite and have as many columns as the training rows.

    Raises
    ------
    ModelCompatibilityError
        For another number of columns: the tree walk for a few rows does not check it.
    OptionError
        For values that are not finite.
    """
    if X.ndim != 2 or X.shape[1] != n_features:
        raise ModelCompatibilityError(
            f"an array of shape {X.shape} is not rows of the {n_features} features the model was "
            "trained on"
        )
    bad = ~np.isfinite(X).all(axis=1)
    if bad.any():
        raise OptionError(
            f"{bad.sum():,} of {len(X):,} rows hold a value that is not finite, the first is row "
            f"{int(bad.argmax())}; leave them out, as features.dropna() does"
        )


def _few(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
