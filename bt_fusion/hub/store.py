"""What a place of models can do, whatever serves it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from bt_fusion.bundle.files import MANIFEST_CAP, read_manifest
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import BundleError
from bt_fusion.hub.address import Address

__all__ = ["Report", "Snapshot", "Store", "stated_digest"]

Report = Callable[[int], Any]


class Snapshot(Protocol):
    """One model at a place, which stays the same whatever is pushed meanwhile.

    Attributes
    ----------
    address : Address
        Of it.
    digest : str or None
        The digest that a tag promises.
    """

    address: Address
    digest: str | None

    def fetch(self, name: str, to: Path, most: int, report: Report) -> None:
        """Write one of its files to `to`; more bytes than `most` are a BundleError.

        Raises
        ------
        HubError
            When it is not there or cannot be read.
        BundleError
        """
        ...


class Store(Protocol):
    """A place of models."""

    def snapshot(self) -> Snapshot:
        """Return the model that the address means."""
        ...

    def push(
        self, files: dict[str, bytes], digest: str, tag: str | None, report: Report
    ) -> tuple[Address, list[str]]:
        """Put a model there.

        Parameters
        ----------
        files : dict of str to bytes
            By name, the manifest among them.
        digest : str
            Of the manifest.
        tag : str or None
        report : callable
            Is told how many bytes are done.

        Returns
        -------
        Address
            Of exactly this model.
        list of str
            The files that were not there.
        """
        ...


def stated_digest(snapshot: Snapshot) -> str | None:
    """Return the digest of a model elsewhere, None where its manifest is not sound."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot.fetch(MANIFEST, Path(folder) / MANIFEST, MANIFEST_CAP, lambda _: None)
        try:
            content, sound = read_manifest(Path(folder))
        except BundleError:
            return None
    return content["digest"] if sound else None
