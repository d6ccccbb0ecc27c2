"""Kinds of models a bundle can hold, found by name when one is asked for.

Their classes stand in later layers. Nothing here depends on these modules: like the package's own
public names each is imported when it is first used.
"""

from importlib import import_module
from typing import Any

from bt_fusion.errors import ModelCompatibilityError

__all__ = ["HOMES", "PLAIN", "model_class"]

PLAIN = "signal"  # has nothing beside it
HOMES = {
    PLAIN: ("bt_fusion.models.signal_model", "SignalModel"),
    "managed": ("bt_fusion.trade_models.managed_model", "ManagedModel"),
}


def model_class(kind: str) -> Any:
    """Return the class of a kind of model: `SignalModel` or a subclass.

    Raises
    ------
    ModelCompatibilityError
        For a kind that is not known here.

    Examples
    --------
    >>> model_class("managed").__name__
    'ManagedModel'
    """
    if kind not in HOMES:
        raise ModelCompatibilityError(
            f"the model is of the kind {kind[:40]!r}; known here: {', '.join(HOMES)}. "
            "Upgrade bt_fusion"
        )
    module, name = HOMES[kind]
    return getattr(import_module(module), name)
