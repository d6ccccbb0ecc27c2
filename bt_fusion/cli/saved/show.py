"""`bt-fusion show`: show a saved model's card from its manifest, or check the whole model."""

import json as text
from typing import Annotated

import typer

from bt_fusion.cli.command import Plugins, command, option
from bt_fusion.cli.screen import Screen

__all__ = ["show"]


@command(
    "nothing was read",
    "bt-fusion show models/mine",
)
def show(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder or URL of a saved model.")],
    verify: Annotated[
        bool,
        option("Load all of it and repeat its stored predictions; exit 2 on a fault.", "--verify"),
    ] = False,
    json: Annotated[bool, option("Print JSON instead of a table.", "--json")] = False,
    plugin: Plugins = None,
) -> None:
    """Show a saved model: its parts, its training, its figures, what it needs."""
    from bt_fusion.bundle import describe, load_saved
    from bt_fusion.hub import model_folder
    from bt_fusion.report.terminal.checks import check_table
    from bt_fusion.report.terminal.model_card import candidate_tables, card_table, later_tables

    place = model_folder(folder)
    card = describe(place)
    if verify:
        card["checks"] = load_saved(place).checks
    if json:
        print(text.dumps(card, indent=2))
        return
    tables = [card_table(card), *later_tables(card), *candidate_tables(card["choices"])]
    if verify:
        tables.append(check_table(card["checks"]))
    for table in tables:
        Screen().show(table)
