"""Read options from a TOML file, and load plug-ins, before a command begins."""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import typer

from bt_fusion.cli.screen import exit_on_error
from bt_fusion.errors import OptionError, unknown_name

__all__ = ["located_in_plugins", "read_config", "read_plugins"]


def read_plugins(paths: list[Path] | None) -> list[Path] | None:
    """Run the plug-ins first, so that other options can use what they register."""
    if paths:
        from bt_fusion.plugins import load_plugin

        with exit_on_error("nothing was read"):
            for path in paths:
                load_plugin(path)
    return paths


def located_in_plugins() -> AbstractContextManager[Any]:
    """Turn an error inside a plug-in into one line with its location."""
    plugins = sys.modules.get("bt_fusion.plugins")  # not loaded: no plug-ins
    return nullcontext() if plugins is None else plugins.located_errors()


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Use the options of a TOML file as defaults; the command line takes precedence."""
    if path is None:
        return None
    with exit_on_error("nothing was read"):
        context.default_map = config_options(context, path)
    return path


def config_options(context: typer.Context, path: Path) -> dict[str, Any]:
    """Return the options of a TOML file by the names of their parameters.

    Options of other commands are left out with a warning, so one file can serve several commands.

    Raises
    ------
    OptionError
        For a file that cannot be read, an unknown key, a key given twice, and a wrong value.
    """
    from bt_fusion.cli.config.config_values import option_value

    own, found, elsewhere = names_of(context.command), dict[str, Any](), list[str]()
    kinds = vars(context.command.callback)["kinds"]
    for key, value in read_toml(path).items():
        text = key.replace("_", "-")
        if text == "config":
            raise OptionError(f"{path}: config names another file; write its options into this one")
        name = own.get(text)
        if name is None and text in (others := names_of_all(context)):
            elsewhere.append(f"{key} (of {others[text]})")
            continue
        if name is None:
            raise unknown_option(path, key, own)
        if name in found:
            raise OptionError(f"{path}: {key} is another name of an option given before; keep one")
        sweeps = context.command.name == "sweep"
        found[name] = option_value(f"{path}: {key}", name, value, kinds[name], sweeps)
    if elsewhere:
        message = f"{path}: {', '.join(elsewhere)} not used by {context.command.name}"
        print(f"Warning    {message}", file=sys.stderr)
    return found


def unknown_option(path: Path, key: str, own: Mapping[str, str]) -> OptionError:
    """Return the error for a key that no command has."""
    error = unknown_name(f"option in {path}", key, own)
    if "param" not in own:
        return error
    return OptionError(f"{error}; parameters of the strategy go into a table [param]")


def names_of(command: Any) -> dict[str, str]:
    """Return the parameter name of each long option of a command."""
    return {
        name.removeprefix("--"): param.name
        for param in command.params
        for name in param.opts
        if name.startswith("--") and param.name
    }


def names_of_all(context: typer.Context) -> dict[str, str]:
    """Return, for every option of the program, a command that has it."""
    commands = getattr(getattr(context.parent, "command", None), "commands", {})
    return {option: name for name, each in commands.items() for option in names_of(each)}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; OptionError if it is invalid."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"config {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # from TOML or UTF-8
        raise OptionError(f"config {path} is not a TOML file: {error}") from error
