"""Grouped help: the plain two-column form of --help, with one heading per group."""

from enum import Enum
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from bt_fusion.cli.help.help_groups import COMMAND_GROUPS, group_of

UNBROKEN = "\ue000"  # replaces a hyphen while lines are wrapped
__all__ = ["WIDE", "GroupedCommand", "GroupedCommands"]

WIDE = {"max_content_width": 120, "help_option_names": ["-h", "--help"]}


class GroupedCommand(TyperCommand):
    """A command with its options in the groups of `help_groups.GROUPS`."""

    def __init__(self, *words: Any, **given: Any):
        super().__init__(*words, **given)
        places = {param: group_of(str(self.name), str(param.name)) for param in self.params}
        self.params.sort(key=lambda param: (param.param_type_name != "argument", places[param][1]))
        for param, (group, _) in places.items():
            vars(param)["rich_help_panel"] = group  # a generated reference uses it as well

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group; --help comes last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if param.param_type_name == "argument":
                groups.setdefault("Arguments", []).append((str(param.metavar), help_of(param)))
            elif not getattr(param, "hidden", False):
                group = getattr(param, "rich_help_panel", None) or "Output"
                groups.setdefault(group, []).append((names_of(param), help_of(param)))
        for group, rows in groups.items():
            write_section(formatter, group, rows, col_max=28)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example as typed, without wrapping its lines."""
        if self.epilog:
            formatter.write_paragraph()
            formatter.write("\n".join(f"  {line}" for line in self.epilog.splitlines()) + "\n")


class GroupedCommands(TyperGroup):
    """The program, with its commands in the groups of `help_groups.COMMAND_GROUPS`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands first, then the program's own options."""
        self.format_commands(ctx, formatter)
        rows = [(names_of(param), help_of(param)) for param in self.get_params(ctx)]
        write_section(formatter, "Options", rows)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group, one line per command."""
        for group, names in COMMAND_GROUPS.items():
            rows = [(name, first_line(self.commands[name])) for name in names]
            write_section(formatter, group, rows)


def write_section(formatter: Any, title: str, rows: list[tuple[str, str]], **given: Any) -> None:
    """Write two columns under a heading, without breaking words at hyphens."""
    with formatter.section(title):
        formatter.write_dl([(name, text.replace("-", UNBROKEN)) for name, text in rows], **given)
    formatter.buffer[:] = [part.replace(UNBROKEN, "-") for part in formatter.buffer]


def first_line(command: Any) -> str:
    """Return the first sentence of a command's help."""
    return str(command.help or "").strip().partition("\n")[0]


def names_of(param: Any) -> str:
    """Return an option's names, short names first, and its placeholder."""
    names = ", ".join(sorted(param.opts, key=lambda name: name.startswith("--")))
    return names if param.is_flag else f"{names} {param.metavar or 'TEXT'}"


def help_of(param: Any) -> str:
    """Return an option's help, with its default if the help lacks it."""
    text = param.help or ""
    if param.required and param.param_type_name == "option":
        return f"{text} [required]"
    default = plain_default(param)
    return text if default is None or "[default:" in text else f"{text} [default: {default}]"


def plain_default(param: Any) -> str | None:
    """Return an option's default as typed; None for no default or a switch."""
    value = param.default
    if param.is_flag if hasattr(param, "is_flag") else True:
        return None
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value) or None
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float):
        return f"{value:,g}".replace(",", "")
    return str(value) if isinstance(value, (str, int, Path)) and str(value) else None
