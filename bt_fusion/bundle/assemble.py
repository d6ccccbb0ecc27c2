"""Build a fitted Ensemble from a bundle's parts."""

from typing import Any

import numpy as np
from sklearn.base import clone

from bt_fusion.bundle.choices import best_member, checked_choices
from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.registry import Kind, build_part
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import make_candidate
from bt_fusion.ensemble.members.histogram_forest import HistogramForest
from bt_fusion.ensemble.members.registry import MEMBERS, class_name, make_member
from bt_fusion.ensemble.onnx_export import missing_libraries
from bt_fusion.errors import BtFusionError, BundleError, ModelCompatibilityError, PartError

__all__ = ["assemble"]

# Parameters that a user-defined booster may have besides numbers and its listed ones
SAFE_TEXT = (
    *("gbtree", "gbdt", "hist", "exact", "approx", "auto", "split", "gain", "cpu"),
    *("binary", "multiclass", "binary:logistic", "multi:softprob", "balanced"),
)
EXTRA = ("deterministic", "force_row_wise", "force_col_wise", "verbose")
BOOSTERS = ("xgboost", "lightgbm", "histogram_forest")  # their formats do not store parameters
ROLES = ("member", "calibrator", "onnx")


def assemble(
    content: dict[str, Any], kinds: list[Kind], files: dict[str, bytes], whose: str = ""
) -> Ensemble:
    """Return the fitted ensemble; all parts are inspected before the first is built.

    ONNX forms are inspected, and left out if onnxruntime is not installed. Errors name a part by
    its role and name, after `whose`.
    """
    _check_members(content)
    choices = checked_choices(content)
    expectations = [_expected(content, part, choices, whose) for part in content["parts"]]
    inspected = []
    for kind, part, expected in zip(kinds, content["parts"], expectations, strict=True):
        if part["file"] not in files:
            raise PartError(f"{expected.name}: its file is not in the manifest's table")
        inspected.append(build_part(kind, kind.inspect, files[part["file"]], expected))
    fitted: dict[str, dict[str, Any]] = {role: {} for role in ROLES}
    for kind, part, expected, data in zip(
        kinds, content["parts"], expectations, inspected, strict=True
    ):
        if part["role"] != "onnx" or not missing_libraries("onnxruntime"):
            fitted[part["role"]][part["name"]] = build_part(kind, kind.build, data, expected)
    for name, choice in choices.items():
        sizes = len(content["features"]["names"]), len(content["present"])
        fitted["member"][name] = best_member(choice, fitted["member"][name], *sizes)
    return _assembled(content, fitted)


def _assembled(content: dict[str, Any], fitted: dict[str, dict[str, Any]]) -> Ensemble:
    options = dict(content["ensemble"])
    if content["own_members"]:
        options["members"] = {name: clone(part) for name, part in fitted["member"].items()}
    else:
        options["members"] = _named(fitted["member"])
    try:
        ensemble = Ensemble(**options)
        ensemble.make_members()
    except (BtFusionError, TypeError, ValueError) as error:
        raise BundleError(f"the manifest's ensemble cannot be made: {error}") from error
    ensemble.classes_ = np.asarray(content["classes"])
    ensemble.columns_ = np.searchsorted(ensemble.classes_, content["present"])
    names = content["features"]["names"]
    ensemble.feature_names_in_, ensemble.n_features_in_ = np.array(names, dtype=object), len(names)
    ensemble.members_ = fitted["member"]
    ensemble.calibrators_, ensemble.onnx_ = fitted["calibrator"], fitted["onnx"]
    return ensemble


def _named(fitted: dict[str, Any]) -> list[str] | dict[str, Any]:
    """Return the names of named members, or classifiers if a name meant another class then."""
    others = {
        name: clone(part)
        for name, part in fitted.items()
        if class_name(part) != MEMBERS[name].estimator
    }
    return {**{name: name for name in fitted}, **others} if others else list(fitted)


def _check_members(content: dict[str, Any]) -> None:
    names = content["ensemble"].get("members")
    roles: dict[str, list[str]] = {role: [] for role in ROLES}
    for part in content["parts"]:
        roles.setdefault(part["role"], []).append(part["name"])
    known = len(roles) == len(ROLES) and roles["member"] == names
    once = all(len(set(given)) == len(given) for given in roles.values())
    inside = {*roles["calibrator"], *roles["onnx"]} <= {*roles["member"]}
    alike = all((part["role"] == "onnx") == (part["kind"] == "onnx") for part in content["parts"])
    since_3 = content["schema"] >= 3 or not roles["onnx"]
    if not (known and once and inside and alike and since_3 and names):
        raise BundleError(f"the manifest's parts {roles} are not those of the members {names}")


def _expected(
    content: dict[str, Any], part: dict[str, Any], choices: dict[str, dict[str, Any]], whose: str
) -> Expected:
    own, name = content["own_members"], part["name"]
    template, choice = None, choices.get(name)
    if part["role"] == "member" and choice:
        template = make_candidate(choice["chosen"], choice["seed"])
    elif part["role"] == "member" and not own:
        if name not in MEMBERS:
            raise ModelCompatibilityError(
                f"the model has a member {name!r}; known here: {', '.join(MEMBERS)}"
            )
        template = make_member(name, content["seed"])
    elif own and part["kind"] in BOOSTERS:
        template = _own_booster(part)
    return Expected(
        name=f"{whose}{part['role']} {name}",
        features=tuple(content["features"]["names"]),
        n_classes=len(content["present"]),
        template=template,
        versions=content["versions"],
        schema=content["schema"],
        plugins=tuple(plugin["file"] for plugin in content["plugins"]),
    )


def _own_booster(part: dict[str, Any]) -> Any:
    """Return an unfitted, single-threaded booster with a user's own numbers."""
    make, extra = _booster_class(part["kind"])
    known, given = {*make().get_params(), *extra}, part["parameters"]
    wrong = [
        key
        for key, value in given.items()
        if key not in known or not (type(value) in (bool, int, float) or value in SAFE_TEXT)
    ]
    if wrong:
        raise BundleError(f"member {part['name']}: unknown parameters {', '.join(wrong[:6])}")
    one_thread = {"n_jobs": 1} if "n_jobs" in known else {}
    return make(**{**given, **one_thread})


def _booster_class(kind: str) -> tuple[type, tuple[str, ...]]:
    """Return the class of a kind of booster, and its parameters besides the listed ones."""
    if kind == "histogram_forest":
        return HistogramForest, ()
    if kind == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier, EXTRA
    from lightgbm import LGBMClassifier

    return LGBMClassifier, EXTRA
