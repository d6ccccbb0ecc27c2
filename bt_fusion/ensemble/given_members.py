"""The members given to an Ensemble: names, or a mapping to classifiers and names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sklearn.base import clone

from bt_fusion.ensemble.members.registry import MEMBERS, make_member
from bt_fusion.errors import OptionError
from bt_fusion.module_sources import users_own

__all__ = ["Members", "classes_of", "made_of", "portable"]

Members = Sequence[str] | Mapping[str, Any]


def made_of(members: Members, seed: int) -> dict[str, Any]:
    """Return unfitted members by name; those without a `random_state` of their own get the seed.

    Raises
    ------
    OptionError
        For a classifier without a name, a repeated name, an empty list, and as `make_member`.
    """
    if isinstance(members, str):
        raise OptionError(f"members {members!r}: give a sequence, such as [{members!r}]")
    if not isinstance(members, Mapping):
        for own in members:
            if not isinstance(own, str):
                raise OptionError(
                    f"member {own!r} has no name; give a mapping, {{'mine': "
                    f"{type(own).__name__}()}}, whose values may also be names such as 'rf'"
                )
    made = {name: _made(value, seed) for name, value in _by_name(members).items()}
    if not made or len(made) != len(members):
        raise OptionError(f"members {list(members)}: give at least one, none twice")
    return made


def portable(members: Members, seed: int) -> Members:
    """Return members that another process can make without user-defined names.

    Such names are replaced by their classifiers.
    """
    given = _by_name(members)
    own = {
        name: make_member(value, seed)
        for name, value in given.items()
        if isinstance(value, str) and users_own(MEMBERS[value].make)
    }
    return {**given, **own} if own else members


def classes_of(made: Iterable[Any]) -> set[type]:
    """Return the classes of unfitted members and of the objects inside them."""
    parts = [part for each in made for part in (each, *each.get_params().values())]
    return {type(part) for part in parts if hasattr(part, "get_params")}


def _by_name(members: Members) -> Mapping[str, Any]:
    return members if isinstance(members, Mapping) else {name: name for name in members}


def _made(value: Any, seed: int) -> Any:
    made = make_member(value, seed) if isinstance(value, str) else clone(value)
    free = [
        name
        for name, given in made.get_params().items()
        if given is None and name.split("__")[-1] == "random_state"
    ]
    return made.set_params(**dict.fromkeys(free, seed)) if free else made
