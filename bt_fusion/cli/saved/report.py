"""`bt-fusion report`: redraw a run's pages and pictures from its folder."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bt_fusion.cli.command import Json, Quiet, command, option
from bt_fusion.cli.screen import Screen

__all__ = ["report"]


@command(
    "what was drawn is kept",
    "bt-fusion report results --png",
)
def report(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Folder of a finished backtest; several get one verdict. [default: results]",
        ),
    ] = None,
    png: Annotated[bool, option("Also draw every picture as a PNG file.", "--png")] = False,
    tearsheet: Annotated[
        bool,
        option("Also write a tear sheet by quantstats, with ML off as benchmark.", "--tearsheet"),
    ] = False,
    bars: Annotated[int, option("Bars in the chart of signals.")] = 500,
    until: Annotated[
        str | None,
        option("Last bar of the chart: 2020-03-12T05:00. [default: the end]", metavar="TIME"),
    ] = None,
    symbol: Annotated[
        str | None,
        option("Symbol in the chart, if there are several. [default: the first]", metavar="SYMBOL"),
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Draw report.html and comparison.png of a finished backtest again.

    Several folders, one of each market: also print a row for each, and one verdict over all.
    """
    from bt_fusion.report.draw import redraw

    screen, given = Screen(quiet), folders or [Path("results")]
    pooled = pooled_runs(given) if len(given) > 1 else None  # errors come before anything is drawn
    for folder in given:
        drawn = redraw(folder, png=png, tearsheet=tearsheet, bars=bars, until=until, symbol=symbol)
        screen.list_files(drawn)
    if pooled is not None:
        show_pooled(screen, pooled, json)


def pooled_runs(folders: list[Path]) -> dict[str, Any]:
    """Return the pooled result of several runs."""
    from bt_fusion.backtest.pooled_runs import pool_runs

    return pool_runs(folders).to_dict()


def show_pooled(screen: Screen, pooled: dict[str, Any], json: Path | None) -> None:
    """Print the pooled result of several runs, and write it as JSON if requested."""
    from bt_fusion.files import write_json
    from bt_fusion.report.terminal.pooled import pooled_table

    screen.show(pooled_table(pooled))
    if json is not None:
        write_json(json, pooled)
