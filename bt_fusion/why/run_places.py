"""Locate the files of a run; its summary names them as they were typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bt_fusion.data.online.market import is_market
from bt_fusion.urls import is_url
from bt_fusion.user_code import importable

__all__ = ["RunPlaces"]


@dataclass(frozen=True)
class RunPlaces:
    """Search folders for relative paths of a run.

    First the folder the run was started in, then the current one, then the parents of the run's
    folder, so a project moved as a whole is found.

    Attributes
    ----------
    folder : Path
        The run's folder.
    started : Path or None
        Folder where the command was started; None for older versions.
    """

    folder: Path
    started: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders in search order."""
        own = self.folder.resolve()
        first = [] if self.started is None else [self.started]
        return list(dict.fromkeys([*first, Path.cwd(), own, *own.parents]))

    def file(self, text: str) -> str:
        """Return the current path of a file or folder; unchanged if not found."""
        if is_url(text) or Path(text).expanduser().is_absolute():
            return text
        return next((str(each / text) for each in self.folders if (each / text).exists()), text)

    def bars(self, source: str) -> str:
        """Return the current path of bars; a sample or a market unchanged."""
        return source if is_market(source) else self.file(source)

    def code(self, name: str) -> str:
        """Return ``file.py:Class`` with the file's current path; any other name unchanged."""
        file, colon, part = (name, "", "") if name.endswith(".py") else name.rpartition(":")
        return f"{self.file(file)}{colon}{part}" if file.endswith(".py") else name

    def model(self, named: Any) -> Any:
        """Return the current folder of a saved model, or that of each symbol."""
        if isinstance(named, dict):
            return {symbol: self.file(folder) for symbol, folder in named.items()}
        return self.file(named) if isinstance(named, str) else named

    @contextmanager
    def importing(self, name: str) -> Iterator[None]:
        """Allow importing a ``module:Class`` from the folder where the run was started."""
        module = ":" in name and not name.rpartition(":")[0].endswith(".py")
        if not module or self.started is None or not self.started.is_dir():
            yield
            return
        with importable(self.started):
            yield
