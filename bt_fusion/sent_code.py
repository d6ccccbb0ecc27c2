"""A user's file in the form sent to other processes, which may not have it on disk."""

import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from bt_fusion.module_sources import folder_of, sources_of

__all__ = ["SentFile"]

COPIES: dict[str, TemporaryDirectory[str]] = {}  # of this process, by content


@dataclass(frozen=True)
class SentFile:
    """A module's file and its imports from its own folder, as they were loaded.

    Attributes
    ----------
    file : str
        Its path on the sending machine.
    inside : str
        Its path inside the folder.
    sources : tuple of (str, bytes)
        Path inside the folder and content of each file, sorted; none for an installed library.
    """

    file: str
    inside: str = ""
    sources: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, module: ModuleType) -> "SentFile":
        """Take the sources of a user module."""
        file = Path(module.__file__ or "").resolve()
        folder = folder_of(module)
        found = {
            each.file.relative_to(folder).as_posix(): each.data
            for each in sources_of(module).values()
            if each.file.is_relative_to(folder)
        }
        return cls(str(file), file.relative_to(folder).as_posix(), tuple(sorted(found.items())))

    def here(self) -> Path:
        """Return this machine's file if it has the same content, otherwise a new copy."""
        file = Path(self.file)
        folder = file.parents[self.inside.count("/")] if self.sources else file.parent
        if all(_content(folder / path) == data for path, data in self.sources):
            return file
        return self.copy() / self.inside

    def copy(self) -> Path:
        """Return a folder with a copy of the files, kept until this process ends.

        Modules of other copies are unloaded: they may be earlier versions of these files.
        """
        digest = sha256(repr(self.sources).encode()).hexdigest()
        if digest not in COPIES:
            _forget_copies()
            COPIES[digest] = TemporaryDirectory(prefix="bt_fusion-")
            for path, data in self.sources:
                place = Path(COPIES[digest].name, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        return Path(COPIES[digest].name).resolve()


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _forget_copies() -> None:
    folders = [Path(each.name).resolve() for each in COPIES.values()]
    for name, module in [*sys.modules.items()]:
        file = Path(getattr(module, "__file__", None) or "").resolve()
        if any(file.is_relative_to(folder) for folder in folders):
            del sys.modules[name]
