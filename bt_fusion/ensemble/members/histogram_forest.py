"""A random forest on binned features, grown by XGBoost: the default member `rf`."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["HistogramForest", "shares"]

OBJECTIVE = "reg:squarederror"
SMALLEST = np.float32(1e-9)  # share of a class before normalising: never 0 / 0


class HistogramForest(ClassifierMixin, BaseEstimator):
    """Random forest on binned features, with class shares in its leaves.

    Trees are grown on the squared error of classes coded 0 and 1; for two classes this chooses the
    same splits as Gini impurity. With three or more, each class has its own trees, and their shares
    are normalised. One thread: the result does not depend on the number of cores.

    The forest classifiers of XGBoost and LightGBM take one Newton step in log-odds per leaf
    instead: for rare classes their probabilities are wrong (see docs/defaults.md).

    Parameters
    ----------
    n_estimators : int
        Trees; with more than two classes, per class.
    min_samples_leaf : int
        Minimum rows of a tree in a leaf. With sample weights: rows of mean weight.
    max_features, max_samples : float
        Share of the features per split and of the rows per tree, both without replacement. 26 % of
        the rows equals the distinct rows in a draw of 30 % with replacement.
    max_bin : int
        Bins per feature. A tree of 5,200 rows (26 % of 20,000) has at most 52 leaves of 100.
    random_state : int

    Attributes
    ----------
    forest_ : xgboost.Booster
    classes_ : ndarray, shape (n_classes,)
    n_features_in_ : int

    References
    ----------
    Breiman, Random Forests (2001); Malley et al., Probability Machines (2012), for forests grown
    on squared error as estimates of probability; Chen and Guestrin, XGBoost (2016).

    Examples
    --------
    >>> X = np.arange(400.0).reshape(-1, 1)
    >>> forest = HistogramForest(min_samples_leaf=10).fit(X, X[:, 0] >= 200)
    >>> forest.predict_proba([[50.0], [350.0]]).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self,
        n_estimators: int = 100,
        min_samples_leaf: int = 100,
        max_features: float = 0.3,
        max_samples: float = 0.26,
        max_bin: int = 64,
        random_state: int = 0,
    ):
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_samples = max_samples
        self.max_bin = max_bin
        self.random_state = random_state

    def fit(
        self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> "HistogramForest":
        """Fit on rows in any order."""
        from xgboost import QuantileDMatrix, train

        X = np.asarray(X, dtype=np.float32)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        target = codes if len(self.classes_) == 2 else np.eye(len(self.classes_))[codes]
        # of mean 1, so that the minimum weight of a leaf is a number of rows
        weight = None if sample_weight is None else sample_weight / np.mean(sample_weight)
        rows = QuantileDMatrix(X, target, weight=weight, max_bin=self.max_bin, nthread=1)
        self.forest_ = train(self._parameters(), rows, num_boost_round=1)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float32, shape (n_rows, n_classes)."""
        if len(self.classes_) == 1:
            return np.ones((len(X), 1), dtype=np.float32)
        sums = self.forest_.inplace_predict(np.asarray(X, dtype=np.float32))
        return shares(sums.reshape(len(sums), -1))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    @property
    def feature_importances_(self) -> np.ndarray:
        """The squared error that splits on each feature save, as shares, shape (n_features,)."""
        saved = np.zeros(self.n_features_in_)
        for name, gain in self.forest_.get_score(importance_type="total_gain").items():
            saved[int(name.removeprefix("f"))] = gain
        return saved / max(saved.sum(), 1e-300)

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": OBJECTIVE,
            "tree_method": "hist",
            "max_bin": self.max_bin,
            "num_parallel_tree": self.n_estimators,
            "learning_rate": 1.0,
            "max_depth": 0,  # no limit: the leaf size limits the depth
            "min_child_weight": self.min_samples_leaf,
            "reg_lambda": 1e-5,
            "colsample_bynode": self.max_features,
            "subsample": self.max_samples,
            "nthread": 1,
            "seed": self.random_state,
        }


def shares(sums: np.ndarray) -> np.ndarray:
    """Return probabilities from the sums of the trees, shape (n_rows, n_classes).

    Parameters
    ----------
    sums : ndarray of float32, shape (n_rows, 1) or (n_rows, n_classes)
        The share of the second of two classes, or of every class.

    Examples
    --------
    >>> shares(np.float32([[0.25], [1.5]])).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    >>> shares(np.float32([[0.25, 0.25, 0.5], [0.5, 0.5, 1.0]])).tolist()
    [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5]]
    """
    if sums.shape[1] == 1:
        second = np.clip(sums, np.float32(0), np.float32(1))
        return np.concatenate([np.float32(1) - second, second], axis=1)
    positive = np.maximum(sums, SMALLEST)
    return positive / positive.sum(axis=1, keepdims=True)
