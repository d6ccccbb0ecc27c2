"""Data and fitted members of trees that several test modules share."""

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import ExtraTreesClassifier
from xgboost import XGBClassifier

from bt_fusion.ensemble.members.registry import SKLEARN_FOREST, make_member
from bt_fusion.ensemble.single_row import rows_at_thresholds

N_FEATURES = 6


def labelled(n_classes, n_rows=1_500, seed=0):
    """Rows with some signal in the first feature, and their classes."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(n_rows, N_FEATURES)).astype(np.float32)
    strength = X[:, 0] + draw.normal(size=n_rows)
    return X, np.digitize(strength, [0.0] if n_classes == 2 else [-0.5, 0.5])


MAKERS = {
    "rf": lambda: make_member("rf"),
    "forest": lambda: SKLEARN_FOREST.make(0),
    "xgb": lambda: make_member("xgb"),
    "lgb": lambda: make_member("lgb"),
    "deep forest": lambda: ExtraTreesClassifier(20, random_state=0),
    "base score": lambda: XGBClassifier(n_estimators=20, base_score=0.3, n_jobs=1),
    "deep boosting": lambda: LGBMClassifier(
        n_estimators=30, num_leaves=60, min_child_samples=5, n_jobs=1, verbose=-1
    ),
    "one leaf": lambda: LGBMClassifier(
        n_estimators=3, min_child_samples=5_000, n_jobs=1, verbose=-1
    ),
}


def fitted(name, n_classes, n_rows=1_500):
    """A fitted classifier of `MAKERS`."""
    return MAKERS[name]().fit(*labelled(n_classes, n_rows))


def hard_rows(trees, n_rows=1_000):
    """Rows at the trees' own thresholds and just above, and as many unseen ones."""
    at = rows_at_thresholds(trees, N_FEATURES, n_rows)
    return np.concatenate([at, labelled(2, n_rows, seed=1)[0]])
