"""Labels: what happened after a bar, and the bar at which that is known.

Every label returns its values with `t1`, the position of the bar at which the value is known. A row
whose future is not over has no label: NaN, never a class. Classes: two-class labels are 1 up (yes)
and 0 down (no), three-class ones +1 long, 0 none and -1 short.
"""

from dataclasses import fields
from math import isfinite
from numbers import Real
from typing import Any

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.labels.barriers import ProfitBeforeStop, TripleBarrier
from bt_fusion.labels.base import Label, Labels, class_names, labels_of, trade_exits
from bt_fusion.labels.horizons import Direction, Gain
from bt_fusion.labels.label_text import parse_label
from bt_fusion.labels.registry import LABELS, label

__all__ = [
    "LABELS",
    "Direction",
    "Gain",
    "Label",
    "Labels",
    "ProfitBeforeStop",
    "TripleBarrier",
    "class_names",
    "label",
    "labels_of",
    "make_label",
    "trade_exits",
]


def make_label(text: str, **parameters: float) -> Label:
    """Return a label by name and parameters, or from one text with both.

    Parameters
    ----------
    text : str
        A name of `LABELS`, or a name with parameters, see `parse_label`.
    **parameters
        More parameters. Prices and gains are fractions: 0.005 is 0.5 %.

    Raises
    ------
    OptionError
        For an unknown label or parameter, a repeated one, or a value that is not a number.

    Examples
    --------
    >>> make_label("gain", threshold=0.01) == make_label("gain(threshold=0.01)")
    True
    """
    name, given = parse_label(text)
    if name not in LABELS:
        error = unknown_name("label", name, LABELS)
        raise OptionError(f"{error}. A label of your own comes from its file: --plugin FILE")
    for parameter in given.keys() & parameters:
        raise OptionError(
            f"parameter {parameter} of label {name} is given twice, in {text!r} and as "
            f"{parameters[parameter]}; give it once"
        )
    given |= parameters
    check_parameters(name, given)
    return LABELS[name](**given)


def check_parameters(name: str, given: dict[str, Any]) -> None:
    """Raise OptionError for an unknown parameter or an invalid number."""
    known = {each.name: each.type for each in fields(LABELS[name])}  # type: ignore[arg-type]
    for parameter, value in given.items():
        if parameter not in known:
            raise unknown_name(f"parameter of label {name}", parameter, known)
        if known[parameter] in (int, float) and not is_number(value):
            raise OptionError(f"parameter {parameter} of label {name} is {value!r}, not a number")


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number that a float can hold."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
