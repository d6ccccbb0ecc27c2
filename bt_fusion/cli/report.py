"""`bt-fusion report`: draw a run's pages and pictures again, from its folder alone."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.options import Quiet, command, option
from bt_fusion.cli.screen import Screen

__all__ = ["report"]


@command("what was drawn is kept")
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished backtest.")] = Path(
        "results"
    ),
    png: Annotated[bool, option("Draw every picture as PNG, too.", "--png")] = False,
    tearsheet: Annotated[
        bool, option("Write quantstats' tear sheet, ML off as benchmark.", "--tearsheet")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Draw report.html and comparison.png again from the files of a finished backtest."""
    from bt_fusion.report.draw import redraw

    Screen(quiet).list_files(redraw(folder, png=png, tearsheet=tearsheet))
