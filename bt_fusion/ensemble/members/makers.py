"""Makers of the built-in members' unfitted classifiers, from a seed; reasons in `registry`.

Libraries are imported on use: the command line reads the names for its help texts.
"""

from typing import Any

__all__ = [
    "histogram_forest",
    "lightgbm",
    "logistic_regression",
    "lstm",
    "random_forest",
    "support_vectors",
    "xgboost",
]


def histogram_forest(seed: int) -> Any:
    """Return a random forest of 100 trees on binned features (XGBoost)."""
    from bt_fusion.ensemble.members.histogram_forest import HistogramForest

    return HistogramForest(random_state=seed)


def random_forest(seed: int) -> Any:
    """Return the original `rf`: a random forest of 100 trees (scikit-learn)."""
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


def logistic_regression(seed: int) -> Any:
    """Return a logistic regression on standardised features (scikit-learn)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(C=0.001, max_iter=1_000, random_state=seed)
    )


def support_vectors(seed: int) -> Any:
    """Return a support vector machine with an RBF kernel on standardised features."""
    from bt_fusion.ensemble.members.svm import RbfSVM

    return RbfSVM(seed=seed)


def lstm(seed: int) -> Any:
    """Return an LSTM network over windows of 32 bars; it needs the extra ``deep``."""
    from bt_fusion.ensemble.members.lstm import LSTMClassifier

    return LSTMClassifier(seed=seed)
