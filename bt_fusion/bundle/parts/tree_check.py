"""Check trees: no index may lead a native reader out of its arrays or into a cycle."""

import numpy as np

from bt_fusion.errors import BundleError

__all__ = ["check_tree"]


def check_tree(
    left: np.ndarray,
    right: np.ndarray,
    feature: np.ndarray,
    internal: np.ndarray,
    n_features: int,
    name: str,
) -> None:
    """Check a binary tree given as arrays, with node 0 as root.

    Parameters
    ----------
    left, right : ndarray of int, shape (n_nodes,)
        Children of internal nodes.
    feature : ndarray of int, shape (n_nodes,)
        Column an internal node splits on.
    internal : ndarray of bool, shape (n_nodes,)
    n_features : int
    name : str
        Name of the tree in errors.

    Raises
    ------
    BundleError
        If a child or a feature does not exist, or a node has two parents. With one parent for each
        node and none for the root, every path from the root ends.

    Examples
    --------
    >>> left, right, feature = np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([4, 0, 0])
    >>> check_tree(left, right, feature, left >= 0, 5, "tree 0")
    >>> check_tree(left, right, feature, left >= 0, 4, "tree 0")
    Traceback (most recent call last):
    bt_fusion.errors.BundleError: tree 0 splits on feature 4 of 4
    """
    children = np.concatenate([left[internal], right[internal]])
    if len(children) and not (children.min() > 0 and children.max() < len(left)):
        raise BundleError(f"{name} has a child outside its {len(left)} nodes")
    if len(np.unique(children)) != len(children):
        raise BundleError(f"{name} has a node with two parents, so it is no tree")
    columns = feature[internal]
    if len(columns) and not (columns.min() >= 0 and columns.max() < n_features):
        worst = columns.min() if columns.min() < 0 else columns.max()
        raise BundleError(f"{name} splits on feature {worst} of {n_features}")
