"""Write a bundle so that after a crash the folder holds the old model or the new one.

Everything is first written and synced in a folder next to the target. A new model then appears by
one rename of that folder. Not every platform can replace an existing folder by a rename, so there
the files are replaced: their names contain the digest of their content, no new file overwrites a
different old one, and one rename of the manifest switches the model. Then the old files are
deleted. A lock keeps two savers of one target apart; it ends with its process.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from bt_fusion.bundle.files import NAME
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import BundleError
from bt_fusion.files import check_writable_folder, writing

__all__ = ["REVISIONS", "check_target", "commit_files"]

REVISIONS = "revisions"  # of a folder that models are pushed to: their manifests

Check = Callable[[Path], dict[str, bytes]]


def commit_files(folder: Path, files: dict[str, bytes], check: Check) -> None:
    """Make `folder` contain `files` (names to contents, with the manifest), all or nothing.

    Parameters
    ----------
    folder : Path
    files : dict of str to bytes
    check : callable
        Called with the folder next to the target before the target changes; returns files that
        replace those of the same name.

    Raises
    ------
    OptionError, BundleError
        As `check_target`.
    FileError
        If the system refuses it; the existing model stays.
    """
    check_target(folder)
    with writing(folder):
        _commit(folder, files, check)


def _commit(folder: Path, files: dict[str, bytes], check: Check) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = folder.parent / f".{folder.name}.saving"
    with FileLock(folder.parent / f".{folder.name}.lock"):
        shutil.rmtree(stage, ignore_errors=True)
        try:
            stage.mkdir()
            _write_all(stage, files)
            _write_all(stage, check(stage))
            if folder.exists():
                _replace(folder, stage, files)
            else:
                os.rename(stage, folder)
                _sync_folder(folder.parent)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def check_target(folder: Path) -> None:
    """Check that a model can be saved in a folder.

    Raises
    ------
    OptionError
        If the folder cannot be written.
    BundleError
        If it is a file, or holds anything except a saved model, or holds pushed models, whose
        earlier versions saving would delete.
    """
    if folder.is_dir():  # its files and the folder next to it are both replaced
        check_writable_folder(folder)
    if not folder.is_file():
        check_writable_folder(folder.parent)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is not a folder; give another place to save to")
    if (folder / REVISIONS).is_dir():
        raise BundleError(
            f"{folder} holds models that were pushed; save to another place and push again"
        )
    foreign = [path.name for path in folder.iterdir() if not _is_bundle_file(path.name)]
    if foreign and not (folder / MANIFEST).is_file():
        raise BundleError(
            f"{folder} holds {foreign[0]!r} and no saved model; give a new or empty folder"
        )


def _is_bundle_file(name: str) -> bool:
    return name == MANIFEST or bool(NAME.fullmatch(name))


def _write_all(stage: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        with open(stage / name, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    _sync_folder(stage)


def _replace(folder: Path, stage: Path, files: dict[str, bytes]) -> None:
    for name in files:
        if name != MANIFEST:
            os.replace(stage / name, folder / name)
    _sync_folder(folder)
    os.replace(stage / MANIFEST, folder / MANIFEST)
    _sync_folder(folder)
    for path in folder.iterdir():
        if NAME.fullmatch(path.name) and path.name not in files:
            path.unlink()


def _sync_folder(folder: Path) -> None:
    """Sync renames inside the folder to disk; Windows cannot open folders and needs no call."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
