"""The result of a push or pull."""

from dataclasses import dataclass

__all__ = ["Transfer"]


@dataclass(frozen=True)
class Transfer:
    """A pushed or pulled model.

    Attributes
    ----------
    url : str
        Of exactly this model, for pulling or loading it again, even after later pushes.
    digest : str
        Of its manifest, 64 hexadecimal digits.
    files : int
        Number of its files, including the manifest.
    moved, moved_bytes : int
        Files that were missing, and their bytes.
    tag : str or None
        Its current tag.
    """

    url: str
    digest: str
    files: int
    moved: int
    moved_bytes: int
    tag: str | None = None
