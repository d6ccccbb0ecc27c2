"""Trees of fitted members as plain arrays, for several libraries.

Every split becomes `x <= threshold` with a float32 threshold. Features are float32, so this is
exact: the largest float32 not above a float64 threshold splits float32 values the same way, and
XGBoost's `x < c` is `x <= t` with t the float32 below c.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.ensemble.xgboost_trees import classifier_tables, forest_tables
from bt_fusion.errors import OptionError

__all__ = ["Trees", "read_trees", "round_down"]

LIGHTGBM_ZERO = np.float32(1e-35)  # LightGBM treats values up to this size as zero


@dataclass(frozen=True, eq=False)
class Trees:
    """The trees of one fitted classifier, splits and leaves in one numbering.

    The roots come first, in the order in which the library adds the trees. The two children of a
    split are adjacent. Leaves point to themselves, so that one more step is always possible.

    Attributes
    ----------
    feature : ndarray of int64, shape (n_nodes,)
        Column a split tests; 0 in leaves.
    threshold : ndarray of float32, shape (n_nodes,)
        Values up to it go left; infinite in leaves.
    left : ndarray of int64, shape (n_nodes,)
        The left child; the right one is the next node. A leaf points to itself.
    value : ndarray, shape (n_nodes,) or (n_nodes, n_classes)
        Of leaves: a margin, whose class is the tree's number modulo the number of margins, or
        shares of all classes. In the dtype of the library's sums.
    n_trees, depth : int
    base : ndarray, shape (n_margins,)
        Start of the sums.
    link : {"mean", "logistic", "softmax", "share", "shares"}
        The function from sums to probabilities. For "share" the sum is the second class's
        probability; for "shares" the sums still need normalising.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    value: np.ndarray
    n_trees: int
    depth: int
    base: np.ndarray
    link: str

    def __len__(self) -> int:
        return len(self.left)


def read_trees(estimator: Any) -> Trees:
    """Read the trees of a fitted forest, XGBClassifier or LGBMClassifier.

    Raises
    ------
    OptionError
        For any other classifier, and for forms that are not plain sums of numerical trees (dart,
        categories, linear leaves, learnt missing values).
    """
    reader = READERS.get(type(estimator).__name__)
    if reader is None:
        raise OptionError(
            f"{type(estimator).__name__} has no trees that can be read; they are read from "
            f"{', '.join(READERS)}"
        )
    try:
        return reader(estimator)
    except OptionError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        raise OptionError(
            f"the {type(estimator).__name__} is not fitted, or its library writes its trees in a "
            f"form that is not read here: {type(error).__name__}: {error}"
        ) from error


def round_down(threshold: np.ndarray) -> np.ndarray:
    """Return for each float64 the largest float32 not above it.

    >>> round_down(np.array([0.1])).item() < 0.1 < float(np.float32(0.1))
    True
    """
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _forest(estimator: Any) -> Trees:
    fitted = [made.tree_ for made in estimator.estimators_]
    if estimator.n_outputs_ != 1:
        raise OptionError("a forest of several outputs is not read; give it one")
    tables = [
        (t.feature, round_down(t.threshold), t.children_left, t.children_right, t.value[:, 0])
        for t in fitted
    ]
    return _joined(tables, np.zeros(estimator.n_classes_), "mean")


def _lightgbm(estimator: Any) -> Trees:
    head, *blocks = estimator.booster_.model_to_string().split("\n\nTree=")
    header = _fields(head)
    several = header["objective"].startswith("multiclass ")
    if not (several or header["objective"] == "binary sigmoid:1") or "average_output" in head:
        raise OptionError(f"LightGBM with {header['objective']} is not read")
    tables = [_lightgbm_table(_fields(block)) for block in blocks]
    return _joined(
        tables,
        np.zeros(int(header["num_tree_per_iteration"])),
        "softmax" if several else "logistic",
    )


def _lightgbm_table(fields: dict[str, str]) -> tuple[np.ndarray, ...]:
    """Number the leaves after the splits."""
    splits = int(fields["num_leaves"]) - 1
    decision = _numbers(fields.get("decision_type"), np.int64)
    # bit 0 a category; bits 2 and 3 the values that count as missing, 1 for zeros
    if (decision & 1).any() or ((decision >> 2) & 3 == 1).any() or fields["is_linear"] != "0":
        raise OptionError("LightGBM with categories, missing zeros or linear leaves is not read")
    leaves = np.arange(splits, 2 * splits + 1)
    sides = []
    for name in ("left_child", "right_child"):
        child = _numbers(fields.get(name), np.int64)
        sides.append(np.concatenate([np.where(child < 0, splits + ~child, child), leaves * 0 - 1]))
    nothing = np.zeros(splits + 1)
    feature = np.concatenate([_numbers(fields.get("split_feature"), np.int64), leaves * 0])
    threshold = np.concatenate([_numbers(fields.get("threshold"), np.float64), nothing])
    value = np.concatenate([np.zeros(splits), _numbers(fields["leaf_value"], np.float64)])
    return feature, _around_zero(round_down(threshold)), *sides, value


def _around_zero(threshold: np.ndarray) -> np.ndarray:
    """Move thresholds close to zero out of the range of values that LightGBM sets to zero."""
    below = np.nextafter(-LIGHTGBM_ZERO, np.float32(-np.inf))
    moved = np.where(threshold >= 0, LIGHTGBM_ZERO, below)
    return np.where(np.abs(threshold) <= LIGHTGBM_ZERO, moved, threshold)


def _joined(tables: Sequence[tuple[np.ndarray, ...]], base: np.ndarray, link: str) -> Trees:
    """Join trees (node 0 the root, children -1 in leaves) into one numbering."""
    sizes = np.array([len(table[0]) for table in tables])
    roots = np.cumsum(sizes) - sizes
    shift = np.repeat(roots, sizes)
    feature, threshold, left, right, value = (
        np.concatenate(column) for column in zip(*tables, strict=True)
    )
    splits = np.flatnonzero(left >= 0)
    first = len(roots) + 2 * np.arange(len(splits))
    number = np.empty(len(left), dtype=np.int64)  # the new number of each node
    number[roots] = np.arange(len(roots))
    number[left[splits] + shift[splits]] = first
    number[right[splits] + shift[splits]] = first + 1
    place = np.argsort(number)
    new_left = np.arange(len(left))
    new_left[number[splits]] = first
    inner = (left >= 0)[place]
    return Trees(
        np.where(inner, feature[place], 0).astype(np.int64),
        np.where(inner, threshold[place], np.float32(np.inf)),
        new_left,
        np.ascontiguousarray(value[place]),
        len(roots),
        _depth(new_left, len(roots)),
        base,
        link,
    )


def _depth(left: np.ndarray, n_trees: int) -> int:
    """Return the number of steps from the roots until only leaves are left."""
    nodes, depth = np.arange(n_trees), 0
    while len(nodes := nodes[left[nodes] != nodes]):
        nodes = np.concatenate([left[nodes], left[nodes] + 1])
        depth += 1
    return depth


def _fields(text: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in text.split("\n"))


def _numbers(text: str | None, dtype: Any) -> np.ndarray:
    return np.array((text or "").split(), dtype=dtype)


READERS: dict[str, Callable[[Any], Trees]] = {
    "RandomForestClassifier": _forest,
    "ExtraTreesClassifier": _forest,
    "HistogramForest": lambda estimator: _joined(*forest_tables(estimator)),
    "XGBClassifier": lambda estimator: _joined(*classifier_tables(estimator)),
    "LGBMClassifier": _lightgbm,
}
