"""The verdict over many markets in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bt_fusion.verdict.evidence import ChanceTest, Evidence, growth_needed
from bt_fusion.verdict.wording import p_text, percent

if TYPE_CHECKING:
    from bt_fusion.verdict.rules import Graded

__all__ = ["pooled_because", "pooled_change"]


def pooled_because(e: Evidence, worse: bool, each: Sequence[Evidence]) -> str:
    """Say what both questions came to over all markets, and in how many ML did better."""
    ahead = sum(one.setting is not None and one.setting.p_value < 0.5 for one in each)
    side = "against" if worse else "for"
    return (
        f"over {len(each)} markets, p {side} ML is {of(e.ranking, worse)} for ranking entries and "
        f"{of(e.setting, worse)} for the setting; ML beat the median random filter in {ahead}"
    )


def of(test: ChanceTest | None, worse: bool) -> str:
    """Write the p-value of a pooled test."""
    return "unknown" if test is None else p_text(test.side(worse))


def pooled_change(e: Evidence, found: "Graded") -> str:
    """Say what would change the grade."""
    kind = "probable" if found.failed("probable") else "certain"
    failed = found.failed(kind)
    asked = [test for test in (e.setting, e.ranking) if test is not None]
    if not failed or not asked:
        return ""
    if failed == "stronger question":
        growth = growth_needed(min(test.side(found.worse) for test in asked), 0.025)
        return markets_needed(growth)
    if failed == "0.5 % of random filters" and e.setting is not None:
        return f"A setting p of {percent(0.005)} is missing. " + markets_needed(
            growth_needed(e.setting.side(found.worse), 0.005)
        )
    return f"The rule that failed: {failed}."


def markets_needed(growth: float) -> str:
    """Say how many times as many markets or years would be enough."""
    if growth == float("inf"):
        return "Nothing points to skill so far; more markets alone are unlikely to change that."
    return f"About {growth:.1f} times as many markets or years like these would be enough."
