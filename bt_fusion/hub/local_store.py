"""A folder of models on this computer, or on a mounted share."""

import os
from pathlib import Path

from bt_fusion.bundle.files import read_regular
from bt_fusion.errors import HubError
from bt_fusion.files import write_whole
from bt_fusion.hub.address import Address
from bt_fusion.hub.folder_store import FolderStore
from bt_fusion.hub.store import Report

__all__ = ["LocalStore"]


class LocalStore(FolderStore):
    """Models in a local folder: reads only regular files, writes only complete ones.

    Parameters
    ----------
    address : Address
    """

    def __init__(self, address: Address):
        super().__init__(address)
        self.folder = Path(self.root or "/")

    def get(self, name: str, to: Path, most: int, report: Report) -> None:
        """Copy a regular file of at most `most` bytes."""
        path = self.folder / name
        if not os.path.lexists(path):
            raise HubError(
                f"{self.address}: {name} is missing; push a model there, or correct the URL"
            )
        data = read_regular(path.parent, path.name, most)
        report(len(data))
        to.write_bytes(data)

    def put(self, name: str, data: bytes) -> None:
        """Write a file next to its place and rename it."""

        def write(path: Path) -> None:
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())

        write_whole(self.folder / name, write)
