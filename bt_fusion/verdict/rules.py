"""The verdict: did ML help? Every rule stands here; numbers in, three words and a reason out."""

from collections.abc import Iterator
from dataclasses import dataclass

from bt_fusion.verdict.evidence import (
    LEAST_TRADES,
    PLACEBO_LEVEL,
    SURE,
    Evidence,
    entries_to_settle,
)
from bt_fusion.verdict.wording import (
    deflated_failure,
    expectancy_failure,
    in_sample_failure,
    placebo_failure,
    sharpe_failure,
    trades_failure,
    verdict_basis,
    what_settles_it,
)

__all__ = ["HELPED", "HURT", "NO_EVIDENCE", "Evidence", "Rule", "Verdict", "judge"]

HELPED, HURT, NO_EVIDENCE = "ML helped", "ML hurt", "no evidence"


@dataclass(frozen=True)
class Rule:
    """One condition of a verdict.

    Attributes
    ----------
    name : str
    passed : bool
    failure : str
        What stands against it, in words; empty where nothing does.
    """

    name: str
    passed: bool
    failure: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a comparison comes to.

    Attributes
    ----------
    verdict : {"ML helped", "ML hurt", "no evidence"}
    because : str
        One sentence: why, and what would settle it.
    rules : tuple of Rule
        Those of "helped", or those of "hurt" where most random vetoes chose better than ML.
    entries_needed : int or None
        Closed trades of both runs together that would tell this win-rate gap from nothing; None
        without a gap.
    """

    verdict: str
    because: str
    rules: tuple[Rule, ...]
    entries_needed: int | None


def judge(evidence: Evidence) -> Verdict:
    """Say whether ML helped, hurt, or whether these bars do not tell.

    Helped asks for all of: no in-sample bar; 30 closed trades of each run; 0.5 % of the placebo
    draws at most choose as well; the 95 % interval of the difference in expectancy lies above
    0; the deflated Sharpe ratio of what ML added reaches 0.95; ML-on's Sharpe ratio is not below
    ML-off's. Hurt asks for the mirror image. An undefined figure meets no rule.
    """
    well, badly = evidence.p_value, evidence.p_against
    worse = well is not None and badly is not None and badly < well
    rules = tuple(rules_of(evidence, worse))
    needed = entries_to_settle(evidence)
    against = next((rule.failure for rule in rules if not rule.passed), None)
    if against is not None:
        because = f"{NO_EVIDENCE}: {against}{what_settles_it(evidence, needed)}"
        return Verdict(NO_EVIDENCE, because, rules, needed)
    verdict = HURT if worse else HELPED
    return Verdict(verdict, f"{verdict}: {verdict_basis(evidence, worse)}", rules, needed)


def rules_of(e: Evidence, worse: bool) -> Iterator[Rule]:
    """Yield the rules of "helped", or of "hurt", the most telling failure first."""
    yield rule("out of sample", e.in_sample == 0, in_sample_failure(e))
    yield rule("enough trades", min(e.trades_off, e.trades_on) >= LEAST_TRADES, trades_failure(e))
    share = e.p_against if worse else e.p_value
    met = share is not None and share <= PLACEBO_LEVEL + 1e-12
    yield rule("placebo", met, placebo_failure(e))
    beyond = e.expectancy_ci95 is not None and (
        e.expectancy_ci95[1] < 0 if worse else e.expectancy_ci95[0] > 0
    )
    yield rule("expectancy", beyond, expectancy_failure(e, worse))
    dsr = e.edge_dsr_against if worse else e.edge_dsr
    yield rule("deflated Sharpe", dsr is not None and dsr >= SURE, deflated_failure(e, dsr, worse))
    kept = False
    if e.sharpe_on is not None and e.sharpe_off is not None:
        kept = e.sharpe_on <= e.sharpe_off if worse else e.sharpe_on >= e.sharpe_off
    yield rule("Sharpe", kept, sharpe_failure(e, worse))


def rule(name: str, passed: bool, failure: str) -> Rule:
    """Return a rule that keeps its failure's words only where it failed."""
    return Rule(name, passed, "" if passed else failure)
