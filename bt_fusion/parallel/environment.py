"""Versions of Python, libraries and our own code, compared between machines."""

import platform
import sys

from bt_fusion.fingerprint import library_versions, whole_code_digest

__all__ = ["difference", "environment"]

LIBRARIES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "imbalanced-learn",
    "TA-Lib",
    "backtrader",
    "cloudpickle",
    "joblib",
    "distributed",
    "bt-fusion",
)
EXTRAS = ("torch", "skorch", "safetensors", "onnxruntime")  # compared if the client uses them
CODE = "code of bt_fusion"


def environment(extras: tuple[str, ...] | None = None) -> dict[str, str]:
    """Return the versions of everything that computes in this process, by name.

    Parameters
    ----------
    extras : tuple of str, optional
        Names to include; by default those imported here.
    """
    if extras is None:
        extras = tuple(name for name in EXTRAS if name in sys.modules)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    found = {"python": python, **library_versions(*LIBRARIES, *extras)}
    return found | {CODE: whole_code_digest()}


def difference(wanted: dict[str, str]) -> str:
    """Return the differences from the required versions, "" for none."""
    here = environment(tuple(name for name in EXTRAS if name in wanted))
    return ", ".join(
        f"{name} {here.get(name)} instead of {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    )
