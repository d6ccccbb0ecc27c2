"""Fast predictions of a single row, by walking the trees without their libraries' overhead.

On a single row a library spends its time on checks, copies and waking threads. If several libraries
with their own thread pools take turns, each waits for the others (15 ms a bar for three members).
Walking the trees visits a few hundred nodes.
"""

import ctypes
from collections.abc import Callable
from copy import copy
from math import exp
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import chosen_estimator
from bt_fusion.ensemble.members.histogram_forest import shares
from bt_fusion.ensemble.trees import Trees, read_trees
from bt_fusion.errors import OptionError

__all__ = ["SingleRowTrees", "single_row_ensemble"]

CHECKED_ROWS = 48
TOLERANCE = 1e-9  # largest difference of a probability, see `SingleRowTrees`
LARGEST = np.float32(88.7)  # XGBoost limits the argument of the exponential


class SingleRowTrees:
    """A fitted tree classifier that predicts a single row by walking all trees at once.

    The sums equal the library's exactly: same order, dtype, formula for the probability and the C
    library's exponential (numpy's differs in the last digit). The library predicts if there are
    more rows.

    Parameters
    ----------
    estimator : classifier
        Fitted, and readable by `read_trees`.

    Raises
    ------
    OptionError
        If its trees cannot be read, or their probabilities differ from the library's on rows at
        their thresholds.
    """

    def __init__(self, estimator: Any):
        self.estimator = estimator
        self.trees = read_trees(estimator)
        self._check()

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, shape (n_rows, n_classes)."""
        if len(X) != 1:
            return self.estimator.predict_proba(X)
        trees = self.trees
        values = trees.value[leaves(trees, np.asarray(X[0], dtype=np.float32))]
        if trees.link == "mean":
            return np.add.accumulate(values)[-1:] / trees.n_trees
        rounds = values.reshape(-1, len(trees.base))
        margin = np.add.accumulate(np.concatenate([trees.base[None], rounds]))[-1]
        return LINKS[trees.link, margin.dtype](margin)[None]

    def _check(self) -> None:
        rows = rows_at_thresholds(self.trees, self.estimator.n_features_in_)
        one_by_one = np.concatenate([self.predict_proba(row[None]) for row in rows])
        difference = np.abs(one_by_one - self.estimator.predict_proba(rows)).max()
        if not difference <= TOLERANCE:
            raise OptionError(
                f"the trees of a {type(self.estimator).__name__} walked by themselves differ by "
                f"{difference:.2g} from what it predicts"
            )


def single_row_ensemble(ensemble: Ensemble) -> Ensemble:
    """Return a fitted ensemble with fast single-row predictions and the same probabilities.

    A `BestMember` is replaced by its winner. Members are unchanged if their trees cannot be read or
    fail the check of `SingleRowTrees`, or if they predict in ONNX.
    """
    fast = copy(ensemble)
    fast.members_ = {
        name: made if ensemble.predicts_in_onnx(name) else _single_row_member(made)
        for name, made in ensemble.members_.items()
    }
    return fast


def _single_row_member(member: Any) -> Any:
    estimator = chosen_estimator(member)
    try:
        return SingleRowTrees(estimator)
    except OptionError:
        return estimator


def leaves(trees: Trees, row: np.ndarray) -> np.ndarray:
    """Return the leaf that a row of finite float32 features reaches in each tree."""
    node = np.arange(trees.n_trees)
    for _ in range(trees.depth):
        node = trees.left[node] + (row[trees.feature[node]] > trees.threshold[node])
    return node


def rows_at_thresholds(trees: Trees, n_features: int, n_rows: int = CHECKED_ROWS) -> np.ndarray:
    """Return rows whose values are thresholds of the trees, or the next float32 above them."""
    draw = np.random.default_rng(0)
    rows = np.zeros((n_rows, n_features), dtype=np.float32)
    for feature in range(n_features):
        splits = (trees.feature == feature) & np.isfinite(trees.threshold)
        if splits.any():
            rows[:, feature] = draw.choice(trees.threshold[splits], n_rows)
    above = draw.random(rows.shape) < 0.5
    above &= rows < np.finfo(np.float32).max
    return np.nextafter(rows, np.where(above, np.float32(np.inf), rows))


def _expf() -> Callable[[float], float]:
    """Return the C library's exponential of a float32, which XGBoost uses.

    The float64 exponential rounded to float32 differs in about one case in a thousand.
    """
    try:
        function = ctypes.CDLL(None).expf
    except (AttributeError, OSError, TypeError):  # a system with another location
        return lambda value: float(np.float32(np.exp(value)))
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    return function


EXPF = _expf()


def _logistic32(margin: np.ndarray) -> np.ndarray:
    one = np.float32(1)
    up = one / (np.float32(EXPF(min(-margin[0], LARGEST))) + one)
    return np.array([one - up, up])


def _softmax32(margin: np.ndarray) -> np.ndarray:
    powers = np.array([EXPF(value) for value in margin - margin.max()], dtype=np.float32)
    total = np.add.accumulate(powers, dtype=np.float64)[-1]
    return powers / np.float32(total)


def _logistic64(margin: np.ndarray) -> np.ndarray:
    up = 1 / (1 + exp(min(-margin[0], 709.0)))  # beyond this exp overflows
    return np.array([1 - up, up])


def _softmax64(margin: np.ndarray) -> np.ndarray:
    powers = np.array([exp(value) for value in margin - margin.max()])
    return powers / np.add.accumulate(powers)[-1]


def _shares32(sums: np.ndarray) -> np.ndarray:
    return shares(sums[None])[0]


FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
LINKS: dict[tuple[str, np.dtype], Callable[[np.ndarray], np.ndarray]] = {
    ("logistic", FLOAT32): _logistic32,
    ("softmax", FLOAT32): _softmax32,
    ("logistic", FLOAT64): _logistic64,
    ("softmax", FLOAT64): _softmax64,
    ("share", FLOAT32): _shares32,
    ("shares", FLOAT32): _shares32,
}
