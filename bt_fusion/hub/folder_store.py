"""A folder of models on any storage supported by fsspec, such as an S3 bucket."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import fsspec

from bt_fusion.bundle.commit import REVISIONS
from bt_fusion.bundle.files import FILE_CAP, MANIFEST_CAP, NAME
from bt_fusion.bundle.manifest import MANIFEST, read_json
from bt_fusion.errors import BundleError, HubError, OptionError
from bt_fusion.hub.address import Address, checked_tag
from bt_fusion.hub.capped import Capped, Limit
from bt_fusion.hub.faults import hub_errors
from bt_fusion.hub.store import Report

__all__ = ["FolderSnapshot", "FolderStore"]

TAGS = "tags"
TAGGED = re.compile(rb"sha256:([0-9a-f]{64})\n")
MOST_OF_A_TAG = 200  # bytes
# A file appears there once it is complete; elsewhere it is renamed into place
WHOLE = {*("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "memory")}


def no_report(_: int) -> None:
    """Report nothing."""


class FolderStore:
    """Models in a folder.

    Parameters
    ----------
    address : Address
    """

    def __init__(self, address: Address):
        self.address = address
        with hub_errors(address):
            # a new instance has no cached listing, so it sees what others have pushed
            self.system, root = fsspec.url_to_fs(address.url, skip_instance_cache=True)
        self.root = root.rstrip("/")

    def snapshot(self) -> "FolderSnapshot":
        """Return the model of the tag or digest, by default the last one pushed.

        Raises
        ------
        HubError
            If there is no such tag, or no model.
        """
        address, digest = self.address, self.address.digest
        if address.revision is not None:
            digest = self._tagged(address.revision)
        revision = f"{REVISIONS}/{digest}.json"
        # a model that was saved there, not pushed, has no list of revisions
        kept = digest is not None and self._size(revision) is not None
        return FolderSnapshot(self, digest, revision if kept else MANIFEST)

    def push(
        self, files: dict[str, bytes], digest: str, tag: str | None, report: Report
    ) -> tuple[Address, list[str]]:
        """Upload a model, the manifest last: readers see the old model or the new one.

        Existing files stay if they are equal byte for byte. A tag moves.
        """
        tag = self._tag(tag)
        self._check_content()
        manifest = files[MANIFEST]
        parts = {name: data for name, data in files.items() if name != MANIFEST}
        order = {**parts, f"{REVISIONS}/{digest}.json": manifest, MANIFEST: manifest}
        moved, done = [], 0
        for name, data in order.items():
            if self._read(name, len(data)) != data:
                self.put(name, data)
                moved.append(name)
            done += len(data)
            report(done)
        if tag is not None:
            self.put(f"{TAGS}/{tag}.txt", f"sha256:{digest}\n".encode())
        return self.address.pinned(digest), [name for name in moved if name in files]

    def _tag(self, tag: str | None) -> str | None:
        named = self.address.revision
        if None not in (tag, named) and tag != named:
            raise OptionError(f"{self.address} and tag {tag!r} are two tags; give one")
        return tag if tag is None else checked_tag(tag)

    def _check_content(self) -> None:
        """Raise HubError if the folder holds anything except models."""
        data = self._read(MANIFEST, MANIFEST_CAP)
        if data is not None:
            if not _is_manifest(data):
                raise HubError(
                    f"{self.address} holds another {MANIFEST}, which is no saved model's; remove "
                    "it, or give another place"
                )
            return
        names = [name for name in self.listed() if not name.startswith(".")]
        foreign = [name for name in names if not NAME.fullmatch(name)]
        if foreign:
            raise HubError(
                f"{self.address} holds {foreign[0]!r} and no saved model; give a new or empty "
                "folder"
            )

    def _tagged(self, tag: str) -> str:
        """Return the digest that a tag names."""
        data = self._read(f"{TAGS}/{tag}.txt", MOST_OF_A_TAG)
        if data is None:
            names = [name.removesuffix(".txt") for name in self.listed(f"/{TAGS}")]
            known = ", ".join(sorted(names)[:20]) or "none"
            raise HubError(f"{self.address}: there is no such tag; known here: {known}")
        found = TAGGED.fullmatch(data)
        if found is None:
            raise BundleError(f"{self.address}: the tag's file was altered; push with it again")
        return found[1].decode()

    def _read(self, name: str, most: int) -> bytes | None:
        """Return a file's content, None if it is missing or larger."""
        size = self._size(name)
        if size is None or size > most:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            self.get(name, path, most, no_report)
            return path.read_bytes()

    def _size(self, name: str) -> int | None:
        """Return the size of a file, None if it is missing."""
        with hub_errors(self.address):
            try:
                about = self.system.info(f"{self.root}/{name}")
            except FileNotFoundError as error:
                if "bucket does not exist" in str(error):
                    raise
                return None
        return int(about.get("size") or 0) if about.get("type") == "file" else None

    def listed(self, below: str = "") -> list[str]:
        """Return the names of the files in the folder, or in one of its subfolders."""
        with hub_errors(self.address):
            try:
                found = self.system.ls(f"{self.root}{below}", detail=True)
            except FileNotFoundError:
                return []
        paths = [each["name"] for each in found if each["type"] == "file"]
        return [path.rpartition("/")[2] for path in paths]

    def get(self, name: str, to: Path, most: int, report: Report) -> None:
        """Download a file of at most `most` bytes."""
        limit = Limit(f"{self.address}: {name}", most, report)
        # parallel parts would have no limit
        options = {"max_concurrency": 1} if self.address.protocol in ("s3", "s3a") else {}
        with hub_errors(self.address, f"{name} is missing; push a model there, or correct the URL"):
            self.system.get_file(f"{self.root}/{name}", str(to), callback=Capped(limit), **options)
        limit.check(to.stat().st_size)  # for file systems without progress reports

    def put(self, name: str, data: bytes) -> None:
        """Upload a file: it appears only when complete."""
        path = f"{self.root}/{name}"
        with hub_errors(self.address):
            if self.address.protocol in WHOLE:
                # in one request: an interruption would leave parts of a large file behind
                one = {"chunksize": FILE_CAP} if self.address.protocol in ("s3", "s3a") else {}
                self.system.pipe_file(path, data, **one)
                return
            folder, _, last = path.rpartition("/")
            self.system.makedirs(folder, exist_ok=True)
            temporary = f"{folder}/.{last}-{uuid4().hex[:8]}"
            self.system.pipe_file(temporary, data)
            self.system.mv(temporary, path)


def _is_manifest(data: bytes) -> bool:
    try:
        content = read_json(data, MANIFEST)
    except BundleError:
        return False
    return isinstance(content, dict) and {"schema", "files", "digest"} <= {*content}


class FolderSnapshot:
    """A model in a folder.

    Parameters
    ----------
    store : FolderStore
    digest : str or None
    manifest : str
        The manifest's file.
    """

    def __init__(self, store: FolderStore, digest: str | None, manifest: str):
        self.store, self.digest, self.manifest = store, digest, manifest
        self.address = replace(store.address, revision=None)

    def fetch(self, name: str, to: Path, most: int, report: Report) -> None:
        """Download a file."""
        self.store.get(self.manifest if name == MANIFEST else name, to, most, report)
