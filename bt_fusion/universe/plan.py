"""Select the files to compare, by their content."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bt_fusion.universe.keys import JobKey, digest_of_file
from bt_fusion.universe.one_file import FileTask
from bt_fusion.universe.row import FileRow
from bt_fusion.universe.table import UniverseFile

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """The files of a universe.

    Attributes
    ----------
    tasks : list of FileTask
        One per distinct content.
    refused : list of UniverseFile
        Files that cannot be read, and copies of others.
    """

    tasks: list[FileTask]
    refused: list[UniverseFile]

    @classmethod
    def of(cls, files: Mapping[str, Path], job: JobKey) -> "Plan":
        """Read every file once, and create its task."""
        tasks: dict[str, FileTask] = {}
        refused = []
        for symbol, path in files.items():
            try:
                digest = digest_of_file(path)
            except OSError as error:
                row = FileRow(error=f"{path} cannot be read: {error.strerror or error}")
                refused.append(UniverseFile(symbol, path, row))
                continue
            if digest in tasks:
                row = FileRow(error=f"the same file as {tasks[digest].symbol}")
                refused.append(UniverseFile(symbol, path, row))
                continue
            tasks[digest] = FileTask(job.for_file(digest), digest, job.variant, symbol, path)
        return cls(list(tasks.values()), refused)
