"""The command line that repeats the running command."""

import shlex
from enum import Enum
from typing import Any

import typer

__all__ = ["given_command"]

LEFT_OUT = {"config", "quiet", "verbose", "overwrite"}  # options of a config file are written out


def given_command(context: typer.Context, verb: str = "backtest") -> str:
    """Return the running command with its given options, quoted for a shell.

    Options left at their defaults are left out; those of a configuration file are written out.
    """
    words = ["bt-fusion", verb]
    for param in context.command.params:
        source = context.get_parameter_source(str(param.name))
        given = source is not None and source.name in ("COMMANDLINE", "DEFAULT_MAP")
        if given and param.name not in LEFT_OUT:
            words += written(param, context.params[str(param.name)])
    return shlex.join(words)


def written(param: Any, value: Any) -> list[str]:
    """Return an option and its value as words of a command line."""
    name = next((option for option in param.opts if option.startswith("--")), param.opts[0])
    if value is None or value is False:
        return []
    if value is True:
        return [name]
    values = value if isinstance(value, (list, tuple)) else [value]
    plain = (str(each.value if isinstance(each, Enum) else each) for each in values)
    return [word for each in plain for word in (name, each)]
