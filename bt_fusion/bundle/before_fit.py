"""Check before the fit whether members can be saved, so that no fit is wasted."""

from typing import Any

import numpy as np
from sklearn.base import clone

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.registry import build_part, dump_part, is_of_plugin, kind_of
from bt_fusion.bundle.versions import current_versions
from bt_fusion.ensemble.members.best_member import make_candidate
from bt_fusion.plugins import registered_files

__all__ = ["check_can_be_saved"]

ROWS = 100  # made up, for the trial fit of a user-defined class


def check_can_be_saved(model: Any) -> None:
    """Check that the members of an unfitted model can be saved.

    A plug-in's class is fitted on a few made-up rows, since only a fit shows what it stores.

    Parameters
    ----------
    model : SignalModel

    Raises
    ------
    OptionError
        For a member that no kind of part can store.
    BundleError
        For a plug-in's class that stores something a saved model may not contain.
    """
    features, n_classes = model.feature_set().names, len(model.label().classes)
    _check_members(model.new_ensemble(), "member", features, n_classes)
    for name, (ensemble, columns, classes) in model.later_ensembles().items():
        _check_members(ensemble, f"{name} member", columns, classes)


def _check_members(ensemble: Any, kind: str, features: tuple[str, ...], n_classes: int) -> None:
    for name, made in ensemble.make_members().items():
        chosen_from = getattr(made, "candidates", None)  # of a BestMember, the winner
        for each in [made] if chosen_from is None else map(make_candidate, chosen_from):
            parts = [each, *each.get_params().values()]
            parts = [part for part in parts if hasattr(part, "get_params")]
            for part in parts:
                kind_of(part, f"{kind} {name}")
            if any(map(is_of_plugin, parts)):
                _try(each, f"{kind} {name}", features, n_classes)


def _try(member: Any, name: str, features: tuple[str, ...], n_classes: int) -> None:
    """Fit a copy of a member and check it as a saved part."""
    X = np.random.default_rng(0).normal(size=(ROWS, len(features))).astype(np.float32)
    try:
        fitted = clone(member).fit(X, np.arange(ROWS) % n_classes)
    except Exception:  # it needs other rows; the real fit reports any error
        return
    kind, data = dump_part(fitted, name, features)
    files = tuple(registered_files())
    expected = Expected(name, features, n_classes, versions=current_versions(), plugins=files)
    build_part(kind, kind.inspect, data, expected)
