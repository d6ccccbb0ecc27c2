"""Where a class came from, so that another process finds it again."""

import importlib.util
import sys
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType

from bt_fusion.engine.loading import importable, load_file, load_module
from bt_fusion.engine.user_code import file_of

__all__ = ["ClassSource"]


@dataclass(frozen=True)
class ClassSource:
    """A class by its module, its file and its name.

    A class of a user's file cannot travel by itself: only the process that ran the file knows
    its module.

    Examples
    --------
    >>> import backtrader as bt
    >>> ClassSource.of(bt.sizers.PercentSizer).load().__name__
    'PercentSizer'
    """

    module: str
    file: str
    name: str

    @classmethod
    def of(cls, part: type) -> "ClassSource":
        """Say where a class came from."""
        return cls(part.__module__, str(file_of(part)), part.__qualname__)

    def load(self) -> type:
        """Return the class, its module imported or its file run where that has not happened.

        Raises
        ------
        OptionError
            When the file is not there any more.
        StrategyError
            For an error inside the file, with its line.
        """
        known = sys.modules.get(self.module)
        try:
            return attrgetter(self.name)(known)
        except AttributeError:  # not imported here, or another process's __main__
            return attrgetter(self.name)(self._import())

    def _import(self) -> ModuleType:
        if self.module == "__main__":
            return load_file(Path(self.file))
        with importable(Path.cwd()):
            try:
                found = importlib.util.find_spec(self.module)
            except (ModuleNotFoundError, ValueError):  # of its package
                found = None
        return load_module(self.module) if found else load_file(Path(self.file))
