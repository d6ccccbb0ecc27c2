"""The command reference, from the command line itself."""

import re
from collections.abc import Iterator
from typing import Any

import typer

__all__ = ["command_reference"]

EXTRA = re.compile(r"\s*\[([^\[\]]*)\]$")


def command_reference() -> str:
    """Return every command with its options as Markdown.

    Typer may bring its own copy of Click, so that nothing here names a class of either.
    """
    from bt_fusion.cli.main import app

    whole: Any = typer.main.get_command(app)
    return "\n\n".join(section(name, each) for name, each in whole.commands.items())


def section(name: str, command: Any) -> str:
    """Return one command: what it does, how it is called, its options."""
    context = typer.Context(command, info_name=f"bt-fusion {name}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = (command.help or "").split("\f")[0]
    parts = [f"## {name}", text, f"```text\n{' '.join(usage.split())}\n```"]
    return "\n\n".join([*parts, *tables(command, context)])


def tables(command: Any, context: typer.Context) -> Iterator[str]:
    """Return a table of the arguments and options in each group of the help."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in command.get_params(context):
        record = each.get_help_record(context)
        if record is not None and each.name != "help":
            groups.setdefault(getattr(each, "rich_help_panel", None) or "", []).append(record)
    for title, records in groups.items():
        heading = [f"**{title}**", ""] if title else []
        rows = ["| option | meaning | values |", "|---|---|---|"]
        yield "\n".join([*heading, *rows, *(row(*record) for record in records)])


def row(names: str, text: str) -> str:
    r"""Return one option: its names, its help, and its choices, default and limits.

    Examples
    --------
    >>> row("-m, --mode <off|on>", "Which | runs.  [default: on]")
    '| `-m`, `--mode` | Which \\| runs. | off, on; default on |'
    >>> row("RUN <path>", "Folder.  [required]")
    '| `RUN` | Folder. | required |'
    """
    plain, _, kind = names.partition(" <")
    choices = ", ".join(kind.rstrip(">").split("|")) if "|" in kind else ""
    extra = EXTRA.search(text)
    told = extra[1].replace("default: ", "default ") if extra else ""
    text = escaped(" ".join(EXTRA.sub("", text).split()))
    shown = ", ".join(f"`{name}`" for name in plain.split(", "))
    limits = escaped("; ".join(part for part in (choices, told) if part))
    return f"| {shown} | {text} | {limits} |"


def escaped(text: str) -> str:
    """Return text that a cell of a Markdown table shows as it is."""
    for sign in "\\`*_|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "&lt;")
