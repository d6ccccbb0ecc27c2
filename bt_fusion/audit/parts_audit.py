"""Check features, labels and members for look-ahead; a finding does not stop the others."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.audit.comparing import Finding, error_text
from bt_fusion.audit.outcomes import PartsAudit
from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.given_members import made_of
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.errors import (
    FittedBeforeError,
    LookAheadError,
    OptionError,
    RandomPartError,
    RowsBesideError,
    TrainingError,
)
from bt_fusion.features import REGISTRY, Features, FeatureSet
from bt_fusion.labels import LABELS, Direction, Label, make_label
from bt_fusion.models.causality.check import check_entry, check_label, entries_of
from bt_fusion.models.causality.features import OFF
from bt_fusion.models.causality.known_rows import check_known_rows
from bt_fusion.models.causality.members import check_member
from bt_fusion.models.causality.tried_bars import TriedBars
from bt_fusion.plugins import load_plugin
from bt_fusion.progress import step

__all__ = ["audit_features", "audit_members", "audit_plugins"]

KINDS = {FittedBeforeError: "in-sample", RowsBesideError: "mode"}
MEMBER_FEATURES, MEMBER_LABEL = "fusion", Direction(horizon=5)  # data to check a member on


class Parts:
    """Checks parts one after the other, also after a finding.

    Parameters
    ----------
    bars : DataFrame or BarArrays
    given : int, optional
        Total number of bars, if `bars` is only a part of them.
    """

    def __init__(self, bars: pd.DataFrame | BarArrays, given: int | None = None):
        self.tried = TriedBars(BarArrays.of(bars))
        self.given = len(self.tried.arrays) if given is None else given
        self.names: list[str] = []
        self.findings: list[Finding] = []
        self.unverified: list[str] = []

    def features(self, features: Features) -> "Parts":
        """Check features, each once."""
        for entry in entries_of(features):
            names = ", ".join(entry.names)
            self._try(f"feature {names}", partial(check_entry, entry, self.tried))
        return self

    def label(self, label: str | Label) -> "Parts":
        """Check a label."""
        made = make_label(label) if isinstance(label, str) else label
        self._try(f"label {type(made).__name__}", lambda: check_label(made, self.tried))
        return self

    def member(self, name: str, made: Any) -> "Parts":
        """Check an unfitted member, on default features and label."""
        features = FeatureSet(MEMBER_FEATURES)
        given = (name, made, features, MEMBER_LABEL, self.tried)

        def both() -> list[str]:
            check_known_rows(*given)
            return check_member(*given)

        self._try(f"member {name}", both)
        return self

    def audit(self) -> PartsAudit:
        """Return the audit result."""
        return PartsAudit(
            findings=tuple(sorted(self.findings, key=lambda each: each.kind != "look-ahead")),
            unverified=tuple(self.unverified),
            parts=tuple(self.names),
            cuts=self.tried.cuts,
            bars=self.given,
            compared=self.tried.compared,
        )

    def _try(self, name: str, check: Callable[[], list[str] | None]) -> None:
        """Check one part; record the finding, or why it could not be checked."""
        self.names.append(name)
        before = self.tried.compared
        try:
            self.unverified += check() or []
        except LookAheadError as error:
            self.findings.append(Finding("look-ahead", name, error.first, what_of(error)))
        except (RandomPartError, TrainingError) as error:
            self.unverified.append(f"{name}: {str(error).removeprefix(name).lstrip()}")
        except OptionError as error:
            kind = next((KINDS[each] for each in KINDS if isinstance(error, each)), "declared")
            self.findings.append(Finding(kind, name, "", str(error)))
        except Exception as error:  # a user's own part may fail in any way
            self.findings.append(Finding("error", name, "", error_text(error)))
        else:
            if self.tried.compared == before:
                self.unverified.append(f"{name}: too few bars to compare anything")


def what_of(error: LookAheadError) -> str:
    """Return an error's text without the part's name and the advice to turn the check off."""
    text = str(error).removesuffix(f"; {OFF}")
    return text.partition(" looks ahead: ")[2] or text


@step("Auditing")
def audit_features(
    features: Features | None,
    bars: pd.DataFrame | BarArrays,
    label: str | Label | None = None,
) -> PartsAudit:
    """Check features and a label for look-ahead; see `check_causality`.

    Every one is checked, also after a finding.

    Parameters
    ----------
    features : str, FeatureSet, sequence or None
        See `FeatureSet`; None for none.
    bars : DataFrame or BarArrays
    label : str or Label, optional

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> found = audit_features(["gap", "return_1"], random_walk(600), "direction")
    >>> found.passed, found.parts
    (True, ('feature gap', 'feature return_1', 'label Direction'))
    """
    parts = Parts(bars)
    if features is not None:
        parts.features(features)
    return (parts if label is None else parts.label(label)).audit()


@step("Auditing")
def audit_members(members: Mapping[str, Any], bars: pd.DataFrame | BarArrays) -> PartsAudit:
    """Find members whose prediction of a row depends on the other rows.

    Each is fitted twice, on up to 600 rows of the features `fusion` and the label `direction`.

    Parameters
    ----------
    members : mapping of str to classifier or str
        As in `Ensemble`.
    bars : DataFrame or BarArrays
    """
    parts = Parts(bars)
    for name, made in made_of(members, 0).items():
        parts.member(name, made)
    return parts.audit()


@step("Auditing")
def audit_plugins(
    paths: list[str | Path] | str | Path, bars: pd.DataFrame | BarArrays
) -> PartsAudit:
    """Check features, labels and members registered by plug-ins for look-ahead.

    Parameters
    ----------
    paths : path or list of path
        See `load_plugin`: the files are run.
    bars : DataFrame or BarArrays
    """
    parts = Parts(bars)
    names = list(registered_by([paths] if isinstance(paths, (str, Path)) else paths))
    features = [name for kind, name in names if kind == "feature"]
    if features:
        parts.features(features)
    for kind, name in names:
        if kind == "label":
            try:
                parts.label(LABELS[name]())
            except TypeError as error:  # a parameter without a default
                parts.unverified.append(f"label {name}: {error}; give --label 'name(...)'")
        elif kind == "member":
            parts.member(name, make_member(name))
    return parts.audit()


def registered_by(paths: list[str | Path]) -> Iterator[tuple[str, str]]:
    """Yield kind and name of all that files register; multi-column features by their first."""
    seen = set()
    for path in paths:
        for what in load_plugin(path):
            kind, _, name = what.partition(" ")
            entry = REGISTRY[name] if kind == "feature" else name
            if (kind, entry) not in seen:
                seen.add((kind, entry))
                yield kind, name
