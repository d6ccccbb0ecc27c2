"""The trees of an ONNX file: every index is inside its array, and every path ends soon."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.tree_check import check_tree
from bt_fusion.ensemble.onnx_forms import DEEPEST
from bt_fusion.errors import BundleError

__all__ = ["check_trees"]

NODES = ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids")
TARGETS = ("treeids", "nodeids", "ids")
ATTRIBUTES = {
    *(f"nodes_{name}" for name in (*NODES, "modes", "values_as_tensor")),
    *(f"target_{name}" for name in (*TARGETS, "weights_as_tensor")),
    *("n_targets", "aggregate_function", "post_transform", "base_values_as_tensor"),
}


@dataclass(frozen=True, eq=False)
class Nodes:
    """The nodes of all trees by their number.

    Attributes
    ----------
    tree, feature, left, right : ndarray of int64, shape (n_nodes,)
    inner : ndarray of bool, shape (n_nodes,)
        Whether a node branches.
    """

    tree: np.ndarray
    feature: np.ndarray
    left: np.ndarray
    right: np.ndarray
    inner: np.ndarray


def check_trees(attributes: dict[str, Any], sums: int, shares: bool, expected: Expected) -> None:
    """Check the attributes of a TreeEnsembleRegressor as `ensemble.onnx_graph` writes them.

    Parameters
    ----------
    attributes : dict
    sums : int
        Number of sums: one per class, or one for the second of two classes.
    shares : bool
        Whether a leaf adds to every sum instead of one.
    expected : Expected

    Raises
    ------
    BundleError
        For indices outside their arrays, cycles, too deep trees, and inconsistent lengths.
    """
    how = (attributes.get("aggregate_function"), attributes.get("post_transform"))
    if attributes.keys() != ATTRIBUTES or attributes["n_targets"] != sums or how != ("SUM", "NONE"):
        raise BundleError(f"{expected.name}: its trees do not add up to {sums} sums")
    nodes = _nodes(attributes, expected.name)
    _check_branches(nodes, expected)
    _check_leaves(attributes, nodes, sums if shares else 1, expected.name)


def _nodes(attributes: dict[str, Any], name: str) -> Nodes:
    """Return the nodes by number, from lists of tree after tree, each from its root."""
    listed = [attributes[f"nodes_{each}"] for each in NODES]
    branch, threshold = attributes["nodes_modes"], attributes["nodes_values_as_tensor"]
    trees, numbers, count = listed[0], listed[1], len(branch)
    if not count or {array.shape for array in (*listed, threshold)} != {(count,)}:
        raise BundleError(f"{name}: the arrays of its {count} nodes have other lengths")
    place = np.argsort(numbers)
    first = np.flatnonzero(np.diff(trees, prepend=-1))
    valid = (
        np.isfinite(threshold).all()
        and np.array_equal(numbers[place], np.arange(count))
        and np.array_equal(trees[first], np.arange(len(first)))
        and np.array_equal(numbers[first], np.arange(len(first)))
    )
    if not valid:
        raise BundleError(f"{name}: its nodes are not listed tree by tree from their roots")
    return Nodes(trees[place], *(array[place] for array in (*listed[2:], branch)))


def _check_branches(nodes: Nodes, expected: Expected) -> None:
    """Check the depth, and that each node except the roots has one parent in its tree."""
    name, roots = expected.name, int(nodes.tree.max()) + 1
    tree, left, right, inner = nodes.tree, nodes.left, nodes.right, nodes.inner
    check_tree(left, right, nodes.feature, inner, len(expected.features), name)
    children = np.concatenate([left[inner], right[inner]])
    own = (tree[left[inner]] == tree[inner]) & (tree[right[inner]] == tree[inner])
    if len(children) != len(tree) - roots or (children < roots).any() or not own.all():
        raise BundleError(f"{name} has a node without a parent, or with one in another tree")
    if any(array[~inner].any() for array in (left, right, nodes.feature)):
        raise BundleError(f"{name} has a leaf with children, or one that looks at a feature")
    level, depth = np.arange(roots), 0
    while len(level := level[inner[level]]):
        level, depth = np.concatenate([left[level], right[level]]), depth + 1
        if depth > DEEPEST:
            raise BundleError(f"{name} has trees of more than {DEEPEST:,} levels")


def _check_leaves(attributes: dict[str, Any], nodes: Nodes, each: int, name: str) -> None:
    """Check that every leaf adds `each` finite numbers to existing sums."""
    trees, numbers, sums = (attributes[f"target_{key}"] for key in TARGETS)
    weights, base = attributes["target_weights_as_tensor"], attributes["base_values_as_tensor"]
    leaves = np.flatnonzero(~nodes.inner)
    valid = (
        np.array_equal(np.sort(numbers), np.repeat(leaves, each))
        and trees.shape == sums.shape == weights.shape == numbers.shape
        and base.shape == (attributes["n_targets"],)
        and (trees == nodes.tree[numbers]).all()
        and (sums < attributes["n_targets"]).all()
        and np.isfinite(weights).all()
        and np.isfinite(base).all()
    )
    if not valid:
        raise BundleError(f"{name}: its {len(leaves)} leaves do not add finite numbers to its sums")
