"""LightGBM regressors as LightGBM's own text, read and checked like classifiers."""

import re
from typing import Any

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.lightgbm import checked_text, dumped_text
from bt_fusion.errors import OptionError

__all__ = ["build", "dump", "inspect"]

OBJECTIVE = re.compile("regression|quantile")


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the trees as text, with the feature names."""
    lines = dumped_text(estimator.booster_, features)
    if not any(OBJECTIVE.fullmatch(line.removeprefix("objective=")) for line in lines):
        raise OptionError("LightGBM regressors are saved with a mean or a quantile as objective")
    return "\n".join(lines).encode()


def inspect(data: bytes, expected: Expected) -> str:
    """Check the text and return it in the form that LightGBM reads."""
    return checked_text(data, expected, OBJECTIVE)


def build(text: str, expected: Expected) -> Any:
    """Return the fitted regressor, for prediction; its training parameters are not stored."""
    from lightgbm import Booster, LGBMRegressor

    estimator = LGBMRegressor(n_jobs=1, verbose=-1)
    # The attributes that fit sets; LightGBM has no public way to put a booster into a regressor
    estimator._Booster = Booster(model_str=text)
    estimator._n_features = estimator._n_features_in = len(expected.features)
    estimator._best_iteration, estimator._evals_result = 0, {}
    estimator._objective = text.partition("\nobjective=")[2].split(maxsplit=1)[0]
    estimator._fitted_with_feature_names = False
    estimator.fitted_ = True
    return estimator
