"""`bt-fusion why`: why a trade was entered, or why a bar was or was not an entry."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.command import Json, Ml, Plugins, Quiet, command, option
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

__all__ = ["why"]


@command(
    "nothing was written",
    "bt-fusion why results --trade 1",
)
def why(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished backtest.")],
    trade: Annotated[
        int | None, option("Number of a trade; without --trade and --bar, lists all trades.")
    ] = None,
    bar: Annotated[
        str | None, option("Instead: any bar of the window, 2020-03-12T05:00.", metavar="TIME")
    ] = None,
    run: Annotated[Ml, option("The run with ML on, or with ML off.")] = Ml.on,
    symbol: Annotated[
        str | None, option("Symbol of --bar, if the run had several.", metavar="SYMBOL")
    ] = None,
    data: Annotated[
        list[str] | None,
        option(
            "Where the bars are now, if they moved. Several symbols: SYMBOL=PATH, repeated.",
            metavar="PATH",
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        option(
            "The run's strategy, if its file moved or changed: file.py:Class; it is run.",
            metavar="NAME",
        ),
    ] = None,
    sizer: Annotated[
        str | None, option("The run's sizer, if its file moved or changed.", metavar="NAME")
    ] = None,
    json: Json = None,
    plugin: Plugins = None,
    quiet: Quiet = False,
) -> None:
    """Explain why a trade was entered, or why a bar was or was not an entry.

    Without --trade and --bar, lists the run's trades. With --run off, the list shows which entries
    of the strategy ML on did not make, and the probability that ML gave them.
    """
    from bt_fusion.files import write_json
    from bt_fusion.report.terminal.why import trades_table, why_tables
    from bt_fusion.saved_runs.entry_probabilities import listed_trades
    from bt_fusion.saved_runs.saved_run import SavedRun
    from bt_fusion.why.why import explain_entry

    screen = Screen(quiet)
    if run is Ml.both:
        raise OptionError("give --run on or --run off; each has trades of its own")
    if trade is None and bar is None:
        saved = SavedRun.read(folder, tables=("predictions",))
        screen.show(trades_table(listed_trades(saved, run.value), run.value))
        return
    explanation = explain_entry(
        folder,
        trade=trade,
        bar=bar,
        run=run.value,
        symbol=symbol,
        data=tuple(data or ()),
        strategy=strategy,
        sizer=sizer,
    )
    screen.show(why_tables(explanation.to_dict()))
    if json is not None:
        write_json(json, explanation.to_dict())
