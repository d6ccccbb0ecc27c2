"""A support vector machine with an RBF kernel and probabilities, also for many rows."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bt_fusion.ensemble.calibration import ProbabilityMap
from bt_fusion.ensemble.training import check_classes, time_split

__all__ = ["RbfSVM"]


class RbfSVM(ClassifierMixin, BaseEstimator):
    """RBF kernel on standardised rows: exact up to `exact_rows`, above that a Nystroem map.

    The exact machine gives distances. A sigmoid, learnt on the last fifth of the rows from a
    machine fitted on the earlier ones, turns them into probabilities. Above `exact_rows`, where the
    cost (quadratic in the rows or more) is too high, a logistic regression on a Nystroem map of the
    same kernel gives probabilities directly.

    Parameters
    ----------
    exact_rows : int
        Most training rows for the exact machine.
    landmarks : int
        Rows used by the Nystroem map.
    C : float
        Inverse strength of the regularisation.
    gamma : float, optional
        Kernel width, exp(-gamma |a - b|^2); default one over the number of features.
    seed : int
        For the choice of landmarks.

    Attributes
    ----------
    model_ : Pipeline
    exact_ : bool
        Whether the exact machine was fitted.
    map_ : ProbabilityMap or None
        From the exact machine's distances, scaled into 0..1, to probabilities.
    classes_ : ndarray, shape (n_classes,)
    """

    in_time_order = True

    def __init__(
        self,
        exact_rows: int = 4_000,
        landmarks: int = 300,
        C: float = 0.1,
        gamma: float | None = None,
        seed: int = 0,
    ):
        self.exact_rows = exact_rows
        self.landmarks = landmarks
        self.C = C
        self.gamma = gamma
        self.seed = seed

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        purge: int = 0,
    ) -> "RbfSVM":
        """Fit on rows in time order; leave out `purge` rows before the held-out ones."""
        X = np.asarray(X, dtype=np.float64)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        self.exact_ = len(X) <= self.exact_rows
        self.map_ = None
        if self.exact_:
            early, late = time_split(len(X), purge)
            check_classes(codes[early], "before the last fifth")
            weight = None if sample_weight is None else sample_weight[early]
            machine = self._fit_pipeline(X[early], codes[early], weight)
            self.map_ = ProbabilityMap().fit(scaled_distances(machine, X[late]), codes[late])
        self.model_ = self._fit_pipeline(X, codes, sample_weight)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, shape (n_rows, n_classes)."""
        X = np.asarray(X, dtype=np.float64)
        if self.map_ is None:
            return self.model_.predict_proba(X)
        return self.map_.transform(scaled_distances(self.model_, X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _fit_pipeline(self, X: np.ndarray, codes: np.ndarray, weight: np.ndarray | None) -> Any:
        gamma = 1 / X.shape[1] if self.gamma is None else self.gamma
        if self.exact_:
            steps = [SVC(C=self.C, gamma=gamma, cache_size=500)]
        else:
            steps = [
                Nystroem(gamma=gamma, n_components=self.landmarks, random_state=self.seed),
                LogisticRegression(C=self.C, max_iter=500),
            ]
        pipeline = make_pipeline(StandardScaler(), *steps)
        return pipeline.fit(X, codes, **{f"{pipeline.steps[-1][0]}__sample_weight": weight})


def scaled_distances(machine: Any, X: np.ndarray) -> np.ndarray:
    """Return the machine's distances by class, scaled into 0..1, shape (n_rows, n_classes)."""
    distance = machine.decision_function(X)
    if distance.ndim == 1:
        distance = np.column_stack([-distance, distance])
    return 1 / (1 + np.exp(-distance))
