"""Convert values of a TOML file to option values, or report errors in them."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from bt_fusion.errors import OptionError, unknown_name

__all__ = ["option_value"]

LISTS = ("features", "members", "timeframes")  # one text on the command line: a,b,c
PAIRS = ("param", "data", "other", "model")  # KEY=VALUE on the command line


def option_value(place: str, name: str, value: Any, kind: Any, values: bool = False) -> Any:
    """Return the option value of a TOML value.

    Parameters
    ----------
    place : str
        File and key, for messages.
    name : str
        Name of the option's parameter.
    value : object
        Value in the file.
    kind : type
        Of the option's parameter.
    values : bool
        Whether `param` takes several values of each parameter, as in a sweep.

    Raises
    ------
    OptionError
        For a value of the wrong type, with the file, the key, and how to write it.

    Examples
    --------
    >>> option_value("a.toml: features", "features", ["gap", "rsi_14"], str | None)
    'gap,rsi_14'
    >>> option_value("a.toml: param", "param", {"fast": 10, "exit": "flip"}, list[str])
    ['fast=10', 'exit=flip']
    """
    base = kind
    if isinstance(kind, UnionType):
        base = next(each for each in get_args(kind) if each is not NoneType)
    if get_origin(base) is list:
        return several(place, name, value, values)
    if isinstance(value, list) and name in LISTS:
        return ",".join(plain(place, each) for each in value)
    if isinstance(value, (list, Mapping)):
        raise OptionError(f"{place} takes one value, not {value!r}")
    if base is bool:
        return checked(place, value, isinstance(value, bool), "true or false")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if base is int:
        return checked(place, value, number and isinstance(value, int), "a whole number")
    if base is float:
        return checked(place, value, number, "a number")
    if isinstance(base, type) and issubclass(base, StrEnum):
        if value not in list(base):
            raise unknown_name(f"value in {place}:", value, [each.value for each in base])
        return value
    return plain(place, value)


def checked(place: str, value: Any, fits: bool, expected: str) -> Any:
    """Return a value if it fits, else raise OptionError."""
    if not fits:
        raise OptionError(f"{place} = {written(value)} must be {expected}")
    return value


def plain(place: str, value: Any) -> str:
    """Return a value as text, as it is typed on the command line."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
        raise OptionError(f"{place} = {written(value)} must be text, or a number")
    return value.isoformat() if isinstance(value, date) else str(value)


def several(place: str, name: str, value: Any, values: bool) -> list[str]:
    """Return the values of a repeatable option."""
    if isinstance(value, Mapping):
        if name not in PAIRS:
            raise OptionError(f"{place} takes a list of values, not a table")
        write = parameter if name == "param" else plain
        spread = values and name == "param"
        return [f"{key}={write_values(place, each, write, spread)}" for key, each in value.items()]
    return [plain(place, each) for each in (value if isinstance(value, list) else [value])]


def write_values(place: str, value: Any, write: Any, spread: bool) -> str:
    """Return one value as text; in a sweep a list means several values."""
    if spread:
        parts = value if isinstance(value, list) else [value]
        return ",".join(each if isinstance(each, str) else write(place, each) for each in parts)
    return str(write(place, value))


def parameter(place: str, value: Any) -> str:
    """Return a strategy's parameter as text that is parsed back to the same value.

    >>> parameter("", 10), parameter("", "flip"), parameter("", "10"), parameter("", [1, 2])
    ('10', 'flip', "'10'", '[1, 2]')
    """
    from ast import literal_eval

    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return repr(value)
    try:
        literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    return repr(value)


def written(value: Any) -> str:
    """Return a value in a form close to TOML.

    >>> written(True), written("a"), written(1.5)
    ('true', '"a"', '1.5')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
