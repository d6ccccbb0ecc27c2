"""Load later models: all checks come first, and the predictions are repeated."""

import re
from typing import Any

import numpy as np

from bt_fusion.bundle.assemble import assemble
from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.later.kinds import PLAIN
from bt_fusion.bundle.later.later_model import LaterModel
from bt_fusion.bundle.parts.registry import REGRESSOR, build_part, kind_named
from bt_fusion.errors import BundleError, ModelCompatibilityError, PartError

__all__ = ["check_later", "load_later"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
MOST_MODELS, MOST_COLUMNS, MOST_NUMBERS, MOST_ROWS = 8, 4_096, 64, 1_024
LARGEST = 1e12


def check_later(content: dict[str, Any]) -> None:
    """Check the manifest entries of later models, without their parts.

    Raises
    ------
    BundleError
        For invalid names, counts, numbers or golden rows.
    """
    entries = content["later"]
    names = [entry["name"] for entry in entries]
    if len({*names}) < len(names) or len(names) > MOST_MODELS:
        raise BundleError(f"the manifest's later models {names[:9]} have a name twice, or are many")
    if entries and content["kind"] == PLAIN:
        raise BundleError(f"the manifest's model is a signal model, and has {names[:9]} beside it")
    for entry in entries:
        _check_entry(entry)
    wrong = {line["model"] for line in content["golden"]["later"]} - {*names}
    if wrong:
        raise BundleError(f"golden rows of {sorted(wrong)[:3]}, and later models {names}")


def load_later(
    content: dict[str, Any], files: dict[str, bytes]
) -> tuple[tuple[LaterModel, ...], dict[str, tuple[float, float]]]:
    """Return the later models of a manifest, fitted, and the comparison of their predictions.

    Returns
    -------
    models : tuple of LaterModel
    compared : dict of str to (float, float)
        For each part, the largest difference on its golden rows, and the allowed one.

    Raises
    ------
    BundleError
        For a part that is broken or malicious.
    PartError
        For a part that is missing, or whose predictions differ from the saved ones.
    """
    found: list[LaterModel] = []
    compared: dict[str, tuple[float, float]] = {}
    for entry in content["later"]:
        model = _model(content, entry, files)
        if model.fitted:
            compared |= _compared(content, entry, model)
        found.append(model)
    return tuple(found), compared


def _check_entry(entry: dict[str, Any]) -> None:
    name, columns = entry["name"], entry["columns"]
    numbers = {**entry["options"], **entry["facts"]}
    wrong = [
        key
        for key, value in numbers.items()
        if not (NAME.fullmatch(key) and type(value) in (int, float) and abs(value) <= LARGEST)
    ]
    if not NAME.fullmatch(name) or not 0 < len({*columns}) == len(columns) <= MOST_COLUMNS:
        raise BundleError(f"later model {name[:30]!r}: its name or its columns cannot be")
    if wrong or len(numbers) > MOST_NUMBERS:
        raise BundleError(
            f"later model {name}: {', '.join(wrong[:3]) or 'too many'} are no numbers"
        )
    if len(entry["ensemble"]) > 1:
        raise BundleError(f"later model {name} has {len(entry['ensemble'])} ensembles, not one")
    roles = [part["role"] for part in entry["parts"]]
    regressors = [part["name"] for part in entry["parts"] if part["role"] == "regressor"]
    if len({*regressors}) < len(regressors) or (
        not entry["ensemble"] and len(regressors) < len(roles)
    ):
        raise BundleError(f"later model {name}: parts {roles[:9]} of no ensemble, or twice")


def _model(content: dict[str, Any], entry: dict[str, Any], files: dict[str, bytes]) -> LaterModel:
    """Return one model with the rows to check it on."""
    regressors = [part for part in entry["parts"] if part["role"] == "regressor"]
    built = {part["name"]: _regressor(content, entry, part, files) for part in regressors}
    ensemble = None
    if entry["ensemble"]:
        shared = {name: content[name] for name in ("schema", "versions", "plugins")}
        parts = [part for part in entry["parts"] if part["role"] != "regressor"]
        own = {**shared, **entry["ensemble"][0], "parts": parts}
        own["features"] = {"names": entry["columns"]}
        kinds = [kind_named(part["kind"]) for part in parts]
        ensemble = assemble(own, kinds, files, f"{entry['name']}: ")
    return LaterModel(
        entry["name"],
        tuple(entry["columns"]),
        entry["options"],
        entry["facts"],
        ensemble,
        built,
        _rows(content, entry) if entry["parts"] else np.empty((0, 0)),
    )


def _regressor(
    content: dict[str, Any], entry: dict[str, Any], part: dict[str, Any], files: dict[str, bytes]
) -> Any:
    expected = Expected(
        name=f"{entry['name']}: regressor {part['name']}",
        features=tuple(entry["columns"]),
        n_classes=1,
        versions=content["versions"],
        schema=content["schema"],
    )
    if part["kind"] != REGRESSOR.name or part["parameters"]:
        raise BundleError(f"{expected.name} is of kind {part['kind'][:30]!r}, or has parameters")
    if part["file"] not in files:
        raise PartError(f"{expected.name}: its file is not in the manifest's table")
    data = build_part(REGRESSOR, REGRESSOR.inspect, files[part["file"]], expected)
    return build_part(REGRESSOR, REGRESSOR.build, data, expected)


def _rows(content: dict[str, Any], entry: dict[str, Any]) -> np.ndarray:
    lines = [line for line in content["golden"]["later"] if line["model"] == entry["name"]]
    width = len(entry["columns"])
    if not 0 < len(lines) <= MOST_ROWS or {len(line["row"]) for line in lines} != {width}:
        raise BundleError(f"later model {entry['name']}: golden rows do not hold {width} numbers")
    return np.array([line["row"] for line in lines], dtype=np.float64)  # None becomes NaN


def _compared(
    content: dict[str, Any], entry: dict[str, Any], model: LaterModel
) -> dict[str, tuple[float, float]]:
    """Predict the golden rows again, part by part."""
    lines = [line for line in content["golden"]["later"] if line["model"] == model.name]
    now, found, at = _predicted(model), {}, 0
    members = [part for part in entry["parts"] if part["role"] == "member"]
    kinds = {part["name"]: kind_named(part["kind"]) for part in members}
    width = sum(values.shape[1] for values in now.values())
    if {len(line["predicted"]) for line in lines} != {width}:
        raise BundleError(f"later model {model.name}: golden predictions are not {width} numbers")
    then = np.array([line["predicted"] for line in lines], dtype=np.float64)
    for part, values in now.items():
        role, _, name = part.partition(" ")
        allowed = kinds[name].tolerance if role == "member" else REGRESSOR.tolerance
        difference = np.abs(values - then[:, at : at + values.shape[1]]).max()
        at += values.shape[1]
        if not difference <= allowed:
            raise PartError(
                f"{model.name}: {part} predicts the golden rows otherwise than when it was saved, "
                f"by up to {difference:.2g} ({allowed:.0e} allowed): it is damaged or another "
                "model's; train or save the model again"
            )
        found[f"{model.name}: {part}"] = float(difference), allowed
    return found


def _predicted(model: LaterModel) -> dict[str, np.ndarray]:
    try:
        return model.predicted()
    except (BundleError, ModelCompatibilityError):
        raise
    except Exception as error:
        raise BundleError(
            f"later model {model.name} cannot predict its golden rows: {type(error).__name__}: "
            f"{str(error)[:300]}"
        ) from error
