"""Models of URLs, kept in the user's cache folder by their digest."""

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
from bt_fusion.hub.store import stated_digest
from bt_fusion.urls import is_url

__all__ = ["model_folder", "pinned_model"]


def model_folder(place: str | Path) -> Path:
    """Return the folder of a saved model: as it is, or of a URL the one it was pulled into.

    Without a digest or a commit in the URL the place is asked which model it has now; with one, a
    model that is in the cache needs no network. What is in the folder is unaltered; `load_saved`
    checks the rest.

    Raises
    ------
    HubError, BundleError, ModelCompatibilityError, OptionError
        As `pull_model`.
    """
    if not is_url(place):
        return Path(place).expanduser()
    return _kept(Address.of(place))[0]


def pinned_model(place: str) -> str:
    """Return a folder as it is, and of a URL the one of exactly the model that it names now.

    It holds no password; the model is in the cache.

    Raises
    ------
    HubError, BundleError, ModelCompatibilityError, OptionError
        As `pull_model`.
    """
    return _kept(Address.of(place))[1] if is_url(place) else place


def _kept(address: Address) -> tuple[Path, str]:
    """Return folder and exact URL of a model in the cache, pulled where it is not there."""
    known = address.digest or (_noted(address) if address.is_fixed else None)
    if known is not None and _is_sound(_folder(known), known):
        return _folder(known), _exact(address, known)
    try:
        snapshot = open_store(address).snapshot()
        digest = stated_digest(snapshot)
    except HubError as error:
        raise HubError(f"{error}{_hint(address)}") from None
    if digest is None:
        raise BundleError(
            f"{address}: its manifest was altered after it was written; push the model again"
        )
    for wanted in (address.digest, snapshot.digest):
        check_digest(address, digest, wanted)
    if not _is_sound(_folder(digest), digest):
        fetch_model(snapshot, _folder(digest), digest)
    _note(address, digest)
    return _folder(digest), _exact(snapshot.address, digest)


def _exact(address: Address, digest: str) -> str:
    """Return the URL of one model; a tag may move, a revision of Hugging Face says where it is."""
    return str(address.pinned(digest, address.revision if address.protocol == "hf" else None))


def _is_sound(folder: Path, digest: str) -> bool:
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
    """Note which model a URL named last."""
    if _noted(address) != digest:
        write_whole(_note_of(address), lambda file: file.write_text(digest, encoding="utf-8"))


def _noted(address: Address) -> str | None:
    try:
        digest = _note_of(address).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return digest if len(digest) == 64 and digest.isalnum() else None


def _hint(address: Address) -> str:
    """Say which model of this URL is in the cache."""
    known = _noted(address)
    if known is None or not _is_sound(_folder(known), known):
        return ""
    return f". The one used last: {_exact(address, known)}"
