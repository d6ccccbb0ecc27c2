"""Put a bundle's parts together into a fitted Ensemble."""

from typing import Any

import numpy as np
from sklearn.base import clone

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.registry import Kind, build_part
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import MEMBERS, make_member
from bt_fusion.errors import BtFusionError, BundleError, ModelCompatibilityError

__all__ = ["assemble"]

# What a user's own booster may have as parameters beside numbers, and beside those it lists
SAFE_TEXT = (
    *("gbtree", "gbdt", "hist", "exact", "approx", "auto", "split", "gain", "cpu"),
    *("binary", "multiclass", "binary:logistic", "multi:softprob", "balanced"),
)
EXTRA = ("deterministic", "force_row_wise", "force_col_wise", "verbose")


def assemble(content: dict[str, Any], kinds: list[Kind], files: dict[str, bytes]) -> Ensemble:
    """Return the fitted ensemble: all parts are inspected before the first is built."""
    expectations = [_expected(content, part) for part in content["parts"]]
    _check_members(content)
    inspected = []
    for kind, part, expected in zip(kinds, content["parts"], expectations, strict=True):
        if part["file"] not in files:
            raise BundleError(f"{expected.name}: its file is not in the manifest's table")
        inspected.append(build_part(kind, kind.inspect, files[part["file"]], expected))
    fitted: dict[str, dict[str, Any]] = {"member": {}, "calibrator": {}}
    for kind, part, expected, data in zip(
        kinds, content["parts"], expectations, inspected, strict=True
    ):
        fitted[part["role"]][part["name"]] = build_part(kind, kind.build, data, expected)
    return _assembled(content, fitted)


def _assembled(content: dict[str, Any], fitted: dict[str, dict[str, Any]]) -> Ensemble:
    options = dict(content["ensemble"])
    if content["own_members"]:
        options["members"] = {name: clone(part) for name, part in fitted["member"].items()}
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
    ensemble.calibrators_ = fitted["calibrator"]
    return ensemble


def _check_members(content: dict[str, Any]) -> None:
    names = content["ensemble"].get("members")
    roles: dict[str, list[str]] = {"member": [], "calibrator": []}
    for part in content["parts"]:
        roles.setdefault(part["role"], []).append(part["name"])
    known = set(roles) == {"member", "calibrator"} and roles["member"] == names
    once = len(set(roles["member"])) == len(roles["member"])
    maps = set(roles["calibrator"]) <= set(roles["member"])
    if not (known and once and maps and names):
        raise BundleError(f"the manifest's parts {roles} are not those of the members {names}")


def _expected(content: dict[str, Any], part: dict[str, Any]) -> Expected:
    own, name = content["own_members"], part["name"]
    template = None
    if part["role"] == "member" and not own:
        if name not in MEMBERS:
            raise ModelCompatibilityError(
                f"the model has a member {name!r}; known here: {', '.join(MEMBERS)}"
            )
        template = make_member(name, content["seed"])
    elif own and part["kind"] in ("xgboost", "lightgbm"):
        template = _own_booster(part)
    return Expected(
        name=f"{part['role']} {name}",
        features=tuple(content["features"]["names"]),
        n_classes=len(content["present"]),
        template=template,
        versions=content["versions"],
        schema=content["schema"],
    )


def _own_booster(part: dict[str, Any]) -> Any:
    """Return an unfitted booster with a user's own numbers, on one thread."""
    if part["kind"] == "xgboost":
        from xgboost import XGBClassifier as Booster
    else:
        from lightgbm import LGBMClassifier as Booster
    known, given = {*Booster().get_params(), *EXTRA}, part["parameters"]
    odd = [
        key
        for key, value in given.items()
        if key not in known or not (type(value) in (bool, int, float) or value in SAFE_TEXT)
    ]
    if odd:
        raise BundleError(f"member {part['name']}: unknown parameters {', '.join(odd[:6])}")
    return Booster(**{**given, "n_jobs": 1})
