"""The rules of the verdict: from evidence to a grade and its reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bt_fusion.verdict import wording
from bt_fusion.verdict.conditions import Condition
from bt_fusion.verdict.evidence import PROBABLE, STRICT, Evidence

__all__ = [
    "GRADES",
    "HELPED",
    "HURT",
    "LEAST_TRADES",
    "NO_EVIDENCE",
    "PROBABLY_HELPED",
    "PROBABLY_HURT",
    "Graded",
    "Rule",
    "Verdict",
    "graded",
    "judge",
]

HELPED, HURT, NO_EVIDENCE = "ML helped", "ML hurt", "no evidence"
PROBABLY_HELPED, PROBABLY_HURT = "ML probably helped", "ML probably hurt"
GRADES = (HELPED, PROBABLY_HELPED, NO_EVIDENCE, PROBABLY_HURT, HURT)

LEAST_TRADES = 30
NOT_AGAINST = 0.5  # upper limit of the other test's p-value
NONE = "no verdict"
LEAST_DSR = 0.95  # of the deflated Sharpe ratio
ROUNDING = 1e-12


@dataclass(frozen=True)
class Rule:
    """One condition of a verdict.

    Attributes
    ----------
    name : str
    passed : bool or None
        None where its figure is undefined, such as that of a test that was not run: then it is not
        met.
    grades : tuple of str
        Grades that require it: "certain" (helped, hurt), "probable" or both.
    """

    name: str
    passed: bool | None
    grades: tuple[str, ...] = ("certain", "probable")


@dataclass(frozen=True, repr=False)
class Verdict:
    """Verdict on a comparison: a grade, its reason and what would change it.

    Attributes
    ----------
    verdict : str
        One of `GRADES`.
    because : str
        One sentence: the grade and the deciding numbers.
    change : str
        One sentence: what would change it.
    rules : tuple of Rule
        The rules of helping, or of hurting if that evidence is stronger.
    direction : str
        Which of them these are: "helped" or "hurt".

    Examples
    --------
    >>> print(Verdict.of({"verdict": "no evidence", "because": "no evidence: too few entries"}))
    no evidence: too few entries
    """

    verdict: str
    because: str
    change: str = ""
    rules: tuple[Rule, ...] = ()
    direction: str = "helped"

    @classmethod
    def of(cls, comparison: Mapping[str, Any] | None) -> "Verdict":
        """Return the verdict stored in a comparison of summary.json, else "no verdict"."""
        if comparison is None:
            return cls(NONE, f"{NONE}: ML off and ML on were not compared; take ml='both'")
        if not comparison.get("verdict"):
            return cls(NONE, f"{NONE}: nothing was compared with chance; take placebo='veto'")
        return cls(
            comparison["verdict"],
            comparison["because"],
            comparison.get("change") or "",
            tuple(Rule(**each) for each in comparison.get("rules", ())),
            comparison.get("direction") or cls.direction,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as summary.json stores it."""
        return {
            "verdict": self.verdict,
            "because": self.because,
            "change": self.change,
            "direction": self.direction,
            "rules": [vars(rule) for rule in self.rules],
        }

    @property
    def grade(self) -> str:
        """The grade, such as "ML helped"."""
        return self.verdict

    @property
    def sentence(self) -> str:
        """The reason, without the grade."""
        return self.because.removeprefix(f"{self.verdict}: ")

    def __repr__(self) -> str:
        return "\n".join(filter(None, (self.because, self.change)))


def judge(evidence: Evidence) -> Verdict:
    """Grade whether ML helped.

    *ML helped* requires all of: no in-sample bar; 30 closed trades in each run; at most 0.5 % of
    the random filters as good; an expectancy above 97.5 % of theirs; a deflated Sharpe ratio of
    0.95 for what ML added; a Sharpe ratio not below ML-off's. *ML probably helped* has the same
    rules for bars, trades and Sharpe ratio. Of the two tests (does ML rank entries, did this
    setting gain), the stronger needs a p-value of at most 0.025, corrected for all variants tried,
    and the other at most 0.5. *Hurt* and *probably hurt* are the mirror images. An undefined figure
    fails its rule.
    """
    found = graded(evidence)
    worse, grade = found.worse, found.grade
    if grade in (HELPED, HURT):
        because, change = wording.certain(evidence, worse), wording.caveat(evidence, worse)
    elif grade == NO_EVIDENCE:
        because, change = wording.no_evidence(evidence, worse, found.failed("probable"))
    else:
        because = wording.probable(evidence, worse)
        change = wording.to_be_certain(evidence, worse, found.failed("certain"))
    return Verdict(grade, f"{grade}: {because}", change, found.rules, found.direction)


