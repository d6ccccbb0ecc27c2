"""Members of the ensemble by name, with their defaults.

Prices hold little signal and labels of five bars overlap, so that a hundred rows are about twenty
independent outcomes: leaves are large, boosting is shallow and slow, and trees see part of the
rows. docs/defaults.md tells what was compared by walk-forward on six data sets, and what came out.
Every member runs on one thread: refits run side by side instead, and numbers do not depend on the
number of cores.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bt_fusion.errors import unknown_name

__all__ = ["MEMBERS", "make_member", "member_proba"]

FEW_ROWS = 64  # up to here, a forest's own walk beats scikit-learn's set-up per call


def random_forest(seed: int) -> Any:
    """Return a random forest of 100 trees (scikit-learn)."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=100,
        max_features=0.3,
        max_samples=0.3,
        n_jobs=1,
        random_state=seed,
    )


def xgboost(seed: int) -> Any:
    """Return gradient boosting by XGBoost, 100 trees of depth 3."""
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=100,
        max_depth=3,
        learning_rate=0.02,
        subsample=0.5,
        colsample_bytree=0.5,
        min_child_weight=25,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
    )


def lightgbm(seed: int) -> Any:
    """Return gradient boosting by LightGBM, 100 trees of up to 8 leaves."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=100,
        num_leaves=8,
        learning_rate=0.02,
        subsample=0.5,
        subsample_freq=1,
        colsample_bytree=0.5,
        min_child_samples=100,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        random_state=seed,
        verbose=-1,
    )


MEMBERS: dict[str, Callable[[int], Any]] = {
    "rf": random_forest,
    "xgb": xgboost,
    "lgb": lightgbm,
}


def make_member(name: str, seed: int = 0) -> Any:
    """Return an unfitted classifier by name.

    Raises
    ------
    OptionError
        For a name that is not in `MEMBERS`.
    """
    if name not in MEMBERS:
        raise unknown_name("member", name, MEMBERS)
    return MEMBERS[name](seed)


def member_proba(estimator: Any, X: np.ndarray) -> np.ndarray:
    """Return a fitted member's class probabilities, shape (n_rows, n_classes of the member).

    For a few rows a forest is asked tree by tree: the same sums in the same order, without
    scikit-learn's thread pool (15 ms a call).
    """
    if (
        len(X) <= FEW_ROWS
        and hasattr(estimator, "estimators_")
        and hasattr(estimator, "max_samples")
    ):
        total = estimator.estimators_[0].tree_.predict(X)
        for tree in estimator.estimators_[1:]:
            total += tree.tree_.predict(X)
        return total / len(estimator.estimators_)
    return estimator.predict_proba(X)
