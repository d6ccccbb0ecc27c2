"""audit_bars: find faults in checked bars, and whether stamps mark the open or the close."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bt_fusion.data.bar_audit.finding import Finding
from bt_fusion.data.bar_audit.gaps import find_gaps
from bt_fusion.data.bar_audit.prices import find_outliers, find_splits, find_wicks
from bt_fusion.data.bar_audit.spacing import Spacing, find_lengths
from bt_fusion.data.bar_audit.stamps import find_unfinished, stamps_of
from bt_fusion.data.bar_audit.stretches import find_filled, find_frozen, find_zero_volume
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import length_text
from bt_fusion.described import Described, when

__all__ = ["DataAudit", "audit_bars"]


@dataclass(frozen=True, eq=False, repr=False)
class DataAudit(Described):
    """What an audit of bars found.

    Attributes
    ----------
    bars : int
    start, end : Timestamp
        Stamps of the first and the last bar.
    length : str or None
        The usual bar length, such as 1h; None if there is none (tick or volume bars).
    stamps, stamps_why : str
        "open", "close" or "unknown": what stamps mark; and why.
    findings : tuple of Finding
        One for each kind found.
    """

    bars: int
    start: pd.Timestamp
    end: pd.Timestamp
    length: str | None
    stamps: str
    stamps_why: str
    findings: tuple[Finding, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of cases of each kind found."""
        return {finding.kind: finding.count for finding in self.findings}

    def description(self) -> tuple[str, Mapping[str, str]]:
        """Return the title and lines of its printed form: what was found, and what to do."""
        found = {
            each.kind: f"{each.count:,} ({each.bars:,} bars, first {when(each.first[0])}): "
            f"{each.meaning}; to do: {each.remedy}"
            for each in self.findings
        }
        about = {
            "length": self.length or "none fixed",
            "stamps": f"{self.stamps}: {self.stamps_why}",
        }
        title = f"Audit of {self.bars:,} bars, {when(self.start)} to {when(self.end)}"
        return title, about | (found or {"findings": "none"})

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain values, without the positions of the bars."""
        return {
            "bars": self.bars,
            "start": str(self.start),
            "end": str(self.end),
            "length": self.length,
            "stamps": self.stamps,
            "stamps_why": self.stamps_why,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def audit_bars(bars: "pd.DataFrame | BarArrays", now: pd.Timestamp | None = None) -> DataAudit:
    """Look for faults that sound bars can still have: gaps, filled stretches, bad prices.

    Parameters
    ----------
    bars : DataFrame or BarArrays
        As `check_bars` takes them.
    now : Timestamp, optional
        Naive UTC, to see if the last bar has ended; default the current time.

    Returns
    -------
    DataAudit

    Raises
    ------
    BarsError
        For bars that are not sound.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> audit = audit_bars(random_walk(500).drop(pd.Timestamp("2024-01-01 03:00")))
    >>> audit.counts(), audit.findings[0].first
    ({'gaps': 1}, (Timestamp('2024-01-01 03:01:00'),))
    """
    arrays = BarArrays.of(bars)
    spacing = Spacing.of(arrays.time)
    stamped, why = stamps_of(spacing)
    now = pd.Timestamp.now("UTC").tz_localize(None) if now is None else now
    found = _findings(arrays, spacing, stamped, now.as_unit("ns"))
    return DataAudit(
        len(arrays),
        pd.Timestamp(arrays.time[0]),
        pd.Timestamp(arrays.time[-1]),
        None if spacing.length is None else length_text(spacing.length // 1_000_000_000),
        stamped,
        why,
        tuple(finding for finding in found if finding is not None),
    )


def _findings(
    bars: BarArrays, spacing: Spacing, stamped: str, now: pd.Timestamp
) -> Iterator[Finding | None]:
    """Yield what each check finds, in the order of the report."""
    yield find_gaps(bars.time, spacing)
    yield find_filled(bars)
    yield find_frozen(bars)
    yield find_lengths(bars.time, spacing)
    yield find_outliers(bars)
    yield find_wicks(bars)
    yield find_splits(bars)
    yield find_zero_volume(bars)
    yield find_unfinished(bars.time, spacing, stamped, now)
