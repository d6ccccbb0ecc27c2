"""Calibration: map probabilities to observed shares, learnt from out-of-sample rows."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from bt_fusion.ensemble.members.probabilities import check_probabilities
from bt_fusion.ensemble.training import (
    Preparation,
    TrainingRows,
    fit_member,
    rows_proba,
    time_split,
)
from bt_fusion.errors import TrainingError, unknown_name

__all__ = ["CALIBRATION", "ProbabilityMap", "fit_maps"]

CALIBRATION = ("sigmoid", "isotonic")
CERTAIN = 1e-6  # log-odds use probabilities at least this far from 0 and 1


class ProbabilityMap(BaseEstimator):
    """A map from a classifier's probabilities to the observed shares.

    One map per class against the rest, renormalised; for two classes, one map.

    Parameters
    ----------
    method : {"sigmoid", "isotonic"}
        A logistic regression on the log-odds, which leaves good probabilities unchanged, or a
        monotone step function, which needs about a thousand rows.

    Attributes
    ----------
    maps_ : list of LogisticRegression or IsotonicRegression
        One per class; for two classes, one for the second.

    References
    ----------
    Platt (1999), on the log-odds; Zadrozny and Elkan (2002). scikit-learn's CalibratedClassifierCV
    around a FrozenEstimator gives the same isotonic probabilities, but its map cannot be applied to
    another fit of the estimator.

    Examples
    --------
    Up is predicted with 0.9 and happens in six cases of ten.

    >>> proba = np.tile([[0.1, 0.9], [0.9, 0.1]], (10, 1))
    >>> actual = np.tile([1, 1, 1, 0, 1, 0, 1, 0, 0, 1], 2)
    >>> ProbabilityMap("isotonic").fit(proba, actual).transform(proba[:2]).round(2)
    array([[0.2, 0.8],
           [0.6, 0.4]])
    """

    def __init__(self, method: str = "sigmoid"):
        self.method = method

    def fit(self, proba: np.ndarray, codes: np.ndarray) -> "ProbabilityMap":
        """Learn the map.

        Parameters
        ----------
        proba : ndarray, shape (n_rows, n_classes)
            From rows the classifier has not seen.
        codes : ndarray of int, shape (n_rows,)
            Columns of the actual classes.

        Raises
        ------
        TrainingError
            If a class is missing from the rows.
        """
        n_classes = proba.shape[1]
        missing = sorted(set(range(n_classes)) - set(np.unique(codes).tolist()))
        if missing:
            raise TrainingError(
                f"class number {missing[0]} is missing among the {len(codes)} rows to calibrate "
                "on; give a longer window, or no calibration"
            )
        columns = [1] if n_classes == 2 else range(n_classes)
        self.maps_ = [self._fit_map(proba[:, k], codes == k) for k in columns]
        return self

    def transform(self, proba: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, shape (n_rows, n_classes)."""
        if len(self.maps_) == 1:
            second = apply_map(self.maps_[0], proba[:, 1])
            return np.column_stack([1 - second, second])
        mapped = np.column_stack(
            [apply_map(fitted, proba[:, k]) for k, fitted in enumerate(self.maps_)]
        )
        total = mapped.sum(axis=1, keepdims=True)
        even = np.full_like(mapped, 1 / mapped.shape[1])
        return np.divide(mapped, total, out=even, where=total > 0)

    def _fit_map(self, proba: np.ndarray, actual: np.ndarray) -> Any:
        from sklearn.isotonic import IsotonicRegression
        from sklearn.linear_model import LogisticRegression

        if self.method == "isotonic":
            step = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            return step.fit(np.asarray(proba, dtype=np.float64), actual.astype(np.float64))
        if self.method == "sigmoid":
            return LogisticRegression(C=1e6).fit(log_odds(proba)[:, None], actual)
        raise unknown_name("calibration", self.method, CALIBRATION)


def fit_maps(
    members: dict[str, Any], training: TrainingRows, prepare: Preparation, method: str
) -> dict[str, ProbabilityMap]:
    """Learn each member's map on the last fifth of the rows, from a fit on those before.

    Raises
    ------
    TrainingError
        If there are too few rows to split, or a class is missing on either side.
    """
    before, last = time_split(len(training), training.purge)
    early, late = training[before], training[last]
    if len(np.unique(early.codes)) < len(np.unique(training.codes)):
        raise TrainingError(
            f"a class is missing among the {len(early)} rows before those to calibrate on; give "
            "a longer window, or no calibration"
        )
    early, maps = prepare(early), {}
    for name, estimator in members.items():
        fitted = fit_member(estimator, early)
        proba = rows_proba(fitted, late.X, late.rows)
        check_probabilities(name, fitted, proba, (len(late), len(np.unique(training.codes))))
        maps[name] = ProbabilityMap(method).fit(proba, late.codes)
    return maps


def apply_map(fitted: Any, proba: np.ndarray) -> np.ndarray:
    """Apply one fitted map directly: scikit-learn's checks cost more than the map."""
    if hasattr(fitted, "X_thresholds_"):
        return np.interp(proba, fitted.X_thresholds_, fitted.y_thresholds_)
    return 1 / (1 + np.exp(-(log_odds(proba) * fitted.coef_[0, 0] + fitted.intercept_[0])))


def log_odds(proba: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), finite also at 0 and 1."""
    clipped = np.clip(np.asarray(proba, dtype=np.float64), CERTAIN, 1 - CERTAIN)
    return np.log(clipped / (1 - clipped))
