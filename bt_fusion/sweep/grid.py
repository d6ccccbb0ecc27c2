"""Parameter values of a sweep: ranges and lists as text, and their combinations."""

import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import product
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np

from bt_fusion.errors import OptionError

__all__ = ["Constraint", "combinations", "given_grid", "parameter_grid"]

Constraint = Callable[[Any], bool]

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
RANGE = re.compile(rf"({NUMBER}):({NUMBER})(?::({NUMBER}))?")
ONE_LITERAL = "([{'\""  # a value that begins like this may contain commas


def parameter_grid(pairs: list[str], most: int) -> dict[str, list[Any]]:
    """Parse KEY=VALUES pairs into the values of each parameter.

    Parameters
    ----------
    pairs : list of str
        VALUES is start:stop:step (including the stop if a step reaches it), a list a,b,c of ranges
        and values, or one value. Values that look like Python literals are parsed as such.
    most : int
        Maximum number of combinations.

    Returns
    -------
    dict
        Distinct values of each parameter, in the order given.

    Raises
    ------
    OptionError
        For text that is not a pair, an empty range, a parameter given twice, or too many
        combinations.

    Examples
    --------
    >>> parameter_grid(["ml_threshold=0.5:0.6:0.05", "ema_fast=8,12", "exit=flip"], most=10)
    {'ml_threshold': [0.5, 0.55, 0.6], 'ema_fast': [8, 12], 'exit': ['flip']}
    """
    grid: dict[str, list[Any]] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key or not text:
            raise OptionError(
                f"param {pair!r} is not KEY=VALUES, e.g. ml_threshold=0.5:0.7:0.02 or "
                "ema_fast=8,12,16"
            )
        if key in grid:
            raise OptionError(f"param {key} is given twice; write its values as {key}=a,b,c")
        grid[key] = _values(key, text, most)
    count = prod(len(values) for values in grid.values())
    if count > most:
        raise OptionError(
            f"{count:,} combinations are more than --max {most:,}: give fewer values, or a larger "
            "--max"
        )
    return grid


def given_grid(grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the values of each parameter as a list.

    Ranges, tuples, arrays and lists hold several values; a string or a number is one value.

    Raises
    ------
    OptionError
        For a parameter without a value.

    Examples
    --------
    >>> given_grid({"fast": range(5, 15, 5), "exit": "flip", "slow": np.array([20, 40])})
    {'fast': [5, 10], 'exit': ['flip'], 'slow': [20, 40]}
    """
    found = {name: _listed(values) for name, values in grid.items()}
    for name, values in found.items():
        if not values:
            raise OptionError(f"param {name} has no value; give one at least")
    return found


def _listed(values: Any) -> list[Any]:
    single = isinstance(values, str | Mapping) or not isinstance(values, Iterable)
    each = [values] if single else values
    plain = (value.item() if isinstance(value, np.generic) else value for value in each)
    return list({repr(value): value for value in plain}.values())


def combinations(
    grid: dict[str, list[Any]], constraint: Constraint | None = None
) -> list[dict[str, Any]]:
    """Return every combination of a grid's values, the last parameter changing fastest.

    Parameters
    ----------
    grid : dict of list
    constraint : callable, optional
        Takes the parameters as attributes and returns whether to keep the combination.

    Raises
    ------
    OptionError
        If it keeps none.

    Examples
    --------
    >>> combinations({"a": [1, 2], "b": ["x"]})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
    >>> combinations({"fast": [5, 20], "slow": [10, 30]}, lambda p: p.fast < p.slow)
    [{'fast': 5, 'slow': 10}, {'fast': 5, 'slow': 30}, {'fast': 20, 'slow': 30}]
    """
    every = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    wanted = [each for each in every if constraint is None or constraint(SimpleNamespace(**each))]
    if not wanted:
        raise OptionError(f"none of {len(every):,} combinations meets the constraint; relax it")
    return wanted


def _values(key: str, text: str, most: int) -> list[Any]:
    parts = [text] if text[0] in ONE_LITERAL else text.split(",")
    values: dict[str, Any] = {}
    for part in (part.strip() for part in parts):
        span = RANGE.fullmatch(part)
        for value in _range(key, part, span, most) if span else [_literal(part)]:
            values.setdefault(repr(value), value)  # 1, 1.0 and True are three values
    return list(values.values())


def _range(key: str, text: str, span: re.Match[str], most: int) -> list[int] | list[float]:
    if span[3] is None:
        raise OptionError(f"param {key}: range {text} has no step; write start:stop:step")
    start, stop, step = (Decimal(part) for part in span.groups())
    if step == 0 or (stop - start) / step < 0:
        raise OptionError(
            f"param {key}: range {text} is empty; from {start} steps of {step} never reach {stop}"
        )
    count = int((stop - start) / step) + 1
    if count > most:
        raise OptionError(f"param {key}: range {text} has {count:,} values; --max is {most:,}")
    exact = [start + step * number for number in range(count)]  # adding floats accumulates errors
    whole = all(re.fullmatch(r"[+-]?\d+", part) for part in span.groups())
    return [int(value) for value in exact] if whole else [float(value) for value in exact]


def _literal(text: str) -> Any:
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text
