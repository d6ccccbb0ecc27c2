"""Resolve a choice of features: names of sets and features, functions, and views of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.features.registry import REGISTRY, Feature
from bt_fusion.features.views import OWN, View, split_name

__all__ = ["SETS", "entry_of", "resolved", "with_views"]

SETS: dict[str, tuple[str, ...]] = {}
NOT_VIEWED = ("calendar",)  # families with the same values on longer bars


def resolved(features: Any) -> tuple[str, ...]:
    """Return the chosen features by name; see `FeatureSet`.

    Raises
    ------
    OptionError
        For an unknown set or feature, an empty choice, or a repeated name.
    """
    if hasattr(features, "names"):
        return tuple(features.names)
    if isinstance(features, str):
        name, view = split_name(features)
        if name not in SETS:
            raise unknown_name("feature set", name, SETS)
        return _viewed(SETS[name], view)
    names = tuple(name for item in features for name in _names_of(item))
    if not names:
        raise OptionError("no features given; name at least one, or a set such as 'default'")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise OptionError(f"features given twice: {', '.join(sorted(repeated))}")
    return names


def with_views(
    names: tuple[str, ...], timeframes: Sequence[str], markets: Iterable[str]
) -> tuple[str, ...]:
    """Return features together with those of longer timeframes and of other markets.

    If a name already has a market, no other markets are added to it.

    >>> with_views(("rsi_14", "hour_sin"), ["4h"], ["ETH"])
    ('rsi_14', 'hour_sin', 'rsi_14@4h', 'rsi_14:ETH')
    """
    named = {split_name(name)[1] for name in names}
    mentioned = {view.market for view in named}
    views = [View(timeframe) for timeframe in timeframes]
    views += [View("", name) for name in markets if name not in mentioned]
    own = tuple(name for name in names if split_name(name)[1] == OWN)
    return (*names, *(name for view in views for name in _viewed(own, view) if name not in names))


def entry_of(name: str) -> Feature:
    """Return the registered function of a feature's name, also for a view."""
    return REGISTRY[split_name(name)[0]]


def _viewed(names: tuple[str, ...], view: View) -> tuple[str, ...]:
    if view == OWN:
        return names
    return tuple(view.name(name) for name in names if entry_of(name).family not in NOT_VIEWED)


def _names_of(item: Any) -> tuple[str, ...]:
    """Return the feature names of an item: a set, a feature, or a registered function."""
    if hasattr(item, "names"):
        return tuple(item.names)
    if callable(item):
        for entry in REGISTRY.values():
            if entry.compute is item:
                return entry.names
        raise OptionError(
            f"{getattr(item, '__name__', item)!r} is not registered; put @feature(name, "
            "lookback=...) on it"
        )
    name, view = split_name(item)
    if name in SETS:
        return _viewed(SETS[name], view)
    if name not in REGISTRY:
        error = unknown_name("feature", name, REGISTRY)
        raise OptionError(f"{error}. A feature of your own comes from its file: --plugin FILE")
    return (view.name(name),)
