"""Where the files of a run are now: its summary names them as they were typed."""

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
    """Folders in which a relative path of a run is looked for.

    First the folder the run was started in, then the present one, then those above the run's own:
    a project that was moved as a whole is found, too.

    Attributes
    ----------
    folder : Path
        The run's.
    started : Path or None
        Where the command was started; None of an older version.
    """

    folder: Path
    started: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders, in the order in which they are looked through."""
        own = self.folder.resolve()
        first = [] if self.started is None else [self.started]
        return list(dict.fromkeys([*first, Path.cwd(), own, *own.parents]))

    def file(self, text: str) -> str:
        """Return where a file or folder is now; as it is where it is not found."""
        if is_url(text) or Path(text).expanduser().is_absolute():
            return text
        return next((str(each / text) for each in self.folders if (each / text).exists()), text)

    def bars(self, source: str) -> str:
        """Return where bars are now; a sample or a market as it is."""
        return source if is_market(source) else self.file(source)

    def code(self, name: str) -> str:
        """Return ``file.py:Class`` with the file where it is now; any other name as it is."""
        file, colon, part = (name, "", "") if name.endswith(".py") else name.rpartition(":")
        return f"{self.file(file)}{colon}{part}" if file.endswith(".py") else name

    def model(self, named: Any) -> Any:
        """Return the folder of a saved model, or that of each symbol, where they are now."""
        if isinstance(named, dict):
            return {symbol: self.file(folder) for symbol, folder in named.items()}
        return self.file(named) if isinstance(named, str) else named

    @contextmanager
    def importing(self, name: str) -> Iterator[None]:
        """Let a ``module:Class`` be imported from where the run was started."""
        module = ":" in name and not name.rpartition(":")[0].endswith(".py")
        if not module or self.started is None or not self.started.is_dir():
            yield
            return
        with importable(self.started):
            yield
