"""Decorator that turns a function into a command, and declarations of single options.

Nothing heavy is imported at the top, so --help is fast.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args

import typer
from typer.models import OptionInfo

from bt_fusion.cli.config.config_file import located_in_plugins, read_config, read_plugins
from bt_fusion.cli.screen import Screen, exit_on_error, warnings_as_lines
from bt_fusion.cli.unused_options import UnusedOptionNotes, unused_option_notes
from bt_fusion.errors import OptionError
from bt_fusion.progress import hidden

__all__ = [
    "SAVED_MODEL",
    "SOURCE",
    "Config",
    "Data",
    "Json",
    "Ml",
    "Overwrite",
    "Plugins",
    "Quiet",
    "Scheduler",
    "TestShare",
    "command",
    "option",
    "output_file",
    "output_folder",
]


CONTEXT = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)


class Ml(StrEnum):
    """Which runs to make."""

    off = "off"
    on = "on"
    both = "both"


def option(text: str, *names: str, metavar: str | None = None) -> Any:
    """Declare an option by its help text, and its names if they differ from the parameter's.

    Parameters
    ----------
    text : str
        A default that is not a plain value goes at its end: ``[default: an eighth]``.
    *names : str
    metavar : str, optional
        Placeholder of the value in --help, such as NAME.
    """
    return typer.Option(*names, help=text, metavar=metavar)


def output_folder(text: str, *names: str) -> Any:
    """Declare an option for a folder that is checked to be writable before any work."""
    return typer.Option(*names, help=text, callback=checked_folder, metavar="DIR")


def output_file(text: str, *names: str) -> Any:
    """Declare an option for a file that is checked to be writable before any work."""
    return typer.Option(*names, help=text, callback=checked_file, metavar="FILE")


def checked_folder(path: Path | None) -> Path | None:
    """Return a folder after checking that it is writable."""
    return checked(path, "check_writable_folder")


def checked_file(path: Path | None) -> Path | None:
    """Return a file after checking that it is writable."""
    return checked(path, "check_writable_file")


def checked(path: Path | None, check: str) -> Path | None:
    """Return a path after a check of `bt_fusion.files`."""
    if path is not None:
        from bt_fusion import files

        with exit_on_error("nothing was written"):
            getattr(files, check)(path)
    return path


def command(kept: str, example: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn a function into a command, with one-line errors and warnings, and option groups.

    A parameter whose type is a dataclass becomes one option per field; the function gets the
    object. Fields are annotated like parameters of a Typer command. A parameter `notes` of type
    `UnusedOptionNotes` gets the notes on options without effect; otherwise they are printed.

    Parameters
    ----------
    kept : str
        Sentence on what an interruption leaves behind.
    example : str
        A working command, shown at the end of its help.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = signature(function, eval_str=True).parameters.values()
        types = {each.name: each.annotation for each in own}
        groups: dict[str, Any] = {key: each for key, each in types.items() if is_dataclass(each)}

        @wraps(function)
        def run(context: typer.Context, **values: Any) -> None:
            quiet = hidden(bool(values.get("quiet")))
            with (
                quiet,
                exit_on_error(kept),
                warnings_as_lines(),
                located_in_plugins(),
                workers(values),
            ):
                check_texts(values)
                add_notes(values, context, types)
                if "context" in types:
                    values["context"] = context
                for name, group in groups.items():
                    own = {each.name: values.pop(each.name) for each in fields(group)}
                    values[name] = group(**own)
                function(**values)

        hidden_parts = (typer.Context, UnusedOptionNotes)
        shown = [each for each in own if each.annotation not in hidden_parts]
        spread = [CONTEXT, *(part for each in shown for part in spread_of(each))]
        run.__signature__ = Signature(spread)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in spread}
        run.__dict__["kinds"] = {each.name: plain_type(each.annotation) for each in spread}
        run.__dict__["epilog"] = f"Example:\n  {example}" if example else None
        return run

    return decorate


def add_notes(values: dict[str, Any], context: typer.Context, types: dict[str, Any]) -> None:
    """Find the options without effect; pass the notes to the command as `notes`, or print them."""
    notes = unused_option_notes(context, values)
    if "notes" in types:
        values["notes"] = notes
        return
    for note in notes:
        Screen(bool(values.get("quiet"))).say(f"Note       {note}")


def workers(values: dict[str, Any]) -> AbstractContextManager[None]:
    """Return a context in which the given --scheduler does the work."""
    if values.get("scheduler") is None:
        return nullcontext()
    from bt_fusion.parallel import scheduler

    return scheduler(values["scheduler"], values["jobs"])


def check_texts(values: dict[str, Any]) -> None:
    """Raise OptionError for a null byte, possible in a TOML file but not in a file name."""
    for name, value in values.items():
        given = value if isinstance(value, (list, tuple)) else [value]
        if any("\0" in str(each) for each in given if isinstance(each, (str, Path))):
            raise OptionError(f"--{name.replace('_', '-')} holds a null byte; remove it")


def spread_of(parameter: Parameter) -> list[Parameter]:
    """Return the options of a parameter, each with its placeholder in --help."""
    spread = options_of(parameter)
    for each in spread:
        for info in getattr(each.annotation, "__metadata__", ()):
            if isinstance(info, OptionInfo) and info.metavar is None:
                info.metavar = placeholder(plain_type(each.annotation))
    return spread


def plain_type(annotation: Any) -> Any:
    """Return the type of a parameter without its annotations."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def placeholder(kind: Any) -> str | None:
    """Return the placeholder of a type, None for a switch.

    >>> placeholder(int | None), placeholder(bool)
    ('N', None)
    """
    first = next((each for each in get_args(kind) if each is not NoneType), kind)
    if isinstance(first, type) and issubclass(first, StrEnum):
        return "|".join(first)
    return {bool: None, int: "N", float: "X", Path: "PATH"}.get(first, "TEXT")


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
    """Return the default of a field, in the form of a signature."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return Parameter.empty if field.default is MISSING else field.default


# Names whose registry is slow to import are written out; a test compares them with the registry
SOURCE = (
    "File of candles (CSV, Parquet, Feather, JSON); or a sample: sp500, nasdaq, random-walk, "
    "planted-edge, garch (garch:500 has 500 bars); or a market: binance:BTC/USDT:1h, "
    "yahoo:SPY:1d, yahoo:SPY:1d@2020-01-01 from that day on"
)

Data = Annotated[str, option(f"{SOURCE}.", metavar="SOURCE")]
SAVED_MODEL = option("Folder or URL of a saved model.", "--model", "--ml-model-path", metavar="DIR")
TestShare = Annotated[
    float, option("Share of the bars, the last ones, that test the model; 0: no test.")
]
Json = Annotated[Path | None, output_file("Also write the tables as JSON.", "--json")]
Overwrite = Annotated[
    bool, option("Replace earlier results in --out instead of keeping them.", "--overwrite")
]
Quiet = Annotated[bool, option("Print only warnings and errors.", "--quiet", "-q")]
Scheduler = Annotated[
    str | None,
    option(
        "Where parallel work runs: threads, loky (processes), dask (a cluster on this computer) "
        "or dask://HOST:PORT. [default: threads where they help, else processes]",
        metavar="NAME",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        help="Python file with your own features, labels or members; it is run. Repeatable.",
        callback=read_plugins,
        metavar="FILE",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="TOML file with options; the command line wins. bt-fusion init writes one.",
        is_eager=True,
        callback=read_config,
        metavar="FILE",
    ),
]
