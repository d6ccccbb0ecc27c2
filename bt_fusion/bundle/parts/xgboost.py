"""XGBoost classifiers as XGBoost's own JSON, read and checked before XGBoost sees it."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected, check_features
from bt_fusion.bundle.manifest import read_json
from bt_fusion.bundle.parts.tree_check import check_tree
from bt_fusion.errors import BundleError, OptionError

__all__ = ["Learner", "build", "checked_json", "dump", "dumped_json", "inspect"]

# Tree arrays with one value per node, and those that categories would fill
NODE_INTEGERS = (
    "left_children",
    "right_children",
    "parents",
    "split_indices",
    "split_type",
    "default_left",
)
NODE_NUMBERS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
EMPTY = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
TREE_KEYS = {*NODE_INTEGERS, *NODE_NUMBERS, *EMPTY, "id", "tree_param"}
OBJECTIVES = ("binary:logistic", "multi:softprob")
INT32 = 2**31 - 1


@dataclass(frozen=True)
class Learner:
    """The required fields on the outputs in a booster's JSON.

    Attributes
    ----------
    objective : str
    num_class : int
        0 if the trees add up to a single number, or to one per target.
    num_target : int
    """

    objective: str
    num_class: int
    num_target: int

    @property
    def details(self) -> tuple[str, str]:
        """The objective's field in the JSON, and the only field in it."""
        if self.num_class:
            return "softmax_multiclass_param", "num_class"
        return "reg_loss_param", "scale_pos_weight"


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the booster as JSON, with the feature names."""
    return dumped_json(estimator.get_booster(), features, OBJECTIVES)


def dumped_json(booster: Any, features: tuple[str, ...], objectives: tuple[str, ...]) -> bytes:
    """Return a booster as JSON; OptionError for an unsupported objective."""
    content = json.loads(booster.save_raw("json"))
    learner = content["learner"]
    learner["feature_names"] = list(features)
    learner["attributes"].pop("scikit_learn", None)
    if learner["gradient_booster"]["name"] != "gbtree":
        raise OptionError("XGBoost members are saved with booster 'gbtree' only")
    if learner["objective"]["name"] not in objectives:
        raise OptionError(f"XGBoost members are saved with an objective of {objectives} only")
    return json.dumps(content, separators=(",", ":")).encode()


def inspect(data: bytes, expected: Expected) -> bytes:
    """Check the JSON and return it in the form that XGBoost reads."""
    several = expected.n_classes > 2
    learner = Learner(OBJECTIVES[several], expected.n_classes if several else 0, 1)
    return checked_json(data, expected, learner)


def checked_json(data: bytes, expected: Expected, wanted: Learner) -> bytes:
    """Check the JSON of a booster and return it in the form that XGBoost reads.

    The result is written again from the checked content, so that no difference between two JSON
    readers can hide anything.
    """
    content = read_json(data, expected.name)
    _keys(content, {"learner", "version"}, expected.name)
    learner = content["learner"]
    known = {"attributes", "feature_names", "feature_types", "gradient_booster"}
    _keys(learner, known | {"learner_model_param", "objective"}, expected.name)
    check_features(expected.features, tuple(map(str, learner["feature_names"])), expected.name)
    learner["feature_names"] = []
    _check_learner(learner, expected, wanted)
    _check_booster(learner["gradient_booster"], learner["attributes"], expected)
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def build(data: bytes, expected: Expected) -> Any:
    """Return the fitted classifier."""
    from xgboost import XGBClassifier

    estimator = XGBClassifier() if expected.template is None else expected.template
    parameters = estimator.get_params()
    estimator.load_model(bytearray(data))
    # load_model overwrites some parameters; a copy must train as the template would
    estimator.set_params(**{name: parameters[name] for name in ("base_score", "feature_types")})
    return estimator


def _check_learner(learner: dict[str, Any], expected: Expected, wanted: Learner) -> None:
    about, objective = learner["learner_model_param"], learner["objective"]
    known = {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"}
    _keys(about, known, expected.name)
    counts = {
        "num_class": str(wanted.num_class),
        "num_feature": str(len(expected.features)),
        "num_target": str(wanted.num_target),
    }
    found = {name: about[name] for name in counts}
    if found != counts or objective["name"] != wanted.objective or learner["feature_types"]:
        raise BundleError(
            f"{expected.name} predicts {found} by {str(objective['name'])[:40]}, the manifest says "
            f"{counts} by {wanted.objective}"
        )
    scores = np.atleast_1d(np.asarray(json.loads(about["base_score"]), dtype=float))
    sums = max(1, wanted.num_class, wanted.num_target)
    if scores.shape not in {(1,), (sums,)} or not np.isfinite(scores).all():
        raise BundleError(
            f"{expected.name}: base_score {about['base_score'][:40]} is not {sums} finite numbers"
        )
    field, detail = wanted.details
    _keys(objective, {"name", field}, expected.name)
    _keys(objective[field], {detail}, expected.name)
    if wanted.num_class and objective[field][detail] != counts["num_class"]:
        raise BundleError(f"{expected.name}: objective for {str(objective[field])[:60]}")


def _check_booster(booster: dict[str, Any], attributes: dict[str, Any], expected: Expected) -> None:
    _keys(booster, {"model", "name"}, expected.name)
    model = booster["model"]
    _keys(
        model,
        {"cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"},
        expected.name,
        optional={"cats"},
    )
    trees, groups = model["trees"], expected.n_classes if expected.n_classes > 2 else 1
    about = model["gbtree_model_param"]
    parallel = int(about["num_parallel_tree"])
    rounds = len(trees) // max(1, groups * parallel)
    info = [k for _ in range(rounds) for k in range(groups) for _ in range(parallel)]
    steps = list(range(0, len(trees) + 1, max(1, groups * parallel)))
    if (
        booster["name"] != "gbtree"
        or not trees
        or any(model.get("cats", {}).values())
        or about != {"num_parallel_tree": str(parallel), "num_trees": str(len(trees))}
        or model["tree_info"] != info
        or model["iteration_indptr"] != steps
    ):
        raise BundleError(f"{expected.name}: trees, their count and their classes do not agree")
    _check_attributes(attributes, rounds, expected)
    for number, tree in enumerate(trees):
        _check_tree(tree, number, expected)


def _check_attributes(attributes: dict[str, Any], rounds: int, expected: Expected) -> None:
    _keys(attributes, set(), expected.name, optional={"best_iteration", "best_score"})
    if not 0 <= int(attributes.get("best_iteration", 0)) < rounds:
        raise BundleError(f"{expected.name}: best_iteration is outside its {rounds} rounds")
    float(attributes.get("best_score", 0))


def _check_tree(tree: dict[str, Any], number: int, expected: Expected) -> None:
    name = f"{expected.name}, tree {number}"
    _keys(tree, TREE_KEYS, name)
    nodes = len(tree["left_children"])
    about = {
        "num_deleted": "0",
        "num_feature": str(len(expected.features)),
        "num_nodes": str(nodes),
        "size_leaf_vector": "1",
    }
    if tree["tree_param"] != about or tree["id"] != number or any(tree[key] for key in EMPTY):
        raise BundleError(f"{name}: {str(tree['tree_param'])[:120]} is not {about}")
    arrays = {key: _integers(tree[key], nodes, f"{name}.{key}") for key in NODE_INTEGERS}
    for key in NODE_NUMBERS:
        _numbers(tree[key], nodes, f"{name}.{key}")
    left, right = arrays["left_children"], arrays["right_children"]
    internal = left != -1
    if ((right != -1) != internal).any() or arrays["split_type"].any():
        raise BundleError(f"{name} has a node with one child, or one that splits by category")
    check_tree(left, right, arrays["split_indices"], internal, len(expected.features), name)
    if not np.isin(arrays["default_left"], (0, 1)).all():
        raise BundleError(f"{name}.default_left holds other values than 0 and 1")
    _check_parents(arrays["parents"], left, right, internal, name)


def _check_parents(
    parents: np.ndarray, left: np.ndarray, right: np.ndarray, internal: np.ndarray, name: str
) -> None:
    true = np.full(len(parents), INT32)
    true[left[internal]] = true[right[internal]] = np.flatnonzero(internal)
    if (true != parents).any():
        raise BundleError(f"{name}: parents and children do not agree")


def _keys(value: Any, known: set[str], name: str, optional: set[str] | None = None) -> None:
    wanted = known - (optional or set())
    allowed = known | (optional or set())
    if not isinstance(value, dict) or not wanted <= value.keys() <= allowed:
        found = sorted(value)[:8] if isinstance(value, dict) else value
        raise BundleError(f"{name}: fields {str(found)[:120]} where {sorted(wanted)} belong")


def _integers(values: Any, count: int, name: str) -> np.ndarray:
    if not isinstance(values, list) or len(values) != count or {*map(type, values)} - {int}:
        raise BundleError(f"{name} does not hold {count} whole numbers")
    if values and (min(values) < -1 or max(values) > INT32):
        raise BundleError(f"{name} holds a number outside -1..{INT32}")
    return np.asarray(values, dtype=np.int64)


def _numbers(values: Any, count: int, name: str) -> None:
    if not isinstance(values, list) or len(values) != count or {*map(type, values)} - {int, float}:
        raise BundleError(f"{name} does not hold {count} numbers")
    if not (np.abs(np.asarray(values, dtype=np.float64)) < 3.5e38).all():
        raise BundleError(f"{name} holds a number that is not a finite float32")
