"""Descriptions of the checks made on loading a saved model, and of the skipped ones."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bt_fusion.bundle.parts.registry import libraries_of
from bt_fusion.ensemble.onnx_export import missing_libraries
from bt_fusion.errors import BtFusionWarning, ModelCompatibilityError
from bt_fusion.plugins import changed_files, registered_files

__all__ = ["check_plugins", "checks_made", "warn_without_onnx"]


def check_plugins(plugins: Sequence[dict[str, str]]) -> None:
    """Check that the user files a model needs have registered their features and members.

    Raises
    ------
    ModelCompatibilityError
        With the files that have not.

    Warns
    -----
    BtFusionWarning
        If one has changed since: stored rows check its features and members, not its label.
    """
    known = registered_files()
    missing = [plugin["file"] for plugin in plugins if plugin["file"] not in known]
    if missing:
        first = missing[0]
        raise ModelCompatibilityError(
            f"the model needs the plug-in {', '.join(missing)}: give --plugin {first}, in Python "
            f"load_plugin({first!r})"
        )
    changed = changed_files({plugin["file"]: plugin["sha256"] for plugin in plugins})
    if changed:
        warnings.warn(
            f"plug-in {', '.join(changed)} has changed since the model was saved; stored rows "
            "check its features and members, not its label",
            BtFusionWarning,
            stacklevel=5,
        )


def checks_made(
    content: dict[str, Any], compared: dict[str, tuple[float, float]]
) -> dict[str, str]:
    """Return the checks made on a loaded model, in order, and their results.

    Parameters
    ----------
    content : dict
        Of the manifest.
    compared : dict of str to (float, float)
        For each repeated prediction: the largest difference, and the allowed one.

    Returns
    -------
    dict of str to str
    """
    files, features = content["files"], content["features"]["names"]
    size = sum(entry["size"] for entry in files.values())
    golden = content["golden"]
    bars, rows = len(golden["bars"]["time"]), Counter(line["model"] for line in golden["later"])
    return {
        "manifest": f"schema {content['schema']}, digest {content['digest']}",
        "files": f"{len(files)} files, {size:,} bytes, sizes and digests as the manifest says",
        "versions": _versions(content),
        **{f"plug-in {plugin['file']}": _plugin(plugin) for plugin in content["plugins"]},
        "features": f"{len(features)}, the same values on {bars:,} stored bars",
        **{f"part {part['role']} {part['name']}": _part(part) for part in content["parts"]},
        **{
            f"part {model['name']} {part['role']} {part['name']}": _part(part)
            for model in content["later"]
            for part in model["parts"]
        },
        **{
            what: _compared(*found, rows[what.partition(":")[0]] or len(golden["rows"]))
            for what, found in compared.items()
        },
    }


def warn_without_onnx(folder: Path, members: Sequence[str]) -> None:
    """Warn which members would predict in ONNX if onnxruntime were installed."""
    if members:
        warnings.warn(
            f"{folder} holds ONNX forms of {', '.join(members)}, and onnxruntime is not installed "
            "here: these members predict by their own libraries; pip install 'bt-fusion[onnx]'",
            BtFusionWarning,
            stacklevel=4,
        )


def _compared(difference: float, allowed: float, rows: int) -> str:
    if difference == 0:
        return f"the same on {rows:,} stored rows"
    return f"at most {difference:.1e} off on {rows:,} stored rows, {allowed:.0e} allowed"


def _plugin(plugin: dict[str, str]) -> str:
    if changed_files({plugin["file"]: plugin["sha256"]}):
        return "has changed since; stored rows check its features and members, not its label"
    return "as it was when the model was saved"


def _versions(content: dict[str, Any]) -> str:
    return ", ".join(f"{name} {content['versions'][name]}" for name in libraries_of(content))


def _part(part: dict[str, Any]) -> str:
    if part["role"] == "onnx" and missing_libraries("onnxruntime"):
        return f"{part['file']}, inspected; not run, as onnxruntime is not installed"
    return f"{part['file']}, inspected and loaded"
