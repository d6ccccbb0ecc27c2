"""The model card: what a saved model is, its training, its quality and its requirements."""

from pathlib import Path
from typing import Any

from bt_fusion.bundle.files import check_entry, read_manifest
from bt_fusion.bundle.later.load import check_later
from bt_fusion.bundle.manifest import MANIFEST, check_manifest, check_shape
from bt_fusion.bundle.parts.registry import libraries_of
from bt_fusion.bundle.versions import MUST_AGREE, check_schema
from bt_fusion.errors import BundleError, OptionError
from bt_fusion.features.views import split_name

__all__ = ["describe"]


def describe(folder: str | Path) -> dict[str, Any]:
    """Return the card of a saved model from its manifest; the parts are not opened.

    Raises
    ------
    BundleError
        If there is no manifest, or it is broken or altered.
    """
    folder = Path(folder).expanduser()
    content, valid = read_manifest(folder)
    check_schema(content.get("schema"))
    content = check_manifest(content)
    for own in (content, *(each for later in content["later"] for each in later["ensemble"])):
        _check_ensemble(own["ensemble"])
    for name, entry in content["files"].items():
        check_entry(folder, name, entry)
    if not valid:
        raise BundleError(f"{folder}: {MANIFEST} was altered after it was written")
    check_later(content)
    return {
        "model": _kept(
            content, "kind", "symbol", "interval", "label", "classes", "ensemble", "seed"
        ),
        "features": {
            **content["features"],
            "count": len(content["features"]["names"]),
            **_views(content["features"]["names"]),
        },
        "trained": {"created": content["created"], **content["training"]},
        "payoff": content["payoff"],
        "look_ahead_checked": content["look_ahead_checked"],
        "parity": content["parity"],
        "metrics": content["metrics"],
        "choices": content["choices"],
        "trials": content["trials"],
        "later": [
            {
                **_kept(model, "name", "columns", "options", "facts", "ensemble"),
                "parts": _parts(content, model["parts"]),
                "libraries": libraries_of({"parts": model["parts"], "later": []}),
            }
            for model in content["later"]
        ],
        "parts": _parts(content, content["parts"]),
        "needs": {name: _needed(name, content["versions"]) for name in libraries_of(content)},
        "versions": content["versions"],
        "plugins": content["plugins"],
        "bytes": sum(entry["size"] for entry in content["files"].values()),
        "schema": content["schema"],
        "digest": content["digest"],
    }


def _views(names: list[str]) -> dict[str, list[str]]:
    """Return the longer timeframes and other markets of the features."""
    try:
        views = [split_name(name)[1] for name in names]
    except OptionError as error:
        raise BundleError(f"the manifest's features cannot be: {error}") from error
    timeframes = dict.fromkeys(view.timeframe for view in views if view.timeframe)
    markets = dict.fromkeys(view.market for view in views if view.market)
    return {"timeframes": [*timeframes], "markets": [*markets]}


def _check_ensemble(ensemble: dict[str, Any]) -> None:
    """Raise BundleError if a card's members or voting cannot be read."""
    check_shape(ensemble.get("voting"), str, "manifest.ensemble.voting")
    members = ensemble.get("members")
    names = [*members] if isinstance(members, dict) else members
    check_shape(names, [str], "manifest.ensemble.members")


def _parts(content: dict[str, Any], parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts in the table, with size and digest of their files."""
    files = content["files"]
    return [
        {**_kept(part, "role", "name", "kind", "file"), **files[part["file"]]}
        for part in parts
        if part["file"] in files
    ]


def _kept(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: content[name] for name in names}


def _needed(name: str, versions: dict[str, Any]) -> str:
    return ".".join(str(versions.get(name, "any")).split(".")[: MUST_AGREE.get(name, 1)]) + ".*"
