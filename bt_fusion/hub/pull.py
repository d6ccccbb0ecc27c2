"""Pull a model: download it next to its place, check it there, then rename it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from bt_fusion.bundle.commit import check_target, commit_files
from bt_fusion.bundle.files import MANIFEST_CAP, read_table, read_whole
from bt_fusion.bundle.load import check_digest, read_model
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import BundleError, ModelCompatibilityError, OptionError
from bt_fusion.files import writing
from bt_fusion.hub.address import Address, checked_digest
from bt_fusion.hub.opening import open_store
from bt_fusion.hub.store import Report, Snapshot
from bt_fusion.hub.transfer import Transfer
from bt_fusion.progress import step
from bt_fusion.urls import is_url, redacted

__all__ = ["fetch_model", "pull_model"]

Check = Callable[[Path], Any]


def pull_model(url: str | Path, folder: str | Path, *, digest: str | None = None) -> Transfer:
    """Download a model into a local folder, all or nothing.

    It is checked next to the folder as on loading; an existing model stays until then. None of its
    content is executed.

    Parameters
    ----------
    url : str
        Of the place; see docs/hub.md. Or a folder.
    folder : path
        New, empty, or a saved model.
    digest : str, optional
        The digest the model must have: ``sha256:`` and 64 hexadecimal digits. Without it, anyone
        who can write at the place decides what is pulled.

    Returns
    -------
    Transfer

    Raises
    ------
    HubError
        If the place cannot be reached or read, or holds no such model.
    BundleError, ModelCompatibilityError
        As `load_model`, for the downloaded model.
    OptionError
        For an invalid URL or folder.

    Examples
    --------
    >>> pull_model("s3://bucket/models/mine@v1", "models/mine")  # doctest: +SKIP
    """
    address = Address.of(url)
    target = local_folder(folder, address)
    wanted = None if digest is None else checked_digest(digest)
    if None not in (wanted, address.digest) and wanted != address.digest:
        raise OptionError(f"digest {wanted} is not the one of {address}; give one of them")
    check_target(target)
    snapshot = open_store(address).snapshot()
    return fetch_model(snapshot, target, wanted or address.digest, read_model)


def fetch_model(
    snapshot: Snapshot, target: Path, digest: str | None, check: Check = read_table
) -> Transfer:
    """Download a model, check it, and put it in place.

    Parameters
    ----------
    snapshot : Snapshot
    target : Path
    digest : str or None
        The digest it must have.
    check : callable
        Called with the complete folder next to the target; an exception cancels the pull.
    """
    stage = target.parent / f".{target.name}.pulling"
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{stage}.lock"):
            shutil.rmtree(stage, ignore_errors=True)  # left by a killed process
            stage.mkdir()
            try:
                return _pull_through(snapshot, stage, target, digest, check)
            finally:
                shutil.rmtree(stage, ignore_errors=True)


def _pull_through(
    snapshot: Snapshot, stage: Path, target: Path, digest: str | None, check: Check
) -> Transfer:
    def checked(saving: Path) -> dict[str, bytes]:
        check(saving)
        return {}

    try:
        _download(snapshot, stage, (digest, snapshot.digest))
        content, files = read_whole(stage)
        commit_files(target, files, check=checked)
    except (BundleError, ModelCompatibilityError) as error:
        raise type(error)(_refused(str(error), snapshot.address, stage, target)) from error
    size = sum(map(len, files.values()))
    url = str(snapshot.address.pinned(content["digest"], snapshot.address.revision))
    return Transfer(url, content["digest"], len(files), len(files), size)


def _refused(text: str, address: Address, stage: Path, target: Path) -> str:
    """Name the place in an error, instead of a deleted folder."""
    saving = target.parent / f".{target.name}.saving"
    for gone in (stage, saving):
        text = text.replace(f"{gone}{os.sep}", "").replace(str(gone), str(address))
    named = text if str(address) in text else f"{address}: {text}"
    return f"{named}. Nothing was pulled"


def _download(snapshot: Snapshot, stage: Path, digests: tuple[str | None, ...]) -> None:
    with step("Downloading the model") as report:
        snapshot.fetch(MANIFEST, stage / MANIFEST, MANIFEST_CAP, lambda _: None)
        content, _ = read_table(stage)
        for each in digests:  # before downloading gigabytes of another model
            check_digest(stage, content.get("digest"), each)
        sizes = {name: entry["size"] for name, entry in content["files"].items()}
        done, total = 0, sum(sizes.values())
        for name, size in sizes.items():
            snapshot.fetch(name, stage / name, size, _within(report, done, total))
            done += size


def _within(report: Callable[[int, int], None], before: int, total: int) -> Report:
    """Return a function that reports the bytes of one file as part of the total."""
    return lambda done: report(before + done, total)


def local_folder(folder: str | Path, source: Address) -> Path:
    """Return the target folder of a pull.

    Raises
    ------
    OptionError
        For a URL, and for the source itself.
    """
    if is_url(folder):
        raise OptionError(f"{redacted(str(folder))} is a URL; give a folder here to pull into")
    target = Path(folder).expanduser().resolve()
    if source.folder is not None and source.folder.resolve() == target:
        raise OptionError(f"{target} is where the model is; give another folder to pull into")
    return target
