"""Where files go, and how much is printed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bt_fusion.cli.command import Config, Plugins, Quiet, option, output_folder
from bt_fusion.cli.screen import Screen

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
    overwrite: Annotated[
        bool, option("Replace an earlier run in --out instead of keeping it.", "--overwrite")
    ] = False
    no_report: Annotated[
        bool, option("Write tables and data only, no report and no picture.", "--no-report")
    ] = False
