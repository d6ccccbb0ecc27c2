"""The manifest's statements about a part, to check the part against."""

from dataclasses import dataclass, field
from typing import Any

from bt_fusion.bundle.manifest import SCHEMA
from bt_fusion.ensemble.feature_names import feature_difference
from bt_fusion.errors import ModelCompatibilityError

__all__ = ["Expected", "check_features"]


@dataclass(frozen=True)
class Expected:
    """Required properties of a part.

    Attributes
    ----------
    name : str
        Name of the part in errors.
    features : tuple of str
        Columns of its input, in order.
    n_classes : int
    template : estimator or None
        Unfitted estimator whose parameters the fitted one gets.
    versions : dict of str to str
        Of the libraries that saved it.
    schema : int
        Of the bundle: decides which types its files may name.
    plugins : tuple of str
        User files the model needs; the bundle's files may name their classes.
    """

    name: str
    features: tuple[str, ...]
    n_classes: int
    template: Any = None
    versions: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA
    plugins: tuple[str, ...] = ()


def check_features(expected: tuple[str, ...], found: tuple[str, ...], whose: str) -> None:
    """Check that two lists of features are equal, in the same order.

    Raises
    ------
    ModelCompatibilityError
        With what is missing, extra and reordered.
    """
    difference = feature_difference(expected, found)
    if difference:
        raise ModelCompatibilityError(
            f"{whose} has other features ({len(found)}) than expected ({len(expected)}): "
            f"{difference}. Use the features it was trained on, or train it again"
        )
