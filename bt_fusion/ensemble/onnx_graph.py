"""Write trees and linear models as ONNX graphs in float64, with or without standardisation.

The usual converters round LightGBM's float64 thresholds to the nearest float32, so a row between
the two takes the other branch, and they leave out the cast to float32 between a scaler and a
forest. Here thresholds split float32 rows exactly as in the library, and the casts are kept.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.ensemble.onnx_forms import DEEPEST, DOUBLE, IR_VERSION, OPSETS, Form
from bt_fusion.ensemble.trees import Trees
from bt_fusion.errors import OptionError

__all__ = ["Scaling", "linear_graph", "tree_graph"]


@dataclass(frozen=True, eq=False)
class Scaling:
    """The standardisation of rows: ``(rows - mean) / scale``.

    Attributes
    ----------
    mean, scale : ndarray of float64, shape (n_features,)
    """

    mean: np.ndarray
    scale: np.ndarray


def tree_graph(trees: Trees, n_features: int, scaling: Scaling | None = None) -> bytes:
    """Return trees as ONNX: float64 `rows` in, float64 `probabilities` out.

    Parameters
    ----------
    trees : Trees
    n_features : int
    scaling : Scaling, optional
        Applied to the rows first; the result is cast to float32.

    Raises
    ------
    OptionError
        For trees deeper than `DEEPEST`.
    """
    if trees.depth > DEEPEST:
        raise OptionError(f"trees of {trees.depth:,} levels; at most {DEEPEST:,} go into ONNX")
    form = Form("trees", trees.link, scaling is not None)
    attributes = {
        "n_targets": len(trees.base),
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        **_splits(trees),
        **_leaves(trees),
    }
    return _model(form, _scaling(scaling), n_features, max(2, len(trees.base)), attributes)


def linear_graph(coef: np.ndarray, intercept: np.ndarray, scaling: Scaling | None = None) -> bytes:
    """Return a logistic regression as ONNX: float64 `rows` in, float64 `probabilities` out.

    Parameters
    ----------
    coef : ndarray of float64, shape (n_sums, n_features)
        One sum for two classes, otherwise one per class.
    intercept : ndarray of float64, shape (n_sums,)
    scaling : Scaling, optional
    """
    form = Form("linear", "logistic" if len(coef) == 1 else "softmax", scaling is not None)
    constants = {**_scaling(scaling), "coef": coef.T, "intercept": intercept}
    return _model(form, constants, coef.shape[1], max(2, len(coef)), {})


def _scaling(scaling: Scaling | None) -> dict[str, np.ndarray]:
    return {} if scaling is None else {"mean": scaling.mean, "scale": scaling.scale}


def _model(
    form: Form,
    constants: dict[str, np.ndarray],
    n_features: int,
    n_classes: int,
    tree_attributes: dict[str, Any],
) -> bytes:
    from onnx import helper

    nodes = [
        helper.make_node(
            step.operator,
            list(step.inputs),
            [step.output],
            domain=step.domain,
            **(tree_attributes if step.domain else step.attributes),
        )
        for step in form.steps
    ]
    values = {**constants, "one": np.array(1.0)}
    graph = helper.make_graph(
        nodes,
        "member",
        [helper.make_tensor_value_info("rows", DOUBLE, [None, n_features])],
        [helper.make_tensor_value_info("probabilities", DOUBLE, [None, n_classes])],
        [_doubles(values[name], name) for name in form.constants],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return model.SerializeToString()


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
    """Return the attributes for what each leaf adds to which sum."""
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
    """Return the tree number of each node."""
    numbers = np.empty(len(trees), dtype=np.int64)
    nodes = numbers[: trees.n_trees] = np.arange(trees.n_trees)
    while len(nodes := nodes[trees.left[nodes] != nodes]):
        left = trees.left[nodes]
        numbers[left] = numbers[left + 1] = numbers[nodes]
        nodes = np.concatenate([left, left + 1])
    return numbers


def _doubles(values: np.ndarray, name: str = "") -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array(values, dtype=np.float64, order="C"), name)
