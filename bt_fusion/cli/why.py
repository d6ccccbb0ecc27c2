"""`bt-fusion why`: why a trade was entered, or why a bar was or was not an entry."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported
from bt_fusion.errors import OptionError

__all__ = ["why"]


def why(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished backtest.")],
    trade: Annotated[int | None, ask.option("Number of a trade; without one, lists them.")] = None,
    bar: Annotated[str | None, ask.option("Or any bar of the window: 2020-03-12T05:00.")] = None,
    run: Annotated[ask.Ml, ask.option("The run with ML on, or off.")] = ask.Ml.on,
    symbol: Annotated[str | None, ask.option("Whose bar, where there were several.")] = None,
    data: Annotated[
        list[str] | None, ask.option("Where the bars are now, if they moved; repeat SYMBOL=PATH.")
    ] = None,
    json: ask.Json = None,
    quiet: ask.Quiet = False,
) -> None:
    """Say why a trade was entered, or why a bar was or was not an entry."""
    with reported("nothing was written"):
        from bt_fusion.files import write_json
        from bt_fusion.report.terminal.why import trades_table, why_tables
        from bt_fusion.saved_runs.saved_run import SavedRun
        from bt_fusion.why.why import explain_entry

        screen = Screen(quiet)
        if run is ask.Ml.both:
            raise OptionError("give --run on or --run off; each has trades of its own")
        if trade is None and bar is None:
            trades = SavedRun.read(folder, tables=()).trades_of(run.value)
            screen.show(trades_table(trades, run.value))
            return
        reason = explain_entry(
            folder, trade=trade, bar=bar, run=run.value, symbol=symbol, data=tuple(data or ())
        )
        screen.show(why_tables(reason.to_dict()))
        if json is not None:
            write_json(json, reason.to_dict())
