"""Downloads that stop as soon as they exceed the announced size."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fsspec.callbacks import Callback

from bt_fusion.errors import BundleError

__all__ = ["Capped", "CappedFile"]


class Limit:
    """The largest allowed size of a file.

    Attributes
    ----------
    name : str
        Of the file, for the error.
    most : int
        Bytes.
    report : callable
        Called with the number of bytes received.
    """

    def __init__(self, name: str, most: int, report: Callable[[int], Any]):
        self.name, self.most, self.report = name, most, report

    def check(self, size: int) -> None:
        """Raise BundleError for more bytes."""
        if size > self.most:
            raise BundleError(
                f"{self.name} has {size:,} bytes or more, at most {self.most:,} are expected"
            )

    def received(self, size: int) -> None:
        """Check and report the number of bytes received."""
        self.check(size)
        self.report(size)


class Capped(Callback):
    """fsspec's callback for a download: stops it at the limit."""

    def __init__(self, limit: Limit):
        super().__init__()
        self.limit = limit

    def set_size(self, size: int | None) -> None:
        """Check the size that the server reports."""
        self.limit.check(size or 0)

    def relative_update(self, inc: int = 1) -> None:
        """Check the bytes received."""
        self.value += inc
        self.limit.received(self.value)


class CappedFile(io.BufferedRandom):
    """A file that cannot grow beyond the limit."""

    def __init__(self, path: Path, limit: Limit):
        super().__init__(io.FileIO(path, "w+b"))
        self.limit = limit

    def write(self, data: Any) -> int:
        """Write bytes within the limit."""
        self.limit.received(self.tell() + len(data))
        return super().write(data)
