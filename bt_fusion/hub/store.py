"""The interface of a place of models."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from bt_fusion.bundle.files import MANIFEST_CAP, read_manifest
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import BundleError
from bt_fusion.hub.address import Address

__all__ = ["Report", "Snapshot", "Store", "recorded_digest"]

Report = Callable[[int], Any]


class Snapshot(Protocol):
    """One model at a place; later pushes do not change it.

    Attributes
    ----------
    address : Address
        Of the model.
    digest : str or None
        The digest expected from a tag.
    """

    address: Address
    digest: str | None

    def fetch(self, name: str, to: Path, most: int, report: Report) -> None:
        """Write one of its files to `to`; more than `most` bytes are a BundleError.

        Raises
        ------
        HubError
            If it is missing or cannot be read.
        BundleError
        """
        ...


class Store(Protocol):
    """A place of models."""

    def snapshot(self) -> Snapshot:
        """Return the model of the address."""
        ...

    def push(
        self, files: dict[str, bytes], digest: str, tag: str | None, report: Report
    ) -> tuple[Address, list[str]]:
        """Upload a model.

        Parameters
        ----------
        files : dict of str to bytes
            By name, including the manifest.
        digest : str
            Of the manifest.
        tag : str or None
        report : callable
            Called with the number of bytes done.

        Returns
        -------
        Address
            Of exactly this model.
        list of str
            The files that were missing there.
        """
        ...


def recorded_digest(snapshot: Snapshot) -> str | None:
    """Return the digest of a remote model, None if its manifest is invalid."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot.fetch(MANIFEST, Path(folder) / MANIFEST, MANIFEST_CAP, lambda _: None)
        try:
            content, valid = read_manifest(Path(folder))
        except BundleError:
            return None
    return content["digest"] if valid else None
