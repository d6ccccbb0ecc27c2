"""The check of user-defined parts: at every fit, once for the same code and bars."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import LookAheadError, RandomPartError
from bt_fusion.features import FeatureSet
from bt_fusion.fingerprint import array_digest, code_digest, object_digest, versions_text
from bt_fusion.labels import Label
from bt_fusion.models.causality.check import check_entry, check_label, entries_of
from bt_fusion.models.causality.known_rows import check_known_rows
from bt_fusion.models.causality.members import check_member, own_code_of, own_members
from bt_fusion.models.causality.tried_bars import TriedBars
from bt_fusion.models.refit_cache import open_cache
from bt_fusion.module_sources import unwrapped, users_own
from bt_fusion.user_code import part_digest

__all__ = ["check_own", "is_checked", "unchecked_fit_note", "unchecked_note", "unverified_note"]

PASSED = np.ones(1)  # content of a cache entry
PASSED_HERE: set[str] = set()  # parts that have passed in this process
LONGEST_BARS: dict[str, BarArrays] = {}  # by part, the bars on which it passed here
UNVERIFIED: dict[str, list[str]] = {}  # by part, what its last check here could not verify, and why
CODE = ("models.causality", "features", "labels", "technical", "ensemble.training")
LIBRARIES = ("numpy", "pandas", "scipy", "TA-Lib", "scikit-learn")
OwnPart = tuple[str, str | None, Any, Any]  # description, digest of its code, check, part


def check_own(model: Any, arrays: BarArrays, place: str | Path | None = "auto") -> None:
    """Check a model's user-defined features, label and members, unless switched off.

    Parts of this project are skipped: their tests check them. A part that has passed on the same
    bars is not checked again, nor on the first of them: `train` checks on all bars before it fits
    on the first. Other bars are checked again, since a leak may show only on some bars.

    Parameters
    ----------
    model : SignalModel
    arrays : BarArrays
    place : path, "auto" or None
        Folder that records the parts that have passed; see `open_cache`.

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
    for own in parts:
        _, code, check, part = own
        key = _key(f"{_named(own)} {data}") if code else ""
        known = key in PASSED_HERE or (key and store is not None and store.get(key) is not None)
        if not known:
            UNVERIFIED[_named(own)] = unverified = check(part, bars) or []
            if unverified:
                continue  # it has not passed: it is checked again next time
        if key:
            LONGEST_BARS[_named(own)] = arrays
            PASSED_HERE.add(key)
        if key and store is not None and not known:
            store.put(key, PASSED)


def _passed_on_more(part: OwnPart, arrays: BarArrays) -> bool:
    """Return whether a part has passed here on bars that begin with these."""
    _, code, *_ = part
    longer = LONGEST_BARS.get(_named(part)) if code else None
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
    """Yield a model's user-defined parts: description, digest of the code, check, part."""
    for entry in entries_of(model.feature_set()):
        function = unwrapped(entry.compute)
        if users_own(function):
            described = f"{entry.names} {entry.lookback} {entry.memory}"
            yield described, part_digest(entry.compute), check_entry, entry
    label = model.label()
    if users_own(type(label)):
        yield repr(label), part_digest(type(label)), check_label, label
    for name, made in own_members(model.new_ensemble()):
        member = OwnMember(name, made, model.feature_set(), label)
        yield *member.described(), OwnMember.check, member


@dataclass(frozen=True)
class OwnMember:
    """A member that runs user code, and its training data."""

    name: str
    made: Any
    features: FeatureSet
    label: Label

    def described(self) -> tuple[str, str | None]:
        """Return the member's description and a digest of its code; None if unknown."""
        digests = [part_digest(part) for part in own_code_of(self.name, self.made)]
        try:
            about = object_digest((self.name, self.made, self.features.names, repr(self.label)))
        except Exception:  # a class that cannot be pickled
            return self.name, None
        return about, None if None in digests else " ".join(filter(None, digests))

    def check(self, bars: TriedBars) -> list[str]:
        """Check it if it can be fitted on few rows; otherwise the real fit reports the error.

        Returns
        -------
        list of str
            The parts that could not be verified.
        """
        check_known_rows(self.name, self.made, self.features, self.label, bars)
        try:
            return check_member(self.name, self.made, self.features, self.label, bars)
        except (LookAheadError, RandomPartError):
            raise
        except Exception as error:
            return [f"member {self.name}: it cannot be tried on few rows ({type(error).__name__})"]


def is_checked(model: Any) -> bool:
    """Return whether a fit of a model checks everything for look-ahead."""
    return model.causality_check or not any(own_parts(model))


def unchecked_note(model: Any) -> str:
    """Return a note on the own features and label that a fit does not check, '' for none."""
    return _note(model, is_checked(model))


def unverified_note(model: Any) -> str:
    """Return a note on what the last check of a model's parts here could not verify."""
    found = [what for part in own_parts(model) for what in UNVERIFIED.get(_named(part), ())]
    return f"look-ahead is not verified: {'; '.join(found)}" if found else ""


def unchecked_fit_note(model: Any) -> str:
    """Return the same note for the fit of a fitted model, which may be loaded."""
    return _note(model, getattr(model, "look_ahead_checked_", None) is not False)


def _note(model: Any, checked: bool) -> str:
    if checked:
        return ""
    names = ", ".join(_name(part) for *_, part in own_parts(model))
    return f"look-ahead was not checked: {names}"


def _name(part: Any) -> str:
    if isinstance(part, OwnMember):
        return f"member {part.name}"
    names = getattr(part, "names", None)
    return f"feature {', '.join(names)}" if names else f"label {type(part).__name__}"


def _named(part: OwnPart) -> str:
    """Return the key of a part in this process: its description and its code."""
    described, code, *_ = part
    return f"{described} {code}"


def _key(described: str) -> str:
    return array_digest(f"{_environment()} {described}")


@cache
def _environment() -> str:
    """Return the versions of code and libraries that affect the numbers."""
    return f"causality {versions_text(*LIBRARIES)} {code_digest(*CODE)}"
