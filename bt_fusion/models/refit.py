"""One refit of a walk-forward: its rows, the digest of its inputs, fit and prediction."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.importances import feature_shares
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import TrainingError
from bt_fusion.fingerprint import array_digest, code_digest, object_digest, versions_text
from bt_fusion.labels import Label, Labels
from bt_fusion.models.payoff import Payoff
from bt_fusion.models.predictions import NOT_TRAINED

__all__ = [
    "Refit",
    "RefitInputs",
    "RefitOutput",
    "RefitTask",
    "Relabel",
    "fit_copy",
    "fit_numbered",
    "leaves_lock",
]

# Affects the numbers: versions of libraries (the last two may be absent), and our own code.
LIBRARIES = ("numpy", "scikit-learn", "xgboost", "lightgbm", "imbalanced-learn", "torch", "skorch")
CODE = ("ensemble", "models.refit")


@dataclass(frozen=True)
class Refit:
    """One refit of a walk-forward.

    Attributes
    ----------
    start, bar, stop : int
        Positions: training rows begin at `start`, the model is fitted before `bar` and predicts
        bar..stop-1.
    rows : int
        Number of its training rows.
    trained_until : datetime64[ns]
        Stamp of the last bar its labels used, NaT if it could not be fitted.
    trained_on : str
        Digest of everything the fitted model depends on: training rows, options, versions.
    key : str
        Digest of everything the block's predictions depend on.
    cached : bool
        Whether the predictions came from the cache.
    payoff : Payoff or None
        Value of a correct and a wrong prediction, from its training rows.
    importances : ndarray of float64, shape (n_features,), or shape (0,)
        See `feature_shares`.
    """

    start: int
    bar: int
    stop: int
    rows: int = 0
    trained_until: np.datetime64 = NOT_TRAINED
    trained_on: str = ""
    key: str = ""
    cached: bool = False
    payoff: Payoff | None = None
    importances: np.ndarray = field(default_factory=lambda: np.empty(0), compare=False, repr=False)


# From a refit and the labels of its training rows to replacement labels
Relabel = Callable[[Refit, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class RefitOutput:
    """The stored result of a refit: its members' votes on the block, and feature importances.

    >>> kept = RefitOutput(np.array([[[0.4, 0.6]]]), np.array([1.0])).to_array()
    >>> RefitOutput.from_array(kept, (1, 1, 2)).importances
    array([1.])
    """

    votes: np.ndarray
    importances: np.ndarray

    def to_array(self) -> np.ndarray:
        """Return both in one array, to store them in one file."""
        return np.append(self.votes, self.importances)

    @classmethod
    def from_array(cls, array: np.ndarray | None, shape: tuple[int, ...]) -> "RefitOutput | None":
        """Return the output from `to_array` for votes of this shape, None for other content."""
        count = int(np.prod(shape))
        if array is None or array.ndim != 1 or len(array) < count:
            return None
        return cls(array[:count].reshape(shape), array[count:])


@dataclass(frozen=True)
class Rows:
    """Some rows, with the earlier bars that a member with context needs.

    Attributes
    ----------
    X : ndarray of float32, shape (n_bars, n_features)
        Features of consecutive bars, the last one of them a row.
    at : ndarray of int64, shape (n_rows,)
        Positions of the rows in X.
    """

    X: np.ndarray
    at: np.ndarray

    @classmethod
    def cut(cls, X: np.ndarray, rows: np.ndarray, context: int) -> "Rows":
        """Select from all bars those that rows at these positions need, `context` bars each."""
        if not len(rows):
            return cls(np.ascontiguousarray(X[:0]), rows)
        first = max(0, rows[0] - context + 1)
        return cls(np.ascontiguousarray(X[first : rows[-1] + 1]), rows - first)


@dataclass(frozen=True, eq=False)
class RefitInputs:
    """The shared inputs of all refits of a walk-forward.

    Attributes
    ----------
    ensemble : Ensemble
        To copy and fit.
    X : ndarray of float32, shape (n_bars, n_features)
    labels : Labels
        Of all bars.
    label : Label
    """

    ensemble: Ensemble
    X: np.ndarray
    labels: Labels
    label: Label

    def arguments(self, rows: np.ndarray, y: np.ndarray, block: np.ndarray) -> tuple[Any, ...]:
        """Return the arguments of `fit_copy`: the rows at these positions, see `RefitTask`."""
        context = self.ensemble.context
        learnt = Rows.cut(self.X, rows, context)
        shift = rows[0] - learnt.at[0] if len(rows) else 0
        out_of_sample = Rows.cut(self.X, block, context)
        return self.ensemble, learnt, y, self.labels.t1[rows] - shift, out_of_sample, self.label


@dataclass(frozen=True)
class RefitTask:
    """The inputs of one refit.

    Attributes
    ----------
    refit : Refit
    inputs : RefitInputs
        Shared by all refits.
    rows : ndarray of int64, shape (n_rows,)
        Positions of the training rows.
    relabelled : ndarray of float64, shape (n_rows,), or None
        Their labels after a `Relabel`; None uses the labels unchanged.
    block : ndarray of int64, shape (n_block,)
        Positions of the rows to predict.
    code : str
        Digest of the user-defined classes of members.
    """

    refit: Refit
    inputs: RefitInputs
    rows: np.ndarray
    relabelled: np.ndarray | None
    block: np.ndarray
    code: str = ""

    @property
    def y(self) -> np.ndarray:
        """The training labels, shape (n_rows,)."""
        return self.inputs.labels.y[self.rows] if self.relabelled is None else self.relabelled

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of `fit_copy`."""
        return self.inputs.arguments(self.rows, self.y, self.block)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the votes on the block."""
        inputs = self.inputs
        return len(self.block), len(inputs.ensemble.members), len(inputs.label.classes)

    def fit(self) -> tuple[Ensemble, np.ndarray]:
        """Return the model of this refit, and its members' votes on the block."""
        return fit_copy(*self.arguments())

    def with_digests(self) -> "RefitTask":
        """Return the task with digests of everything its model and predictions depend on."""
        ensemble, learnt, y, t1, out_of_sample, label = self.arguments()
        options = object_digest((ensemble, label.classes, label.horizon))
        made_by = f"{_environment()} {self.code} {options}"
        trained_on = array_digest(made_by, learnt.X, learnt.at, y, t1)
        key = array_digest(trained_on, out_of_sample.X, out_of_sample.at)
        return replace(self, refit=replace(self.refit, trained_on=trained_on, key=key))


