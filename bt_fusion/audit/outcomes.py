"""Result of an audit: findings, what it could not verify, and how much it compared."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bt_fusion.audit.comparing import Compared, Finding, error_text, stamp_text
from bt_fusion.audit.recording import Recording

__all__ = ["Audit", "PartsAudit", "StrategyAudit", "failed", "in_sample", "result_of"]

FEED = re.compile(r"attribute 'data\d+'$")  # Backtrader's error if a strategy has fewer feeds
ORDER = ("look-ahead", "error", "in-sample", "pairing", "mode")


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Result of an audit.

    Attributes
    ----------
    findings : tuple of Finding
        The first of each kind and place, look-ahead first.
    unverified : tuple of str
        What could not be checked, and why. It does not count as passed.
    cuts, bars : int
        Number of places where bars were changed; number of bars.
    compared : int
        Number of values compared.
    """

    findings: tuple[Finding, ...]
    unverified: tuple[str, ...]
    cuts: int
    bars: int
    compared: int

    @property
    def passed(self) -> bool:
        """Whether something was compared and nothing was found; see also `unverified`."""
        return self.compared > 0 and not self.findings

    @property
    def looks_ahead(self) -> bool:
        """Whether look-ahead was found."""
        return any(each.kind == "look-ahead" for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name."""
        return {**asdict(self), "passed": self.passed}


@dataclass(frozen=True, kw_only=True)
class StrategyAudit(Audit):
    """Audit result of a strategy or an indicator; `bars` counts calls of the strategy.

    Attributes
    ----------
    lines, orders : int
        Of the run.
    """

    lines: int
    orders: int


@dataclass(frozen=True, kw_only=True)
class PartsAudit(Audit):
    """Audit result of features, labels and members, with at most one finding per part.

    Attributes
    ----------
    parts : tuple of str
        Audited parts, such as "feature gap".
    """

    parts: tuple[str, ...]


def result_of(compared: Compared, findings: Sequence[Finding], cuts: int) -> StrategyAudit:
    """Return the audit result of a run compared with others."""
    plain = compared.plain
    return StrategyAudit(
        findings=tuple(first_of_each(findings)),
        unverified=tuple(compared.unverified()),
        cuts=cuts,
        bars=len(plain.time),
        lines=len(plain.lines),
        orders=len(plain.orders),
        compared=compared.count,
    )


def failed(plain: Recording, bars: Mapping[str, pd.DataFrame]) -> StrategyAudit:
    """Return the audit result of a run that fails before its end.

    A run that ends with an IndexError at its last bar has read the next bar.
    """
    assert plain.error is not None
    calls, lengths = len(plain.time), [len(own) for own in bars.values()]
    index_error = isinstance(plain.error, IndexError)
    if index_error and calls and calls >= max(lengths) - 1:
        kind, when = "look-ahead", stamp_text(max(own.index[-1] for own in bars.values()))
        text = f"it asks for a bar after the last one: {error_text(plain.error)}"
    else:
        kind, when = "error", stamp_text(plain.time[-1]) if calls else ""
        hint = "; the feeds differ in length and are paired by place: give them the same stamps"
        several = index_error and len({*lengths}) > 1
        fewer = isinstance(plain.error, AttributeError) and FEED.search(str(plain.error))
        hint = hint if several else "; it uses more feeds than are given" if fewer else ""
        text = f"the run fails: {error_text(plain.error)}{hint}"
    finding = Finding(kind, "the strategy", when, text)
    nothing = ("everything: the run stops before its end",)
    counts = dict(cuts=0, bars=calls, lines=len(plain.lines), orders=0, compared=0)
    return StrategyAudit(findings=(finding,), unverified=nothing, **counts)


def in_sample(plain: Recording) -> Iterator[Finding]:
    """Yield the models that were trained on bars of the run."""
    for name, until in plain.trained_until.items():
        known = plain.calls_until(until)
        if known:
            text = f"its model was trained until {stamp_text(until)}, on {known:,} of the bars"
            yield Finding("in-sample", name or "the model", stamp_text(plain.time[0]), text)


def first_of_each(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the first finding of each kind and place."""
    seen = set()
    for each in sorted(findings, key=lambda one: (ORDER.index(one.kind), one.first)):
        if (each.kind, each.where) not in seen:
            seen.add((each.kind, each.where))
            yield each
