"""The arrays and fitted parts that a user's functions and classes refer to."""

from collections.abc import Iterator, Mapping
from inspect import isclass, isfunction
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import FittedBeforeError
from bt_fusion.module_sources import unwrapped, users_own

__all__ = ["check_fitted_before", "is_fitted", "referenced"]

DEEPEST = 6
MOST = 1_000  # entries of a list or dictionary that are checked


def referenced(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, object) for everything a part refers to, except libraries.

    Examples
    --------
    >>> class Mine:
    ...     table = np.arange(3)
    >>> Mine.__module__ = "my_file"
    >>> [name for name, _ in referenced(Mine)]
    ['table']
    """
    seen: set[int] = set()
    waiting = [("", part, 0)]
    while waiting:
        name, each, depth = waiting.pop()
        if id(each) in seen or depth > DEEPEST:
            continue
        seen.add(id(each))
        if name:
            yield name, each
        waiting += [(*found, depth + 1) for found in _inside(name, each)]


def is_fitted(part: Any) -> bool:
    """Return whether an object is fitted: it has an attribute whose name ends in `_`."""
    if isclass(part) or isfunction(part):
        return False
    if type(part).__name__ == "Booster":
        return True
    if not hasattr(part, "get_params"):
        return False
    kept = vars(part) if hasattr(part, "__dict__") else {}
    own = any(name.endswith("_") and not name.startswith("_") for name in kept)
    inner = kept.get("estimator") if type(part).__name__ == "FrozenEstimator" else None
    return own or (inner is not None and is_fitted(inner))


def check_fitted_before(described: str, part: Any, first: np.datetime64) -> None:
    """Raise FittedBeforeError if a part uses an object fitted on unknown bars.

    Parameters
    ----------
    described : str
        The part, for the error, such as "feature mine".
    part : function, class or object
    first : datetime64
        Stamp of the first bar it is used on. An object whose `trained_until` is before that stamp
        is allowed.
    """
    found = [("", part)] if is_fitted(part) else []
    for name, each in [*found, *referenced(part)]:
        if not is_fitted(each):
            continue
        until = getattr(each, "trained_until", None)
        if until is not None and np.datetime64(until, "ns") < first:
            continue
        what = f"{name}, a {type(each).__name__}" if name else f"a {type(each).__name__}"
        bars = f"bars until {pd.Timestamp(until)}" if until is not None else "unknown bars"
        raise FittedBeforeError(
            f"{described} uses {what} that is already fitted, on {bars}; these bars begin at "
            f"{pd.Timestamp(first)}. Fit it again, on past bars only; if it was fitted on earlier "
            "bars, set its attribute trained_until to the stamp of the last one"
        )


def _inside(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects that one object refers to."""
    part = unwrapped(part)
    if isinstance(part, staticmethod | classmethod):
        part = part.__func__
    if isinstance(part, FunctionType):
        yield from _of_function(part)
    elif isclass(part):
        for owner in part.__mro__:
            if users_own(owner):
                yield from ((key, value) for key, value in vars(owner).items() if key[:2] != "__")
                yield from ((key, value) for key, value in _methods(owner))
    elif isinstance(part, Mapping):
        yield from ((name, value) for value, _ in zip(part.values(), range(MOST), strict=False))
    elif isinstance(part, list | tuple | set):
        yield from ((name, value) for value, _ in zip(part, range(MOST), strict=False))
    elif hasattr(part, "__dict__") and not isinstance(part, ModuleType):
        if users_own(type(part)) or hasattr(part, "get_params"):
            yield from vars(part).items()
        if users_own(type(part)):
            yield name, type(part)


def _methods(owner: type) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in vars(owner).items() if isinstance(value, FunctionType))


def _of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    if not users_own(function):
        return
    names, known = _names(function.__code__), function.__globals__
    for name in names:
        value = known.get(name)
        if isinstance(value, ModuleType) and users_own_module(value):
            yield from ((each, vars(value)[each]) for each in names if each in vars(value))
        elif value is not None and not isinstance(value, ModuleType):
            yield name, value
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield function.__name__, value


def _names(code: Any) -> set[str]:
    """Return the names used in a function's code and in its inner functions."""
    inner = [_names(each) for each in code.co_consts if hasattr(each, "co_names")]
    return set(code.co_names).union(*inner)


def users_own_module(module: ModuleType) -> bool:
    """Return whether a module is user code."""
    probe = type("probe", (), {"__module__": module.__name__})
    return users_own(probe)
