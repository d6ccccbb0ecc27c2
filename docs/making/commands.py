"""The command reference, from the command line itself."""

from collections.abc import Iterator

import click
import typer

__all__ = ["command_reference"]


def command_reference() -> str:
    """Return every command with its options as Markdown."""
    from bt_fusion.cli.main import app

    whole = typer.main.get_command(app)
    assert isinstance(whole, click.Group)
    return "\n\n".join(section(name, each) for name, each in whole.commands.items())


def section(name: str, command: click.Command) -> str:
    """Return one command: what it does, how it is called, its options."""
    context = click.Context(command, info_name=f"bt-fusion {name}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = (command.help or "").split("\f")[0]
    parts = [f"## {name}", text, f"```text\n{' '.join(usage.split())}\n```"]
    return "\n\n".join([*parts, *tables(command, context)])


def tables(command: click.Command, context: click.Context) -> Iterator[str]:
    """Return a table of the arguments and options in each group of the help."""
    groups: dict[str, list[click.Parameter]] = {}
    for each in command.get_params(context):
        if not getattr(each, "hidden", False) and each.name != "help":
            groups.setdefault(getattr(each, "rich_help_panel", None) or "", []).append(each)
    for title, params in groups.items():
        heading = [f"**{title}**", ""] if title else []
        rows = ["| option | meaning | default |", "|---|---|---|"]
        yield "\n".join([*heading, *rows, *(row(each, context) for each in params)])


def row(param: click.Parameter, context: click.Context) -> str:
    """Return one option: its names, its help, its default."""
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    if not isinstance(param, click.Option):
        names = f"`{param.human_readable_name}`"
    extra = param.get_help_extra(context) if isinstance(param, click.Option) else {}
    text = " ".join((getattr(param, "help", None) or "").split())
    default = extra.get("default", "required" if param.required else "")
    return f"| {names} | {escaped(text)} | {escaped(str(default))} |"


def escaped(text: str) -> str:
    """Return text that a cell of a Markdown table shows as it is."""
    for sign in "\\`*_<|":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text
