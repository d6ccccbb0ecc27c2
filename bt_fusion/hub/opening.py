"""Select the store for a URL."""

from bt_fusion.errors import HubError
from bt_fusion.hub.address import Address
from bt_fusion.hub.faults import EXTRA
from bt_fusion.hub.store import Store

__all__ = ["open_store"]


def open_store(address: Address) -> Store:
    """Return the store for an address.

    Raises
    ------
    HubError
        If a package is missing.
    OptionError
        For an unsupported scheme.
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
