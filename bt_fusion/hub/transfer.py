"""What a transfer moved."""

from dataclasses import dataclass

__all__ = ["Transfer"]


@dataclass(frozen=True)
class Transfer:
    """A model that was pushed or pulled.

    Attributes
    ----------
    url : str
        Of exactly this model: what pulls or loads it again, whatever is pushed later.
    digest : str
        Of its manifest, 64 hexadecimal digits.
    files : int
        It consists of, the manifest among them.
    moved, moved_bytes : int
        Files that were not there yet, and their bytes.
    tag : str or None
        That names it now.
    """

    url: str
    digest: str
    files: int
    moved: int
    moved_bytes: int
    tag: str | None = None
