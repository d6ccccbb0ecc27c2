"""`bt-fusion show`: the card of a saved model, from its manifest alone."""

import json as text
from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.options import command, option
from bt_fusion.cli.screen import Screen

__all__ = ["show"]


@command("nothing was read")
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of a saved model.")],
    json: Annotated[bool, option("Print JSON instead of a table.", "--json")] = False,
) -> None:
    """Say what a saved model is, when and on what it was trained, how good it is, what it needs."""
    from bt_fusion.bundle import describe
    from bt_fusion.report.terminal.model_card import card_table

    card = describe(folder)
    if json:
        print(text.dumps(card, indent=2))
    else:
        Screen().show(card_table(card))
