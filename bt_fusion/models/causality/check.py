"""The causality check of features and labels, user-defined or built-in."""

from collections.abc import Iterable

import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.features import Features, FeatureSet, entry_of
from bt_fusion.features.registry import Feature
from bt_fusion.labels import Label
from bt_fusion.models.causality.declared import check_declared
from bt_fusion.models.causality.features import FeatureCheck
from bt_fusion.models.causality.labels import LabelCheck
from bt_fusion.models.causality.tried_bars import TriedBars

__all__ = ["check_causality", "check_entry", "check_label", "entries_of"]


def check_causality(
    features: Features | None, bars: pd.DataFrame | BarArrays, label: Label | None = None
) -> None:
    """Check features and a label for look-ahead on some bars, user-defined or built-in.

    Bars are cut at some 20 places, and the later bars are removed, replaced, multiplied by 1e9 or
    set to NaN: earlier values must not change. Then short blocks of other bars are inserted at some
    1,200 places: values just before them must not change. A feature's declared lookback and memory
    are compared with its behaviour.

    Parameters
    ----------
    features : str, FeatureSet, sequence or None
        See `FeatureSet`; None for none.
    bars : DataFrame or BarArrays
    label : Label, optional

    Raises
    ------
    LookAheadError
        With the feature or label, the first bar with look-ahead, and how far ahead it looks.
    OptionError
        If a lookback or memory is too short, or two calls on the same bars differ.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> from bt_fusion.labels import Direction
    >>> check_causality("fusion", random_walk(600), Direction(5))
    """
    shared = TriedBars(BarArrays.of(bars))
    for entry in entries_of(features) if features is not None else ():
        check_entry(entry, shared)
    if label is not None:
        check_label(label, shared)


def entries_of(features: Features) -> Iterable[Feature]:
    """Return the registered functions of the features, each once."""
    return dict.fromkeys(entry_of(name) for name in FeatureSet(features).names)


def check_entry(entry: Feature, bars: TriedBars) -> list[str]:
    """Check one feature; see `check_causality`. Returns the parts that could not be verified."""
    check = FeatureCheck(entry, bars)
    unverified = check.run()
    check_declared(check)
    return unverified


def check_label(label: Label, bars: TriedBars) -> None:
    """Check a label; see `check_causality`."""
    LabelCheck(type(label).__name__, label, bars).run()
