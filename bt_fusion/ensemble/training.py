"""Prepare training rows by the ensemble's options, and fit members on them.

All functions here see only training rows. A member's class attributes tell what it needs:

``in_time_order = True``
    It splits its rows in time itself (early stopping, a probability map). It receives only real
    rows, in time order, and the keyword `purge`. Instead of synthetic rows it gets class weights,
    which have the same effect on the classes' shares.
``needs_context = True``
    It looks back over `window` bars. Instead of a matrix of rows, its `fit` and `predict_proba`
    receive all bars and the keyword `rows`, the positions of the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from bt_fusion.ensemble.resampling import inside_quartiles, smote
from bt_fusion.ensemble.sample_weights import sample_weights
from bt_fusion.errors import OptionError, TrainingError, unknown_name

__all__ = ["Preparation", "TrainingRows", "fit_member", "member_proba", "rows_proba", "time_split"]

LAST_SHARE = 0.2  # of the training rows, held out at their end for maps and early stopping


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Training rows and their positions among consecutive bars.

    Attributes
    ----------
    X : ndarray, shape (n_bars, n_features)
        Features of consecutive bars, up to the last row.
    rows : ndarray of int64, shape (n_rows,)
        Positions in X, ascending.
    codes : ndarray of int64, shape (n_rows,)
        Classes, numbered from 0 without gaps.
    t1 : ndarray of int64, shape (n_rows,)
        Positions at which the labels are known.
    purge : int
        Most bars until a label is known: the label's horizon.
    weight : ndarray of float64, shape (n_rows,), or None
    synthetic : pair of ndarray, or None
        Synthetic rows added to the real ones, and their codes.
    """

    X: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    t1: np.ndarray
    purge: int = 0
    weight: np.ndarray | None = None
    synthetic: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, picks: slice | np.ndarray) -> "TrainingRows":
        weight = None if self.weight is None else self.weight[picks]
        rows, codes, t1 = self.rows[picks], self.codes[picks], self.t1[picks]
        return replace(self, rows=rows, codes=codes, t1=t1, weight=weight)

    @cached_property
    def matrix(self) -> np.ndarray:
        """The rows' features, float32, row-major."""
        every = len(self.rows) == len(self.X)
        return np.ascontiguousarray(self.X if every else self.X[self.rows], dtype=np.float32)


def time_split(n_rows: int, purge: int, share: float = LAST_SHARE) -> tuple[slice, slice]:
    """Split rows in time order into early ones and the last `share`.

    Between them, as many rows as the label looks ahead are left out: rows are at least a bar apart,
    so every early label is known before the first late row.

    Raises
    ------
    TrainingError
        If no early row is left.

    Examples
    --------
    >>> time_split(20, purge=3)
    (slice(0, 13, None), slice(16, 20, None))
    """
    late = n_rows - max(1, round(n_rows * share))
    if late <= purge:
        raise TrainingError(
            f"{n_rows} training rows cannot be split in time with {purge} left out between the "
            "parts; give a longer window"
        )
    return slice(0, late - purge), slice(late, n_rows)


@dataclass(frozen=True)
class Preparation:
    """The preparation of training rows; see `Ensemble` for each option.

    Raises
    ------
    OptionError
        For a value outside an option's choices, or options that exclude each other.
    """

    class_weight: str | None = None
    sample_weights: str | None = None
    resample: str | None = None
    outliers: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for option, choices in CHOICES.items():
            if getattr(self, option) not in (None, *choices):
                raise unknown_name(option, getattr(self, option), choices)
        if self.resample and (self.sample_weights or self.class_weight):
            raise OptionError(
                "resample='smote' goes with neither class_weight nor sample_weights: it evens "
                "out the classes itself, and made-up rows have no span in time to weigh by"
            )

    def __call__(self, training: TrainingRows) -> TrainingRows:
        """Return the rows without outliers, with weights and synthetic rows."""
        if self.outliers:
            training = training[inside_quartiles(training.matrix)]
        check_classes(training.codes, "without outliers" if self.outliers else "")
        if self.resample:
            if training.weight is not None:
                raise OptionError("resample='smote' cannot weigh rows; leave sample_weight out")
            made = smote(training.matrix, training.codes, self.seed)
            return replace(training, synthetic=made)
        return replace(training, weight=self._weight(training))

    def _weight(self, training: TrainingRows) -> np.ndarray | None:
        factors = [] if training.weight is None else [training.weight]
        if self.sample_weights:
            factors.append(sample_weights(self.sample_weights, training.rows, training.t1))
        if self.class_weight:
            factors.append(compute_sample_weight("balanced", training.codes))
        return np.prod(factors, axis=0) if factors else None