@dataclass(frozen=True)
class Graded:
    """Rules of helping or of hurting, applied, with the resulting grade.

    Attributes
    ----------
    worse : bool
        Whether these are the rules of hurting.
    rules : tuple of Rule
    """

    worse: bool
    rules: tuple[Rule, ...]

    @property
    def direction(self) -> str:
        """Which rules these are: "helped" or "hurt"."""
        return "hurt" if self.worse else "helped"

    def failed(self, kind: str) -> str:
        """Return the first failed rule of a kind of grade (certain, probable), or ""."""
        rules = (rule for rule in self.rules if kind in rule.grades and not rule.passed)
        return next((rule.name for rule in rules), "")

    @property
    def grade(self) -> str:
        """One of `GRADES`."""
        if not self.failed("certain"):
            return HURT if self.worse else HELPED
        if not self.failed("probable"):
            return PROBABLY_HURT if self.worse else PROBABLY_HELPED
        return NO_EVIDENCE


def graded(evidence: Evidence) -> Graded:
    """Apply the rules of helping, or of hurting if that evidence is stronger."""
    worse = evidence.worse
    return Graded(worse, tuple(rules_of(evidence, worse)))


def rules_of(e: Evidence, worse: bool) -> Iterator[Rule]:
    """Yield the rules of hurting if `worse`, else those of helping."""
    yield Rule(Condition.UNSEEN, e.in_sample == 0)
    yield Rule(Condition.TRADES, min(e.trades_off, e.trades_on) >= LEAST_TRADES)
    yield Rule(Condition.FILTERS, e.setting is not None and e.trades_on > 0)
    strict = None if e.setting is None else e.setting.side(worse) <= STRICT + ROUNDING
    yield Rule(Condition.STRICT, strict, ("certain",))
    yield Rule(Condition.BEYOND, beyond_chance(e, worse), ("certain",))
    dsr = e.edge_dsr_against if worse else e.edge_dsr
    yield Rule(Condition.DEFLATED, None if dsr is None else dsr >= LEAST_DSR, ("certain",))
    yield Rule(Condition.ONE, one_is_clear(e, worse), ("probable",))
    yield Rule(Condition.BOTH, none_is_against(e, worse), ("probable",))
    yield Rule(Condition.SHARPE, sharpe_agrees(e, worse))


def beyond_chance(e: Evidence, worse: bool) -> bool | None:
    """Return whether the expectancy is above (below) that of 97.5 % of the random filters."""
    if e.expectancy is None or e.chance_expectancy is None:
        return None
    low, high = e.chance_expectancy
    return e.expectancy < low if worse else e.expectancy > high


def one_is_clear(e: Evidence, worse: bool) -> bool | None:
    """Return whether the smaller p-value, corrected for all trials, is small enough."""
    tests = [test for test in (e.setting, e.ranking) if test is not None]
    if not tests:
        return None
    return min(test.corrected(worse, e.trials) for test in tests) <= PROBABLE + ROUNDING


def none_is_against(e: Evidence, worse: bool) -> bool | None:
    """Return whether the larger of both p-values does not speak against the grade."""
    if e.setting is None or e.ranking is None:
        return None
    return max(e.setting.side(worse), e.ranking.side(worse)) <= NOT_AGAINST + ROUNDING


def sharpe_agrees(e: Evidence, worse: bool) -> bool | None:
    """Return whether the Sharpe ratio does not contradict the grade."""
    if e.sharpe_on is None or e.sharpe_off is None:
        return None
    return e.sharpe_on <= e.sharpe_off if worse else e.sharpe_on >= e.sharpe_off
