"""The register of labels by name, and `label`, which adds your own."""

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import TypeVar

from bt_fusion.errors import OptionError
from bt_fusion.labels.barriers import ProfitBeforeStop, TripleBarrier
from bt_fusion.labels.base import Label
from bt_fusion.labels.horizons import Direction, Gain
from bt_fusion.module_sources import check_name_is_free

__all__ = ["LABELS", "label"]

LABELS: dict[str, Callable[..., Label]] = {
    "direction": Direction,
    "gain": Gain,
    "profit_before_stop": ProfitBeforeStop,
    "triple_barrier": TripleBarrier,
}
NEEDED = ("horizon", "classes", "two_sided", "__call__")
CLASSES = ((0, 1), (-1, 0, 1))
Kind = TypeVar("Kind", bound=type)


def label(name: str) -> Callable[[Kind], Kind]:
    """Register a class as a label by name, for `make_label` and every command.

    The class is a frozen dataclass with numeric parameters. It has a field or property `horizon`
    (most bars until the label is known), the class attributes `classes`, (0, 1) or (-1, 0, 1), and
    `two_sided` (whether the lowest class means falling prices), and a call that takes bars and
    returns `Labels`.

    Raises
    ------
    OptionError
        If another class has the name, or the class lacks one of these.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from bt_fusion.labels.base import Labels
    >>> @label("rise_of_high")
    ... @dataclass(frozen=True)
    ... class RiseOfHigh:
    ...     horizon: int = 1
    ...     classes = (0, 1)
    ...     two_sided = False
    ...     def __call__(self, bars):
    ...         raise NotImplementedError
    >>> LABELS.pop("rise_of_high")()
    RiseOfHigh(horizon=1)
    """

    def register(kind: Kind) -> Kind:
        check_label(name, kind)
        check_name_is_free("label", name, LABELS.get(name), kind)
        LABELS[name] = kind
        return kind

    return register


def check_label(name: str, kind: type) -> None:
    """Raise OptionError for a class that is not a valid label."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise OptionError(f"label {name!r} must be a dataclass; put @dataclass(frozen=True) on it")
    fields = kind.__dataclass_fields__
    offered = {*fields, *(part for owner in kind.__mro__[:-1] for part in vars(owner))}
    lacking = [part for part in NEEDED if part not in offered]
    if lacking:
        raise OptionError(f"label {name!r} has no {', '.join(lacking)}; a label needs each of them")
    if tuple(kind.classes) not in CLASSES:  # type: ignore[attr-defined]
        raise OptionError(
            f"label {name!r} has the classes {kind.classes}; "  # type: ignore[attr-defined]
            "give (0, 1), or (-1, 0, 1) for short, none and long"
        )
