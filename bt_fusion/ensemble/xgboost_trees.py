"""Trees from XGBoost's JSON, each as a table of arrays; a value at a threshold goes right."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from bt_fusion.errors import OptionError

__all__ = ["classifier_tables", "forest_tables"]

Table = tuple[np.ndarray, ...]  # feature, threshold, left and right child (-1 in leaves), value


def classifier_tables(estimator: Any) -> tuple[list[Table], np.ndarray, str]:
    """Return the trees of a fitted XGBClassifier, the start of their sums, and the link.

    Raises
    ------
    OptionError
        For forms that are not plain sums of numerical trees.
    """
    booster = estimator.get_booster()
    if estimator.early_stopping_rounds is not None:
        booster = booster[: booster.best_iteration + 1]
    learner = json.loads(booster.save_raw("json"))["learner"]
    made, objective = learner["gradient_booster"], learner["objective"]["name"]
    several = objective == "multi:softprob"
    if made["name"] != "gbtree" or not (several or objective == "binary:logistic"):
        raise OptionError(f"XGBoost {made['name']} with {objective} is not read")
    model = made["model"]
    if model["gbtree_model_param"]["num_parallel_tree"] != "1":
        raise OptionError("XGBoost with several trees a round and class is not read")
    base = _base_score(learner)
    if not several:
        odds = np.float32(1) / base - np.float32(1)
        # in float64, as exact as C's, unlike NumPy's float32
        base = -np.log(odds.astype(np.float64)).astype(np.float32)
    elif len(base) == 1:
        base = np.repeat(base, estimator.n_classes_)
    return _tables(model["trees"]), base, "softmax" if several else "logistic"


def forest_tables(estimator: Any) -> tuple[list[Table], np.ndarray, str]:
    """Return the same for a fitted HistogramForest; the trees of its classes alternate."""
    learner = json.loads(estimator.forest_.save_raw("json"))["learner"]
    base, several = _base_score(learner), len(estimator.classes_) > 2
    if several and len(base) == 1:
        base = np.repeat(base, len(estimator.classes_))
    tables = _tables(learner["gradient_booster"]["model"]["trees"])
    rounds = len(tables) // len(base)  # XGBoost stores class after class, not round after round
    in_turn = [tables[k * rounds + tree] for tree in range(rounds) for k in range(len(base))]
    return in_turn, base, "shares" if several else "share"


def _base_score(learner: dict[str, Any]) -> np.ndarray:
    score = json.loads(learner["learner_model_param"]["base_score"])
    return np.atleast_1d(np.asarray(score, np.float32))


def _tables(trees: Sequence[dict[str, Any]]) -> list[Table]:
    if any(any(tree["split_type"]) for tree in trees):
        raise OptionError("XGBoost with splits by category is not read")
    tables = []
    for tree in trees:
        number = np.asarray(tree["split_conditions"], np.float32)
        below = np.nextafter(number, np.float32(-np.inf))
        children = (np.asarray(tree[side]) for side in ("left_children", "right_children"))
        tables.append((np.asarray(tree["split_indices"]), below, *children, number))
    return tables