CHOICES: dict[str, Sequence[str]] = {
    "class_weight": ("balanced",),
    "sample_weights": ("uniqueness", "decay"),
    "resample": ("smote",),
    "outliers": ("iqr",),
}


def check_classes(codes: np.ndarray, which: str = "") -> None:
    """Raise a TrainingError if a single class is left."""
    present = np.unique(codes)
    if len(present) < 2:
        raise TrainingError(
            f"{len(codes)} training rows {which + ' ' if which else ''}hold a single class; "
            "give a longer window or another label"
        )


def fit_member(estimator: Any, training: TrainingRows) -> Any:
    """Fit a member on prepared rows, in the form it needs, and return it."""
    X, codes, weight = training.matrix, training.codes, training.weight
    extra: dict[str, Any] = {}
    if getattr(estimator, "in_time_order", False):
        extra["purge"] = training.purge
        weight = weight if training.synthetic is None else compute_sample_weight("balanced", codes)
    elif training.synthetic is not None:
        X, codes = (
            np.concatenate(pair) for pair in zip((X, codes), training.synthetic, strict=True)
        )
    if getattr(estimator, "needs_context", False):
        X, extra["rows"] = training.X, training.rows
    if hasattr(estimator, "steps"):
        X = X.astype(np.float64)  # sums and products of a linear member lose precision in float32
    if weight is not None:
        extra[weight_name(estimator)] = weight
    return estimator.fit(X, codes, **extra)


def rows_proba(
    estimator: Any, X: np.ndarray, rows: np.ndarray, matrix: np.ndarray | None = None
) -> np.ndarray:
    """Return a fitted member's probabilities of some rows among the bars of X.

    Parameters
    ----------
    estimator : classifier
    X : ndarray, shape (n_bars, n_features)
    rows : ndarray of int, shape (n_rows,)
        Positions in X, ascending.
    matrix : ndarray of float32, shape (n_rows, n_features), optional
        These rows, if already taken out of X.
    """
    if getattr(estimator, "needs_context", False):
        first = max(0, rows[0] - estimator.window + 1)
        proba = estimator.predict_proba(X[first : rows[-1] + 1], rows=rows - first)
        return in_class_order(estimator, proba)
    if matrix is None:
        matrix = np.ascontiguousarray(X[rows], dtype=np.float32)
    return member_proba(estimator, matrix)


def weight_name(estimator: Any) -> str:
    """Return the name of the sample weights in an estimator's `fit`.

    Raises
    ------
    OptionError
        If it does not accept weights.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    last, prefix = estimator, ""
    if isinstance(estimator, Pipeline):
        step, last = estimator.steps[-1]
        prefix = f"{step}__"
    if not has_fit_parameter(last, "sample_weight"):
        raise OptionError(
            f"{type(last).__name__} takes no sample weights; leave the weights out, or the member"
        )
    return f"{prefix}sample_weight"


FEW_ROWS = 64  # up to this many rows, the tree walk beats scikit-learn's overhead per call


def member_proba(estimator: Any, X: np.ndarray) -> np.ndarray:
    """Return a fitted member's class probabilities, shape (n_rows, n_classes of the member).

    For a few rows a forest predicts tree by tree: the same sums in the same order, without
    scikit-learn's thread pool (15 ms a call). This also holds for the last step of a pipeline.
    """
    if hasattr(estimator, "steps"):
        X = X.astype(np.float64)  # same as in fit_member
        for _, step in estimator.steps[:-1]:
            X = X if step in (None, "passthrough") else step.transform(X)
        return member_proba(estimator.steps[-1][1], X)
    if (
        len(X) <= FEW_ROWS
        and hasattr(estimator, "estimators_")
        and hasattr(estimator, "max_samples")
    ):
        X = np.ascontiguousarray(X, dtype=np.float32)
        total = estimator.estimators_[0].tree_.predict(X)
        for tree in estimator.estimators_[1:]:
            total += tree.tree_.predict(X)
        return total / len(estimator.estimators_)
    return in_class_order(estimator, estimator.predict_proba(X))


def in_class_order(estimator: Any, proba: np.ndarray) -> np.ndarray:
    """Return probabilities with columns in ascending order of the classes.

    A classifier's columns follow its `classes_`, which may not be ascending.
    """
    classes = getattr(estimator, "classes_", None)
    if classes is None or np.ndim(proba) != 2 or len(classes) != np.shape(proba)[1]:
        return proba
    order = np.argsort(classes)
    return proba if (order[1:] > order[:-1]).all() else proba[:, order]
