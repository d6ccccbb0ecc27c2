"""A fitted ensemble as bundle content: its manifest entries and its parts' bytes."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from bt_fusion.bundle.parts.registry import Kind, dump_part
from bt_fusion.ensemble.members.best_member import BestMember, chosen_estimator
from bt_fusion.errors import OptionError

__all__ = ["about_ensemble", "about_part", "dump_parts", "plain"]

BOOSTERS = ("xgboost", "lightgbm", "histogram_forest")  # their formats do not store parameters


def about_ensemble(ensemble: Any) -> dict[str, Any]:
    """Return the classes and options of a fitted ensemble, for the manifest."""
    names = {*ensemble.get_params(deep=False)}
    options = {name: value for name, value in vars(ensemble).items() if name in names}
    options["members"] = list(ensemble.members)
    return {
        "classes": [int(value) for value in ensemble.classes_],
        "present": [int(value) for value in ensemble.classes_[ensemble.columns_]],
        "ensemble": plain(options),
        "own_members": not ensemble.named,
        "seed": int(ensemble.seed),
    }


def dump_parts(
    ensemble: Any, columns: tuple[str, ...], prefix: str = ""
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return the manifest entries of an ensemble's parts, and their files by name.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    columns : tuple of str
        Of its input.
    prefix : str
        Prefix of the file names.
    """
    unknown = ensemble.onnx_.keys() - ensemble.members_.keys()
    if unknown:
        raise OptionError(f"onnx_ holds {sorted(unknown)}, members {[*ensemble.members_]}")
    owners = {
        "member": ensemble.members_,
        "calibrator": ensemble.calibrators_,
        "onnx": ensemble.onnx_,
    }
    parts: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for role, named in owners.items():
        for name, part in named.items():
            # of a `BestMember` the winner
            kind, data = dump_part(chosen_estimator(part), f"{role} {name}", columns)
            about = about_part(role, name, kind, data, prefix)
            if isinstance(ensemble.members, Mapping) and kind.name in BOOSTERS:
                about["parameters"] = {} if isinstance(part, BestMember) else _own(part, name)
            parts.append(about)
            files[about["file"]] = data
    return parts, files


def about_part(role: str, name: str, kind: Kind, data: bytes, prefix: str = "") -> dict[str, Any]:
    """Return the manifest entry of a part without parameters of its own."""
    stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:40]
    digest = hashlib.sha256(data).hexdigest()[:16]
    file = f"{prefix}{role}-{stem}.{digest}.{kind.suffix}"
    return {"role": role, "name": name, "kind": kind.name, "file": file, "parameters": {}}


def plain(value: Any) -> Any:
    """Return numbers and sequences in JSON types."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _own(booster: Any, name: str) -> dict[str, Any]:
    """Return the parameters of a user-defined booster, which its format does not store."""
    given = {key: value for key, value in booster.get_params().items() if value is not None}
    known = {}
    for key, value in given.items():
        if isinstance(value, float) and np.isnan(value):
            continue  # XGBoost's `missing`, its default
        if not isinstance(value, bool | int | float | str | np.integer | np.floating):
            raise OptionError(f"member {name}: parameter {key}={value!r} cannot be saved as JSON")
        known[key] = value
    return plain(known)
