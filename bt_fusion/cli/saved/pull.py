"""`bt-fusion pull`: fetch a pushed model, and check it before it replaces the local one."""

from pathlib import Path
from typing import Annotated

import typer

from bt_fusion.cli.command import Plugins, Quiet, command, option
from bt_fusion.cli.saved.push import PLACES
from bt_fusion.cli.screen import Screen

__all__ = ["pull"]


@command(
    "nothing was pulled; what was in the folder is still there",
    "bt-fusion pull hf://me/models/mine@v1 models/mine",
)
def pull(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help=f"Where from: {PLACES}. A version: URL@TAG or URL@sha256:DIGEST."
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to put the model in.")],
    digest: Annotated[
        str | None,
        option("Digest the model must have, as push prints it.", "--digest", metavar="SHA256"),
    ] = None,
    plugin: Plugins = None,
    quiet: Quiet = False,
) -> None:
    """Fetch a model that was pushed; it is checked before the folder changes."""
    from bt_fusion.hub import pull_model

    done, screen = pull_model(url, folder, digest=digest), Screen(quiet)
    screen.say(f"Pulled     {done.files} files, {done.moved_bytes:,} bytes, into {folder}")
    screen.say(f"Digest     sha256:{done.digest}")
    screen.say(f"Exactly it {done.url}")
