"""Cases by name, and the decorators that list them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["CASES", "KINDS", "Case", "honest", "leak"]

KINDS = ("feature", "label", "member", "training", "indicator", "strategy", "feeds")
Part = TypeVar("Part", bound=Callable[..., Any])


@dataclass(frozen=True)
class Case:
    """A piece of a user's code that looks ahead, or does not.

    Attributes
    ----------
    name : str
    kind : str
        Of `KINDS`; it says which check has to name it.
    says : str
        What it does, in a few words.
    part : callable
        The function or class.
    leaks : bool
    names : str
        What a finding must name: the feature, label, member, line, or "orders".
    options : dict
        What its kind needs besides, such as a feature's `lookback`.
    random : bool
        An honest case without a fixed seed: nothing may be found, and that must be said.
    """

    name: str
    kind: str
    says: str
    part: Callable[..., Any]
    leaks: bool
    names: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    random: bool = False


CASES: dict[str, Case] = {}


def leak(kind: str, says: str, names: str = "", **options: Any) -> Callable[[Part], Part]:
    """List a function or class as one that looks ahead.

    Parameters
    ----------
    kind, says, names : str
        See `Case`; the name is the part's own where nothing else is to be named.
    **options
        Of its kind.
    """
    return _listed(kind, says, True, names, options)


def honest(
    kind: str, says: str, names: str = "", *, random: bool = False, **options: Any
) -> Callable[[Part], Part]:
    """List a function or class as one that knows nothing too early."""
    return _listed(kind, says, False, names, options, random)


def _listed(
    kind: str, says: str, leaks: bool, names: str, options: dict[str, Any], random: bool = False
) -> Callable[[Part], Part]:
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {KINDS}")

    def register(part: Part) -> Part:
        name = part.__name__
        if name in CASES and CASES[name].part.__module__ != part.__module__:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = Case(name, kind, says, part, leaks, names or name, options, random)
        return part

    return register
