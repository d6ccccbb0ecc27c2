"""Files of a bundle: check that they may be read, are not too large, and are unaltered."""

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import Any

from bt_fusion.bundle.manifest import MANIFEST, check_shape, manifest_digest, read_json
from bt_fusion.errors import BundleError, PartError

__all__ = [
    "FILE_CAP",
    "MANIFEST_CAP",
    "NAME",
    "check_entry",
    "read_bundle",
    "read_manifest",
    "read_regular",
    "read_table",
    "read_whole",
]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.[0-9a-f]{16}\.[a-z]{1,12}")
MANIFEST_CAP = 64 * 2**20  # minute bars with features of 1d: 20 MB of golden bars
FILE_CAP = 512 * 2**20
BUNDLE_CAP = 1024 * 2**20
MOST_FILES = 64
# Do not follow links or wait for the other end of a pipe; Windows has neither flag
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
OPEN_FLAGS |= getattr(os, "O_BINARY", 0)


def read_bundle(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a bundle's manifest and files once, so that the checked content is the one used.

    Raises
    ------
    BundleError
        Unless all are regular files inside the folder, of the recorded size and digest.
    """
    content, valid = read_table(folder)
    table = content["files"]
    found = {name: read_regular(folder, name, entry["size"]) for name, entry in table.items()}
    for name, data in found.items():
        _check_data(folder, name, data, table[name])
    if not valid:
        raise BundleError(
            f"{folder}: {MANIFEST} was altered after it was written: its digest differs"
        )
    return content, found


def read_whole(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a bundle as `read_bundle` does; include the manifest in the files.

    Raises
    ------
    BundleError
        As there, and if the model is replaced meanwhile.
    """
    content, found = read_bundle(folder)
    data = read_regular(folder, MANIFEST, MANIFEST_CAP)
    if manifest_digest(data, content["digest"]) != content["digest"]:
        raise BundleError(f"{folder}: the model was replaced while it was read; try again")
    return content, {**found, MANIFEST: data}


def read_table(folder: Path) -> tuple[dict[str, Any], bool]:
    """Read the manifest as `read_manifest` does, and check its file entries.

    Raises
    ------
    BundleError
        For names outside the folder, and too many or too large files.
    """
    content, valid = read_manifest(folder)
    table = content["files"]
    for name, entry in table.items():
        check_entry(folder, name, entry)
    if len(table) > MOST_FILES or sum(entry["size"] for entry in table.values()) > BUNDLE_CAP:
        raise BundleError(f"{folder}: more than {MOST_FILES} files or {BUNDLE_CAP:,} bytes")
    return content, valid


def read_manifest(folder: Path) -> tuple[dict[str, Any], bool]:
    """Return the manifest, with only its table checked, and whether its digest matches."""
    data = read_regular(folder, MANIFEST, MANIFEST_CAP)
    content = read_json(data, MANIFEST)
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise BundleError(f"{folder}: {MANIFEST} lists no files; save the model again")
    recorded = content.get("digest")
    return content, recorded == manifest_digest(data, recorded)


def read_regular(folder: Path, name: str, cap: int) -> bytes:
    """Read a regular file directly in `folder`, up to `cap` bytes.

    Raises
    ------
    BundleError
        If there is none, or it is a link, folder, pipe or device, or larger. If a file other than
        the manifest is missing or too large, a PartError.
    """
    path = folder / name
    kind = BundleError if name == MANIFEST else PartError
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise BundleError(f"{path} is not a regular file; a saved model has no links")
        with os.fdopen(os.open(path, OPEN_FLAGS), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > cap:
                raise kind(f"{path} has {about.st_size:,} bytes, at most {cap:,} expected")
            return file.read(about.st_size + 1)
    except FileNotFoundError as error:
        raise kind(f"{path} is missing; save the model again, or copy all of it") from error
    except (OSError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"{path} cannot be read: {error}") from error


def check_entry(folder: Path, name: str, entry: Any) -> None:
    """Raise BundleError if a file entry of a manifest has an invalid name, size or digest."""
    if not NAME.fullmatch(name):
        raise BundleError(
            f"{folder}: file name {name[:80]!r} in the manifest does not lie in the folder itself, "
            "or was not given by bt_fusion"
        )
    check_shape(entry, {"size": int, "sha256": str}, f"manifest.files[{name!r}]")
    if not 0 <= entry["size"] <= FILE_CAP:
        raise BundleError(f"{folder}: {name} claims {entry['size']:,} bytes, above {FILE_CAP:,}")


def _check_data(folder: Path, name: str, data: bytes, entry: dict[str, Any]) -> None:
    remedy = "copy all of the model again, or save it again"
    if len(data) != entry["size"]:
        raise PartError(
            f"{folder / name} has {len(data):,} bytes, not {entry['size']:,}: it is cut short, or "
            f"another model's; {remedy}"
        )
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise PartError(
            f"{folder / name} was altered after it was written, or is another model's: its digest "
            f"differs; {remedy}"
        )
