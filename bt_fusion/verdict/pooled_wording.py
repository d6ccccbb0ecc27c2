"""Sentences of the verdict over many markets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bt_fusion.verdict.conditions import Condition
from bt_fusion.verdict.evidence import (
    PROBABLE,
    STRICT,
    ChanceTest,
    Evidence,
    growth_needed,
    limit_for,
)
from bt_fusion.verdict.wording import clear_of, p_text, ranks

if TYPE_CHECKING:
    from bt_fusion.verdict.rules import Graded

__all__ = ["pooled_because", "pooled_change"]


def pooled_because(e: Evidence, worse: bool, each: Sequence[Evidence]) -> str:
    """State both test results and in how many markets ML beat the median random filter."""
    ahead = sum(one.setting is not None and one.setting.p_value < 0.5 for one in each)
    ranking = ranks(e.ranking, worse) or "the ranking could not be tested"
    p_value = 1.0 if e.setting is None else e.setting.side(worse)
    clearly = "do not clearly " if p_value > PROBABLE else ""
    did = "lose to" if worse else "beat"
    return (
        f"over {len(each)} market{'s' * (len(each) > 1)} {ranking}, and its settings "
        f"{clearly}{did} random filters (p {p_of(e.setting, worse)}); {ahead} markets beat the "
        "median filter"
    )


def p_of(test: ChanceTest | None, worse: bool) -> str:
    """Write the p-value of a pooled test."""
    return "unknown" if test is None else p_text(test.side(worse))


def pooled_change(e: Evidence, found: "Graded") -> str:
    """State what would change the grade."""
    kind = "probable" if found.failed("probable") else "certain"
    failed = found.failed(kind)
    tests = [test for test in (e.setting, e.ranking) if test is not None]
    if not failed or not tests:
        return ""
    if failed == Condition.ONE:
        best = min(test.side(found.worse) for test in tests)
        return markets_needed(best, limit_for(PROBABLE, e.trials), found.worse)
    if failed == Condition.STRICT and e.setting is not None:
        return markets_needed(e.setting.side(found.worse), STRICT, found.worse)
    return f"The rule that failed: {failed}."


def markets_needed(p_value: float, limit: float, worse: bool) -> str:
    """State the p-value needed, and how many times as many markets or years that takes."""
    needed = f"{limit:.2g}"
    direction = "against ML" if worse else "for ML"
    now = clear_of(p_value, needed, digits=3)
    grade = "hurt" if worse else "helped"
    probably = "" if limit == STRICT else "probably "
    text = f'"ML {probably}{grade}" needs a p-value of {needed} {direction} (now {now})'
    growth = growth_needed(p_value, limit)
    if growth == float("inf"):
        return f"{text}; more markets like these are unlikely to reach it."
    return f"{text}; that takes about {growth:.1f} times as many markets or years like these."