def leaves_lock(ensemble: Ensemble) -> bool:
    """Return whether every member works outside Python's lock, so that threads help."""
    known = [MEMBERS.get(name) for name in ensemble.members]
    return all(member is not None and member.releases_lock for member in known)


def fit_copy(
    ensemble: Ensemble,
    learnt: Rows,
    y: np.ndarray,
    t1: np.ndarray,
    out_of_sample: Rows,
    label: Label,
) -> tuple[Ensemble, np.ndarray]:
    """Fit a copy of the ensemble on some rows; return it and its members' votes on others."""
    fitted = Ensemble(**ensemble.get_params(deep=False))
    fitted.fit(learnt.X, y, classes=label.classes, rows=learnt.at, t1=t1, purge=label.horizon)
    return fitted, fitted.member_proba(out_of_sample.X, out_of_sample.at)


def fit_numbered(
    inputs: RefitInputs,
    number: int,
    rows: np.ndarray,
    relabelled: np.ndarray | None,
    block: np.ndarray,
) -> tuple[int, RefitOutput | None, str]:
    """Return (number, fitted result, ""), or (number, None, reason) if the fit is impossible."""
    y = inputs.labels.y[rows] if relabelled is None else relabelled
    try:
        ensemble, votes = fit_copy(*inputs.arguments(rows, y, block))
    except TrainingError as error:
        return number, None, str(error)
    return number, RefitOutput(votes, feature_shares(ensemble, inputs.X.shape[1])), ""


def _environment() -> str:
    """Return the versions of code and libraries that affect the numbers."""
    return f"{versions_text(*LIBRARIES)} {code_digest(*CODE)}"
