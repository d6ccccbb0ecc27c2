"""The search space: which parameters of which member are tuned, and between what bounds.

A member is known by the class of its estimator (the last step of a pipeline), so that a preset's
own estimators are tuned as named members are. An LSTM is not tuned: one fit costs more than all
others together, nor are a forest's trees counted, as more of them only cost time. Bounds lie
around the defaults of `members`, which suit weak signals.
"""

from typing import Any, NamedTuple

from sklearn.base import clone

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError

__all__ = ["SPACE", "Range", "apply_parameters", "suggest_parameters", "tuned_members"]


class Range(NamedTuple):
    """Bounds of a parameter, both included; whole numbers where both bounds are.

    Attributes
    ----------
    low, high : int or float
    log : bool
        Whether to search the orders of magnitude evenly.
    """

    low: float
    high: float
    log: bool = False


SPACE: dict[str, dict[str, Range]] = {
    "RandomForestClassifier": {
        "min_samples_leaf": Range(25, 400, log=True),
        "max_features": Range(0.05, 0.5),
        "max_samples": Range(0.1, 0.6),
    },
    "XGBClassifier": {
        "n_estimators": Range(50, 300),
        "max_depth": Range(2, 6),
        "learning_rate": Range(0.005, 0.2, log=True),
        "subsample": Range(0.3, 1.0),
        "colsample_bytree": Range(0.2, 1.0),
        "min_child_weight": Range(1.0, 200.0, log=True),
    },
    "LGBMClassifier": {
        "n_estimators": Range(50, 300),
        "num_leaves": Range(4, 32, log=True),
        "learning_rate": Range(0.005, 0.2, log=True),
        "subsample": Range(0.3, 1.0),
        "colsample_bytree": Range(0.2, 1.0),
        "min_child_samples": Range(10, 400, log=True),
    },
    "LogisticRegression": {"C": Range(1e-5, 10.0, log=True)},
    "RbfSVM": {"C": Range(1e-2, 10.0, log=True), "gamma": Range(1e-4, 0.3, log=True)},
}


def tuned_members(ensemble: Ensemble) -> dict[str, dict[str, Range]]:
    """Return the bounds of every parameter that is tuned, by member and parameter.

    Raises
    ------
    OptionError
        When no member has any.
    """
    found = {}
    for name, estimator in ensemble.make_members().items():
        prefix, last = _last_step(estimator)
        ranges = SPACE.get(type(last).__name__, {})
        if ranges:
            found[name] = {prefix + parameter: bounds for parameter, bounds in ranges.items()}
    if not found:
        raise OptionError(
            f"none of the members {list(ensemble.members)} can be tuned; those that can are of "
            f"the classes {', '.join(SPACE)}"
        )
    return found


def suggest_parameters(trial: Any, space: dict[str, dict[str, Range]]) -> dict[str, Any]:
    """Ask an Optuna trial for every parameter, by "member.parameter"."""
    return {
        f"{name}.{parameter}": _suggest(trial, f"{name}.{parameter}", bounds)
        for name, ranges in space.items()
        for parameter, bounds in ranges.items()
    }


def apply_parameters(ensemble: Ensemble, parameters: dict[str, Any]) -> Ensemble:
    """Return an unfitted copy of the ensemble whose members have these parameters.

    Parameters
    ----------
    ensemble : Ensemble
    parameters : dict
        By "member.parameter"; without any, the copy is as the ensemble.

    Examples
    --------
    >>> ensemble = apply_parameters(Ensemble(["rf", "lr"]), {"lr.logisticregression__C": 0.5})
    >>> ensemble.members["lr"].get_params()["logisticregression__C"]
    0.5
    """
    made = clone(ensemble)
    if not parameters:
        return made
    members = ensemble.make_members()
    for key, value in parameters.items():
        name, _, parameter = key.partition(".")
        members[name].set_params(**{parameter: value})
    return made.set_params(members=members)


def _last_step(estimator: Any) -> tuple[str, Any]:
    if hasattr(estimator, "steps"):
        name, last = estimator.steps[-1]
        return f"{name}__", last
    return "", estimator


def _suggest(trial: Any, key: str, bounds: Range) -> float:
    low, high, log = bounds
    whole = isinstance(low, int) and isinstance(high, int)
    suggest = trial.suggest_int if whole else trial.suggest_float
    return suggest(key, low, high, log=log)
