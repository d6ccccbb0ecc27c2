"""The search space: the tuned parameters of each member, and their bounds.

A member is identified by the class of its estimator (the last step of a pipeline), so a preset's
own estimators are tuned like named members. The bounds are in `MEMBERS`, around defaults that suit
weak signals.
"""

from typing import Any

from sklearn.base import clone

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import MEMBERS, SKLEARN_FOREST, Range
from bt_fusion.errors import OptionError

__all__ = ["apply_parameters", "known_spaces", "suggest_parameters", "tuned_members"]


def known_spaces() -> dict[str, dict[str, Range]]:
    """Return the bounds of every tuned class, by its name; members' first."""
    found: dict[str, dict[str, Range]] = {}
    for member in (*MEMBERS.values(), SKLEARN_FOREST):
        if member.space:
            found.setdefault(member.estimator, member.space)
    return found


def tuned_members(ensemble: Ensemble) -> dict[str, dict[str, Range]]:
    """Return the bounds of every tuned parameter, by member and parameter.

    Raises
    ------
    OptionError
        If no member has any.
    """
    found, spaces = {}, known_spaces()
    for name, estimator in ensemble.make_members().items():
        prefix, last = _last_step(estimator)
        own = MEMBERS[name].space if ensemble.named and name in MEMBERS else None
        ranges = spaces.get(type(last).__name__, {}) if own is None else own
        if ranges:
            found[name] = {prefix + parameter: bounds for parameter, bounds in ranges.items()}
    if not found:
        raise OptionError(
            f"none of the members {list(ensemble.members)} can be tuned; the classes that can: "
            f"{', '.join(spaces)}"
        )
    return found


def suggest_parameters(trial: Any, space: dict[str, dict[str, Range]]) -> dict[str, Any]:
    """Get every parameter from an Optuna trial, by "member.parameter"."""
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
        By "member.parameter"; if empty, the copy is unchanged.

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
