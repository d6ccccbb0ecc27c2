"""`bt-fusion report`: draw a run's pages and pictures again, from its folder alone."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.command import Quiet, command, option
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
    bars: Annotated[int, option("Bars that the chart of signals shows.")] = 500,
    until: Annotated[
        str | None, option("Time of the last of them: 2020-03-12T05:00. [default: the end]")
    ] = None,
    symbol: Annotated[
        str | None, option("Whose bars, where there are several. [default: the first one's]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Draw report.html and comparison.png again from the files of a finished backtest."""
    from bt_fusion.report.draw import redraw

    drawn = redraw(folder, png=png, tearsheet=tearsheet, bars=bars, until=until, symbol=symbol)
    Screen(quiet).list_files(drawn)
