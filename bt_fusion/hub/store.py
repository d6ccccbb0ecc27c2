"""What a place of models can do, whatever serves it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from bt_fusion.errors import HubError
from bt_fusion.hub.address import Address
from bt_fusion.hub.faults import EXTRA

__all__ = ["Report", "Snapshot", "Store", "open_store"]

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


def open_store(address: Address) -> Store:
    """Return what serves an address.

    Raises
    ------
    HubError
        When a package is missing.
    OptionError
        For a scheme that nothing serves.
    """
    try:
        import fsspec  # noqa: F401
    except ImportError:
        raise HubError(f"{address}: URLs of models need the extra hub; {EXTRA}") from None
    if address.protocol == "hf":
        from bt_fusion.hub.hugging_face import HuggingFace

        return HuggingFace(address)
    if address.folder is not None:
        from bt_fusion.hub.local_store import LocalStore

        return LocalStore(address)
    from bt_fusion.hub.folder_store import FolderStore

    return FolderStore(address)
