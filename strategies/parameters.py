"""Checks and aliases of strategy parameters."""

from functools import cache
from math import inf
from numbers import Integral, Real

from bt_fusion.errors import OptionError
from bt_fusion.models.agreement import AUTO

__all__ = ["canonical", "check_numbers", "renaming"]


@cache
def renaming(metaclass):
    """Return a metaclass whose classes also accept params by the names in their ``aliases``"""

    class Renaming(metaclass):
        def doprenew(cls, *args, **kwargs):
            return super().doprenew(*args, **canonical(cls, kwargs))

    return Renaming


def canonical(strategy, params):
    """Return params by their own names; OptionError for one given under two names"""
    aliases, found = getattr(strategy, "aliases", {}), {}
    for given, value in params.items():
        name = given if given in strategy.params._getkeys() else aliases.get(given, given)
        if name in found:
            raise OptionError(f"{given} is another name of {name}, which is given too; give one")
        found[name] = value
    return found


def check_numbers(params, *names, least=0, most=inf, whole=False):
    """Raise OptionError for a parameter that is not a number, or outside the limits"""
    kind = "a whole number" if whole else "a number"
    limits = f"from {least:g} to {most:g}" if most < inf else f"of at least {least:g}"
    for name in names:
        value = getattr(params, name)
        if not isinstance(value, Integral if whole else Real) or not least <= value <= most:
            raise OptionError(f"{name} {value!r} must be {kind} {limits}{not_auto(value)}")


def not_auto(value):
    """Return why a parameter cannot be auto: it is not a threshold on P(side); else ''"""
    known = "; auto, the break-even probability, is for ml_threshold of FusionStrategy and with_ml"
    return known if value == AUTO else ""
