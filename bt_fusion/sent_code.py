"""A user's file on its way to other processes, which may not have it on their disk."""

import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from bt_fusion.module_sources import folder_of, sources_of

__all__ = ["SentFile"]

COPIES: dict[str, TemporaryDirectory[str]] = {}  # of this process, by what is in them


@dataclass(frozen=True)
class SentFile:
    """A module's file and those it imports from its own folder, as they were loaded.

    Attributes
    ----------
    file : str
        Where it stands on the machine it comes from.
    inside : str
        Its path below the folder.
    sources : tuple of (str, bytes)
        Path below the folder and content of each file, sorted; none of an installed library.
    """

    file: str
    inside: str = ""
    sources: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, module: ModuleType) -> "SentFile":
        """Take what a user's module was made of."""
        file = Path(module.__file__ or "").resolve()
        folder = folder_of(module)
        found = {
            each.file.relative_to(folder).as_posix(): each.data
            for each in sources_of(module).values()
            if each.file.is_relative_to(folder)
        }
        return cls(str(file), file.relative_to(folder).as_posix(), tuple(sorted(found.items())))

    def here(self) -> Path:
        """Return the file where this machine has the same, else that of a copy made now."""
        file = Path(self.file)
        folder = file.parents[self.inside.count("/")] if self.sources else file.parent
        if all(_content(folder / path) == data for path, data in self.sources):
            return file
        return self.copy() / self.inside

    def copy(self) -> Path:
        """Return a folder with a copy of the files, kept until this process ends.

        Modules of other copies are forgotten: an earlier state of these files may be among them.
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
