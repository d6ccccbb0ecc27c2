"""Labels: what a bar's future turned out to be, and the bar at which that is known.

Every label returns its values together with `t1`, the position of the bar at which the value is
known. A row whose future is not over has no label: NaN, never a class. SEMANTICS of each class:
two-class labels say 1 up (yes) and 0 down (no), three-class ones +1 long, 0 none and -1 short.
"""

from collections.abc import Callable

from bt_fusion.errors import unknown_name
from bt_fusion.labels.barriers import ProfitBeforeStop, TripleBarrier
from bt_fusion.labels.base import Label, Labels, class_names, trade_exits
from bt_fusion.labels.horizons import Direction, Gain

__all__ = [
    "LABELS",
    "Direction",
    "Gain",
    "Label",
    "Labels",
    "ProfitBeforeStop",
    "TripleBarrier",
    "class_names",
    "make_label",
    "trade_exits",
]

LABELS: dict[str, Callable[..., Label]] = {
    "direction": Direction,
    "gain": Gain,
    "profit_before_stop": ProfitBeforeStop,
    "triple_barrier": TripleBarrier,
}


def make_label(name: str, **parameters: float) -> Label:
    """Return a label by name, e.g. ``make_label("direction", horizon=5)``.

    Raises
    ------
    OptionError
        For an unknown label or parameter.
    """
    if name not in LABELS:
        raise unknown_name("label", name, LABELS)
    maker = LABELS[name]
    for parameter in parameters:
        if parameter not in maker.__dataclass_fields__:  # type: ignore[attr-defined]
            known = maker.__dataclass_fields__  # type: ignore[attr-defined]
            raise unknown_name(f"parameter of label {name}", parameter, known)
    return maker(**parameters)
