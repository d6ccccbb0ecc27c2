"""`bt-fusion report`: draw a run's pages and pictures again, from its folder alone."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported

__all__ = ["report"]


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished backtest.")] = Path(
        "results"
    ),
    png: Annotated[bool, ask.option("Draw every picture as PNG, too.", "--png")] = False,
    tearsheet: Annotated[
        bool, ask.option("Write quantstats' tear sheet, ML off as benchmark.", "--tearsheet")
    ] = False,
    quiet: ask.Quiet = False,
) -> None:
    """Draw report.html and comparison.png again from the files of a finished backtest."""
    with reported("what was drawn is kept"):
        from bt_fusion.report.draw import redraw

        paths = redraw(folder, png=png, tearsheet=tearsheet)
        Screen(quiet).say("Files      " + ", ".join(str(path) for path in paths))
