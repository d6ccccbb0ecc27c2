"""Detect look-ahead in features and labels, by changing bars they must not depend on."""

from bt_fusion.models.causality.check import check_causality
from bt_fusion.models.causality.own_parts import (
    check_own,
    is_checked,
    unchecked_fit_note,
    unchecked_note,
    unverified_note,
)

__all__ = [
    "check_causality",
    "check_own",
    "is_checked",
    "unchecked_fit_note",
    "unchecked_note",
    "unverified_note",
]
