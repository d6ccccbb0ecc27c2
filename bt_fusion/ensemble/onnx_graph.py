"""Trees as an ONNX graph, with float64 thresholds and leaves.

The usual converters turn LightGBM's float64 thresholds into the nearest float32, so that a row
between the two takes the other branch. Here a threshold is one that parts float32 rows as the
library does, and all three libraries go through one graph: the trees, their sum, its link.
"""

from typing import Any

import numpy as np

from bt_fusion.ensemble.trees import Trees

__all__ = ["tree_graph"]

OPSETS = {"": 13, "ai.onnx.ml": 3}
IR_VERSION = 8


def tree_graph(trees: Trees, n_features: int) -> bytes:
    """Return trees as ONNX: float64 `rows` in, float64 `probabilities` out.

    Parameters
    ----------
    trees : Trees
    n_features : int
    """
    from onnx import TensorProto, helper

    classes = max(2, len(trees.base))
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["rows"],
        ["sum"],
        domain="ai.onnx.ml",
        n_targets=len(trees.base),
        aggregate_function="SUM",
        post_transform="NONE",
        **_splits(trees),
        **_leaves(trees),
    )
    link, constants = _link(trees)
    graph = helper.make_graph(
        [ensemble, helper.make_node("Cast", ["sum"], ["total"], to=TensorProto.DOUBLE), *link],
        "member",
        [helper.make_tensor_value_info("rows", TensorProto.DOUBLE, [None, n_features])],
        [helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, [None, classes])],
        constants,
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return model.SerializeToString()


def _link(trees: Trees) -> tuple[list[Any], list[Any]]:
    """Return the nodes from the sum to the probabilities, and their constants."""
    from onnx import helper, numpy_helper

    if trees.link == "mean":
        return [helper.make_node("Identity", ["total"], ["probabilities"])], []
    if trees.link == "softmax":
        return [helper.make_node("Softmax", ["total"], ["probabilities"], axis=1)], []
    nodes = [
        helper.make_node("Sigmoid", ["total"], ["up"]),
        helper.make_node("Sub", ["one", "up"], ["down"]),
        helper.make_node("Concat", ["down", "up"], ["probabilities"], axis=1),
    ]
    return nodes, [numpy_helper.from_array(np.array(1.0), "one")]


def _splits(trees: Trees) -> dict[str, Any]:
    """Return the attributes that describe the nodes, tree by tree, each root first."""
    numbers = _tree_numbers(trees)
    order = np.argsort(numbers, kind="stable")
    inner = trees.left[order] != order
    left = np.where(inner, trees.left[order], 0)
    threshold = np.where(inner, trees.threshold[order], 0)
    return {
        "nodes_treeids": numbers[order].tolist(),
        "nodes_nodeids": order.tolist(),
        "nodes_featureids": trees.feature[order].tolist(),
        "nodes_modes": np.where(inner, "BRANCH_LEQ", "LEAF").tolist(),
        "nodes_truenodeids": left.tolist(),
        "nodes_falsenodeids": np.where(inner, left + 1, 0).tolist(),
        "nodes_values_as_tensor": _doubles(threshold),
    }


def _leaves(trees: Trees) -> dict[str, Any]:
    """Return the attributes that say what each leaf adds to which sum."""
    leaf = np.flatnonzero(trees.left == np.arange(len(trees)))
    numbers, sums = _tree_numbers(trees)[leaf], len(trees.base)
    if trees.link == "mean":  # a leaf adds to every class
        weight = trees.value[leaf].astype(np.float64) / trees.n_trees
        target = np.tile(np.arange(sums), len(leaf))
        leaf, numbers = np.repeat(leaf, sums), np.repeat(numbers, sums)
    else:
        weight, target = trees.value[leaf].astype(np.float64), numbers % sums
    return {
        "target_treeids": numbers.tolist(),
        "target_nodeids": leaf.tolist(),
        "target_ids": target.tolist(),
        "target_weights_as_tensor": _doubles(weight.ravel()),
        "base_values_as_tensor": _doubles(trees.base.astype(np.float64)),
    }


def _tree_numbers(trees: Trees) -> np.ndarray:
    """Return which tree each node belongs to."""
    numbers = np.empty(len(trees), dtype=np.int64)
    nodes = numbers[: trees.n_trees] = np.arange(trees.n_trees)
    while len(nodes := nodes[trees.left[nodes] != nodes]):
        left = trees.left[nodes]
        numbers[left] = numbers[left + 1] = numbers[nodes]
        nodes = np.concatenate([left, left + 1])
    return numbers


def _doubles(values: np.ndarray) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float64))
