"""The decorator that makes a function a command, and what single options are declared by.

Nothing heavy is imported at the top, so that --help comes at once.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from bt_fusion.cli.config_file import located_in_plugins, read_config, read_plugins
from bt_fusion.cli.screen import exit_on_error, warnings_as_lines
from bt_fusion.errors import OptionError
from bt_fusion.progress import hidden

__all__ = [
    "SOURCE",
    "Config",
    "Data",
    "Json",
    "Ml",
    "Plugins",
    "Quiet",
    "Scheduler",
    "TestShare",
    "command",
    "option",
    "output_file",
    "output_folder",
]


class Ml(StrEnum):
    """Which runs to make."""

    off = "off"
    on = "on"
    both = "both"


def option(text: str, *names: str) -> Any:
    """Declare an option by its help text, and names where they differ from the parameter's."""
    return typer.Option(*names, help=text)


def output_folder(text: str, *names: str) -> Any:
    """Declare an option whose folder must be one that can be written, before any work."""
    return typer.Option(*names, help=text, callback=checked_folder)


def output_file(text: str, *names: str) -> Any:
    """Declare an option whose file must be one that can be written, before any work."""
    return typer.Option(*names, help=text, callback=checked_file)


def checked_folder(path: Path | None) -> Path | None:
    """Return a folder that can be written."""
    return checked(path, "check_writable_folder")


def checked_file(path: Path | None) -> Path | None:
    """Return a file that can be written."""
    return checked(path, "check_writable_file")


def checked(path: Path | None, check: str) -> Path | None:
    """Return a path that passes a check of `bt_fusion.files`."""
    if path is not None:
        from bt_fusion import files

        with exit_on_error("nothing was written"):
            getattr(files, check)(path)
    return path


def command(kept: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command: errors and warnings are one line, option groups become options.

    A parameter whose type is a dataclass stands for one option a field; the function gets the
    object. Fields are annotated as parameters of a Typer command are.

    Parameters
    ----------
    kept : str
        What an interruption leaves behind, as a sentence.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = signature(function, eval_str=True).parameters.values()
        types = {each.name: each.annotation for each in own}
        groups: dict[str, Any] = {key: each for key, each in types.items() if is_dataclass(each)}

        @wraps(function)
        def run(**values: Any) -> None:
            quiet = hidden(bool(values.get("quiet")))
            with (
                quiet,
                exit_on_error(kept),
                warnings_as_lines(),
                located_in_plugins(),
                workers(values),
            ):
                check_texts(values)
                for name, group in groups.items():
                    own = {each.name: values.pop(each.name) for each in fields(group)}
                    values[name] = group(**own)
                function(**values)

        spread = [part for each in own for part in options_of(each)]
        run.__signature__ = Signature(spread)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in spread}
        return run

    return decorate


def workers(values: dict[str, Any]) -> AbstractContextManager[None]:
    """Return a block inside which the given --scheduler does the work."""
    if values.get("scheduler") is None:
        return nullcontext()
    from bt_fusion.parallel import scheduler

    return scheduler(values["scheduler"], values["jobs"])


def check_texts(values: dict[str, Any]) -> None:
    """Raise OptionError for a null byte, as a TOML file can hold: no file has such a name."""
    for name, value in values.items():
        given = value if isinstance(value, (list, tuple)) else [value]
        if any("\0" in str(each) for each in given if isinstance(each, (str, Path))):
            raise OptionError(f"--{name.replace('_', '-')} holds a null byte; remove it")


def options_of(parameter: Parameter) -> list[Parameter]:
    """Return a parameter itself, or one for each field of its option group."""
    group = parameter.annotation
    if not is_dataclass(group):
        return [parameter.replace(kind=Parameter.KEYWORD_ONLY)]
    return [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=default(each), annotation=each.type)
        for each in fields(group)
    ]


def default(field: "Field[Any]") -> Any:
    """Return the default of a field, as a signature has it."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return Parameter.empty if field.default is MISSING else field.default


# Names whose registry is slow to import are written out; a test compares them with the registry
SOURCE = (
    "CSV, Parquet, Feather or JSON file, or sample: sp500, nasdaq, random-walk, planted-edge, "
    "garch (or garch:500), or online: binance:BTC/USDT:1h, yahoo:SPY:1d, @2020-01-01 after it for "
    "the first day"
)

Data = Annotated[str, option(f"{SOURCE}.")]
TestShare = Annotated[float, option("Last part of the bars, kept to judge by; 0 for none.")]
Json = Annotated[Path | None, output_file("Write the tables as JSON, too.", "--json")]
Quiet = Annotated[bool, option("Say nothing but warnings and errors.", "--quiet", "-q")]
Scheduler = Annotated[
    str | None,
    option(
        "Who works side by side: threads, loky (processes), dask (a cluster here), or "
        "dask://HOST:PORT. [default: threads where they help, else processes]"
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        help="Python file that registers features, labels or members of yours; it is run. Repeat.",
        callback=read_plugins,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(help="TOML file of these options.", is_eager=True, callback=read_config),
]
