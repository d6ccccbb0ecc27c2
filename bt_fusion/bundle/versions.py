"""The library versions a model was saved with, and whether it can be read here."""

import platform
from collections.abc import Iterable

from bt_fusion.bundle.manifest import SCHEMA
from bt_fusion.errors import BundleError, ModelCompatibilityError
from bt_fusion.fingerprint import ABSENT, library_versions

__all__ = ["check_schema", "check_versions", "current_versions"]

RECORDED = (
    "bt-fusion",
    "numpy",
    "pandas",
    "TA-Lib",
    "scikit-learn",
    "skops",
    "xgboost",
    "lightgbm",
    "torch",
    "safetensors",
    "onnx",
    "onnxruntime",
)
# Number of leading version numbers that must agree: scikit-learn's fitted attributes change between
# minor versions, the boosters keep reading their own formats
MUST_AGREE = {"scikit-learn": 2, "skops": 2, "numpy": 1, "xgboost": 1, "lightgbm": 1, "torch": 1}


def current_versions() -> dict[str, str]:
    """Return the installed versions by distribution."""
    found = library_versions(*RECORDED)
    known = {name: version for name, version in found.items() if version != ABSENT}
    return {"python": platform.python_version(), **known}


def check_schema(schema: object) -> None:
    """Check that this bt_fusion reads bundles of a schema.

    Raises
    ------
    ModelCompatibilityError
        For a schema of a later bt_fusion.
    """
    if type(schema) is not int or schema < 1:
        raise BundleError(f"manifest.schema is {str(schema)[:40]!r}, not a number from 1 on")
    if schema > SCHEMA:
        raise ModelCompatibilityError(
            f"the model is of schema {schema}, this bt_fusion reads up to {SCHEMA}; upgrade it"
        )


def check_versions(saved: dict[str, str], libraries: Iterable[str]) -> None:
    """Check the versions of the libraries that a model's parts depend on.

    Raises
    ------
    ModelCompatibilityError
        With each library, both versions and what to install.
    """
    here = current_versions()
    faults = []
    for name in sorted(set(libraries)):
        leading = MUST_AGREE.get(name, 1)
        then, now = str(saved.get(name, "none")), here.get(name, "none")
        if then.split(".")[:leading] != now.split(".")[:leading]:
            wanted = ".".join(then.split(".")[:leading])
            faults.append(
                f"{name} {then[:30]} when saved, {now} here (pip install '{name}=={wanted[:30]}.*')"
            )
    if faults:
        raise ModelCompatibilityError(
            f"the model was saved with other versions: {'; '.join(faults)}; or train it again"
        )
