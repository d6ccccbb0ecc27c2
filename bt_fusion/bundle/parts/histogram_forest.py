"""Histogram forests as XGBoost's JSON, read and checked before XGBoost sees it."""

from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.xgboost import Learner, checked_json, dumped_json
from bt_fusion.ensemble.members.histogram_forest import OBJECTIVE, HistogramForest

__all__ = ["build", "dump", "inspect"]


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the trees as JSON, with the feature names."""
    return dumped_json(estimator.forest_, features, (OBJECTIVE,))


def inspect(data: bytes, expected: Expected) -> bytes:
    """Check the JSON and return it in the form that XGBoost reads."""
    sums = expected.n_classes if expected.n_classes > 2 else 1
    return checked_json(data, expected, Learner(OBJECTIVE, 0, sums))


def build(data: bytes, expected: Expected) -> Any:
    """Return the fitted classifier."""
    from xgboost import Booster

    estimator = HistogramForest() if expected.template is None else expected.template
    estimator.forest_ = Booster({"nthread": 1}, model_file=bytearray(data))
    estimator.classes_ = np.arange(expected.n_classes)
    estimator.n_features_in_ = len(expected.features)
    return estimator
