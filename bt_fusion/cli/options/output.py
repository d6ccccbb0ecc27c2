"""Where files go, and how much is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from bt_fusion.cli.command import Config, Overwrite, Plugins, Quiet, option, output_folder
from bt_fusion.cli.screen import Screen

if TYPE_CHECKING:
    from bt_fusion.saved_runs.earlier_results import EarlierResults

__all__ = ["OutputOptions", "ScreenOptions"]


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """Where the options come from, what they may name, and how much is printed."""

    config: Config = None
    plugin: Plugins = None
    quiet: Quiet = False

    def screen(self) -> Screen:
        """Return the terminal, silent with --quiet."""
        return Screen(self.quiet)


@dataclass(frozen=True, kw_only=True)
class OutputOptions(ScreenOptions):
    """Where the files go, and which are drawn."""

    out: Annotated[
        Path,
        output_folder("Folder for the files. An earlier run in it is kept as DIR-1, DIR-2, ..."),
    ] = Path("results")
    overwrite: Overwrite = False
    no_report: Annotated[
        bool, option("Write tables and data only, no report and no picture.", "--no-report")
    ] = False

    def earlier(self, files: Sequence[str]) -> "EarlierResults":
        """Return the earlier results in the folder, consisting of these files, after checks."""
        from bt_fusion.saved_runs.earlier_results import EarlierResults

        found = EarlierResults(self.out, files, self.overwrite)
        found.check()
        return found
