"""Options from a TOML file, and plug-ins: what is read before a command begins."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import typer

from bt_fusion.cli.screen import exit_on_error
from bt_fusion.errors import OptionError, unknown_name

__all__ = ["located_in_plugins", "read_config", "read_plugins"]


def read_plugins(paths: list[Path] | None) -> list[Path] | None:
    """Run the plug-ins, so that what they register is known to every other option."""
    if paths:
        from bt_fusion.plugins import load_plugin

        with exit_on_error("nothing was read"):
            for path in paths:
                load_plugin(path)
    return paths


def located_in_plugins() -> AbstractContextManager[Any]:
    """Turn an error inside a plug-in into one line that names its place."""
    plugins = sys.modules.get("bt_fusion.plugins")  # not loaded: no plug-in is
    return nullcontext() if plugins is None else plugins.located_errors()


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take the options of a TOML file for defaults; those on the command line win."""
    if path is None:
        return None
    with exit_on_error("nothing was read"):
        given = read_toml(path)
        known = {
            name.lstrip("-"): param.name
            for param in context.command.params
            for name in param.opts
            if name.startswith("--") and param.name
        }
        for key in given:
            if key.replace("_", "-") not in known:
                raise unknown_name(f"option in {path}", key, known)
        repeated = {param.name for param in context.command.params if getattr(param, "multiple", 0)}
        values = {known[key.replace("_", "-")]: given[key] for key in given}
        context.default_map = {
            name: [value] if name in repeated and isinstance(value, str) else value
            for name, value in values.items()
        }
    return path


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file, or say what is wrong with it."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"config {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # of TOML, and of UTF-8
        raise OptionError(f"config {path} is no TOML file: {error}") from error
