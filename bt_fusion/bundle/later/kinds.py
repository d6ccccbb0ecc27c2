"""Kinds of models in a bundle, imported by name on request.

Their classes are in later layers. Nothing here depends on these modules: like the package's own
public names, each is imported on first use.
"""

from importlib import import_module
from typing import Any

from bt_fusion.errors import ModelCompatibilityError

__all__ = ["CLASSES", "PLAIN", "model_class"]

PLAIN = "signal"  # has no later models
CLASSES = {
    PLAIN: ("bt_fusion.models.signal_model", "SignalModel"),
    "managed": ("bt_fusion.trade_models.managed_model", "ManagedModel"),
}


def model_class(kind: str) -> Any:
    """Return the class of a kind of model: `SignalModel` or a subclass.

    Raises
    ------
    ModelCompatibilityError
        For an unknown kind.

    Examples
    --------
    >>> model_class("managed").__name__
    'ManagedModel'
    """
    if kind not in CLASSES:
        raise ModelCompatibilityError(
            f"the model is of the kind {kind[:40]!r}; known here: {', '.join(CLASSES)}. "
            "Upgrade bt_fusion"
        )
    module, name = CLASSES[kind]
    return getattr(import_module(module), name)
