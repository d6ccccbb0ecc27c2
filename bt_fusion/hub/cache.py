"""Models from URLs, in the user's cache folder by their digest."""

import os
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

from bt_fusion.bundle.files import read_bundle
from bt_fusion.bundle.load import check_digest
from bt_fusion.errors import BundleError, HubError
from bt_fusion.files import write_whole
from bt_fusion.hub.address import Address
from bt_fusion.hub.opening import open_store
from bt_fusion.hub.pull import fetch_model
from bt_fusion.hub.store import recorded_digest
from bt_fusion.urls import is_url

__all__ = ["model_folder", "pinned_model"]


def model_folder(place: str | Path) -> Path:
    """Return the folder of a saved model: a folder unchanged, or where a URL was pulled to.

    Without a digest or commit in the URL, the place is asked for its current model; otherwise a
    cached model needs no network. The folder's files are unaltered; `load_saved` checks the rest.

    Raises
    ------
    HubError, BundleError, ModelCompatibilityError, OptionError
        As `pull_model`.
    """
    if not is_url(place):
        return Path(place).expanduser()
    return _kept(Address.of(place))[0]


def pinned_model(place: str) -> str:
    """Return a folder unchanged, and a URL pinned to the model it currently names.

    The result has no password; the model is in the cache.

    Raises
    ------
    HubError, BundleError, ModelCompatibilityError, OptionError
        As `pull_model`.
    """
    return _kept(Address.of(place))[1] if is_url(place) else place


def _kept(address: Address) -> tuple[Path, str]:
    """Return folder and exact URL of a cached model; pull it first if needed."""
    known = address.digest or (_noted(address) if address.is_fixed else None)
    if known is not None and _is_valid(_folder(known), known):
        return _folder(known), _exact(address, known)
    try:
        snapshot = open_store(address).snapshot()
        digest = recorded_digest(snapshot)
    except HubError as error:
        raise HubError(f"{error}{_hint(address)}") from None
    if digest is None:
        raise BundleError(
            f"{address}: its manifest was altered after it was written; push the model again"
        )
    for wanted in (address.digest, snapshot.digest):
        check_digest(address, digest, wanted)
    if not _is_valid(_folder(digest), digest):
        fetch_model(snapshot, _folder(digest), digest)
    _note(address, digest)
    return _folder(digest), _exact(snapshot.address, digest)


def _exact(address: Address, digest: str) -> str:
    """Return the URL of one model; tags may move, Hugging Face revisions give the location."""
    return str(address.pinned(digest, address.revision if address.protocol == "hf" else None))


def _is_valid(folder: Path, digest: str) -> bool:
    try:
        content, _ = read_bundle(folder)
    except BundleError:
        return False
    return bool(content["digest"] == digest)


def _cache() -> Path:
    return Path(os.environ.get("BT_FUSION_CACHE") or user_cache_path("bt_fusion")) / "models"


def _folder(digest: str) -> Path:
    return _cache() / digest


def _note_of(address: Address) -> Path:
    return _cache() / "places" / f"{sha256(str(address).encode()).hexdigest()}.txt"


def _note(address: Address, digest: str) -> None:
    """Record the last model of a URL."""
    if _noted(address) != digest:
        write_whole(_note_of(address), lambda file: file.write_text(digest, encoding="utf-8"))


def _noted(address: Address) -> str | None:
    try:
        digest = _note_of(address).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return digest if len(digest) == 64 and digest.isalnum() else None


def _hint(address: Address) -> str:
    """Return a note on the cached model of this URL."""
    known = _noted(address)
    if known is None or not _is_valid(_folder(known), known):
        return ""
    return f". The one used last: {_exact(address, known)}"
