"""The check of what a user brings: at every fit, once for the same code and bars."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.fingerprint import array_digest, code_digest, versions_text
from bt_fusion.models.causality.check import check_entry, check_label, entries_of
from bt_fusion.models.causality.tried_bars import TriedBars
from bt_fusion.models.refit_cache import open_cache
from bt_fusion.module_sources import unwrapped, users_own
from bt_fusion.user_code import part_digest

__all__ = ["check_own", "is_checked", "unchecked_fit_note", "unchecked_note"]

PASSED = np.ones(1)  # what the cache keeps
HERE: set[str] = set()  # what has passed in this process
LONGEST: dict[str, BarArrays] = {}  # by part, the bars on which it passed here
CODE = ("models.causality", "features", "labels", "technical")
LIBRARIES = ("numpy", "pandas", "scipy", "TA-Lib")
OwnPart = tuple[str, str | None, Any, Any]  # description, digest of its code, check, part


def check_own(model: Any, arrays: BarArrays, place: str | Path | None = "auto") -> None:
    """Check a model's features and label, those that are a user's own, unless it is switched off.

    Ours are left out: their tests check them. What has passed on the same bars is not checked
    again, nor on the first of them: `train` looks at all bars before it fits on the first. The
    bars count, since a leak may show on some alone.

    Parameters
    ----------
    model : SignalModel
    arrays : BarArrays
    place : path, "auto" or None
        Where it is kept what has passed, see `open_cache`.

    Raises
    ------
    LookAheadError, OptionError
        See `check_causality`.
    """
    if not model.causality_check:
        return
    parts = [part for part in own_parts(model) if not _passed_on_more(part, arrays)]
    if not parts:
        return
    store, bars = open_cache(place), TriedBars(arrays)
    data = array_digest(
        "", arrays.time.view(np.int64), *(getattr(arrays, name) for name in COLUMNS)
    )
    for described, code, check, part in parts:
        key = _key(f"{described} {code} {data}") if code else ""
        known = key in HERE or (key and store is not None and store.get(key) is not None)
        if not known:
            check(part, bars)
        if key:
            LONGEST[f"{described} {code}"] = arrays
            HERE.add(key)
        if key and store is not None and not known:
            store.put(key, PASSED)


def _passed_on_more(part: OwnPart, arrays: BarArrays) -> bool:
    """Tell whether a part has passed here on bars that begin with these."""
    described, code, *_ = part
    longer = LONGEST.get(f"{described} {code}") if code else None
    return (
        longer is not None
        and len(longer) >= len(arrays)
        and np.array_equal(longer.time[: len(arrays)], arrays.time)
        and all(
            np.array_equal(getattr(longer, name)[: len(arrays)], getattr(arrays, name))
            for name in COLUMNS
        )
    )


def own_parts(model: Any) -> Iterator[OwnPart]:
    """Yield what of a model is a user's own: description, digest of its code, check, part."""
    for entry in entries_of(model.feature_set()):
        function = unwrapped(entry.compute)
        if users_own(function):
            described = f"{entry.names} {entry.lookback} {entry.memory}"
            yield described, part_digest(entry.compute), check_entry, entry
    label = model.label()
    if users_own(type(label)):
        yield repr(label), part_digest(type(label)), check_label, label


def is_checked(model: Any) -> bool:
    """Say whether a fit of a model leaves nothing unchecked for look-ahead."""
    return model.causality_check or not any(own_parts(model))


def unchecked_note(model: Any) -> str:
    """Say which of a model's own features and label a fit leaves unchecked; empty for none."""
    return _note(model, is_checked(model))


def unchecked_fit_note(model: Any) -> str:
    """Say the same of the fit that a fitted model comes from, which may be a saved one's."""
    return _note(model, getattr(model, "look_ahead_checked_", None) is not False)


def _note(model: Any, checked: bool) -> str:
    if checked:
        return ""
    names = ", ".join(_name(part) for *_, part in own_parts(model))
    return f"look-ahead was not checked: {names}"


def _name(part: Any) -> str:
    names = getattr(part, "names", None)
    return f"feature {', '.join(names)}" if names else f"label {type(part).__name__}"


def _key(described: str) -> str:
    return array_digest(f"{_environment()} {described}")


@cache
def _environment() -> str:
    """Name the code and libraries that make the numbers."""
    return f"causality {versions_text(*LIBRARIES)} {code_digest(*CODE)}"
