"""`bt-fusion push`: copy a saved model to a place where others can pull it."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.command import Plugins, Quiet, command, option
from bt_fusion.cli.screen import Screen

__all__ = ["PLACES", "push"]

PLACES = (
    "file:///PATH, s3://BUCKET/PATH, hf://OWNER/REPOSITORY/PATH, or any other place fsspec knows"
)


@command(
    "whoever pulls gets the model before or this one: push again to go on",
    "bt-fusion push models/mine hf://me/models/mine --tag v1",
)
def push(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a saved model.")],
    url: Annotated[str, typer.Argument(metavar="URL", help=f"Where to: {PLACES}.")],
    tag: Annotated[
        str | None, option("Name of this version: pull it as URL@NAME.", "--tag", metavar="NAME")
    ] = None,
    plugin: Plugins = None,
    quiet: Quiet = False,
) -> None:
    """Copy a saved model to a shared place; it is checked first, and copied whole or not at all."""
    from bt_fusion.hub import push_model

    done, screen = push_model(folder, url, tag=tag), Screen(quiet)
    screen.say(
        f"Pushed     {done.moved} of {done.files} files, {done.moved_bytes:,} bytes; the others "
        "were there"
        if done.moved < done.files
        else f"Pushed     {done.files} files, {done.moved_bytes:,} bytes"
    )
    screen.say(f"Digest     sha256:{done.digest}")
    if done.tag is not None:
        screen.say(f"Tag        {done.tag}")
    screen.say(f"Pull it    bt-fusion pull {done.url} models/mine")
