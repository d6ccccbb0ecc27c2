"""Keep earlier results: before a folder is overwritten, its results move to a numbered one.

``results`` is always the newest run. The previous run becomes ``results-1``, the next one
``results-2``. The trial ledger and the finished runs of a sweep or a universe stay in place,
because later runs use them.
"""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bt_fusion.errors import OptionError
from bt_fusion.files import check_writable_folder, writing
from bt_fusion.saved_runs.run_commit import run_lock

__all__ = ["EVALUATION", "SWEEP", "UNIVERSE", "EarlierResults"]

SWEEP = ("sweep.json", "sweep.parquet", "sweep.png")
UNIVERSE = ("summary.json", "universe.csv", "universe.html", "universe.png")
EVALUATION = (
    "evaluation.json",
    *(f"{name}.png" for name in ("confusion", "reliability", "importances", "drift")),
)


@dataclass(frozen=True)
class EarlierResults:
    """Results in a folder where new ones will be written.

    Attributes
    ----------
    folder : Path
    files : sequence of str
        Names of the result files in this folder; the first exists only if they are complete.
    replace : bool
        Whether new results replace them instead.
    """

    folder: Path
    files: Sequence[str]
    replace: bool = False

    @property
    def there(self) -> bool:
        """Whether the folder holds finished results."""
        return (self.folder / self.files[0]).is_file()

    def check(self) -> None:
        """Raise OptionError, before long work, if they could not be kept."""
        if self.replace or not self.there:
            return
        try:
            check_writable_folder(self._sibling(1).parent)
        except OptionError as error:
            raise OptionError(
                f"{self.folder} holds earlier results, which cannot be kept beside it: {error}, "
                "or --overwrite to replace them"
            ) from error

    def keep(self) -> str:
        """Move them to a numbered folder beside this one; return a message, or "".

        Raises
        ------
        FileError
            If the file system refuses; nothing changes then.
        """
        if self.replace or not self.folder.is_dir():
            return ""
        with writing(self.folder), run_lock(self.folder):
            if not self.there:
                return ""
            made = datetime.fromtimestamp((self.folder / self.files[0]).stat().st_mtime)
            kept = self._link()
        return (
            f"the results of {made:%Y-%m-%d %H:%M} moved from {self.folder} to {kept}; --overwrite "
            "would replace them"
        )

    def _link(self) -> Path:
        """Link the files into a new folder, and give it the next number."""
        target = self._sibling(self._last_number() + 1)
        with TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}-", ignore_cleanup_errors=True
        ) as made:
            whole = Path(made) / target.name
            for name in self.files:
                if (self.folder / name).is_file():
                    link(self.folder / name, whole / name)
            os.rename(whole, target)
        return target

    def _last_number(self) -> int:
        """Return the highest number of a folder beside this one, 0 for none."""
        first = self._sibling(1)
        pattern = re.compile(re.escape(first.name.removesuffix("1")) + r"(\d+)")
        found = (pattern.fullmatch(path.name) for path in first.parent.iterdir())
        return max((int(match[1]) for match in found if match), default=0)

    def _sibling(self, number: int) -> Path:
        """Return the path of the folder with a number, beside this one."""
        named = self.folder if self.folder.name not in ("", "..") else self.folder.resolve()
        return named.with_name(f"{named.name}-{number}")


def link(source: Path, target: Path) -> None:
    """Link a file, or copy it if the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
