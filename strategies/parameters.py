"""What parameters of strategies must be."""

from math import inf
from numbers import Integral, Real

from bt_fusion.errors import OptionError

__all__ = ["check_numbers"]


def check_numbers(params, *names, least=0, most=inf, whole=False):
    """Raise OptionError for a parameter that is no number, or lies outside the limits"""
    kind = "a whole number" if whole else "a number"
    limits = f"from {least:g} to {most:g}" if most < inf else f"of at least {least:g}"
    for name in names:
        value = getattr(params, name)
        if not isinstance(value, Integral if whole else Real) or not least <= value <= most:
            raise OptionError(f"{name} {value!r} must be {kind} {limits}")
