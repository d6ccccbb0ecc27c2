"""The verdict: did ML help? Every rule stands here; numbers in, three words and a reason out."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf

__all__ = ["Evidence", "Rule", "Verdict", "entries_to_settle", "judge"]

HELPED, HURT, NO_EVIDENCE = "ML helped", "ML hurt", "no evidence"
LEAST_TRADES = 30
# Share of random vetoes that may choose as well. At 0.01, of 200 markets without anything to find
# more than 4 would be called helped in one set of 20; at 0.005 in one of 300.
PLACEBO_LEVEL = 0.005
ALMOST = 0.1  # share of them from which the level is named
SURE = 0.95  # of the deflated Sharpe ratio
POWER = 1.96 + 1.645  # normal quantiles: 5 % two-sided, 95 % power
LONG_YEARS = 200


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on; None where a figure is undefined.

    Attributes
    ----------
    trades_off, trades_on : int
        Closed trades of either run.
    p_value : float or None
        Share of placebo draws that chose their entries at least as well as ML-on.
    draws : int
    expectancy_ci95 : (float, float) or None
        Interval of ML-on less ML-off, the mean return of a trade.
    edge_dsr, edge_dsr_against : float or None
        Deflated Sharpe ratio of what ML-on made above the mean placebo draw, and of its
        negative.
    trials : int
        Variants tried on these bars, this one included.
    sharpe_off, sharpe_on : float or None
    profit_off, profit_on : float
        Net profit, as a fraction of the cash at the start.
    win_rate_off, win_rate_on : float or None
    psr : float or None
        Probability that ML-on's own Sharpe ratio is above 0.
    years : float
        Length of the traded window.
    in_sample : int
        Traded bars the model was trained on.
    """

    trades_off: int
    trades_on: int
    p_value: float | None
    draws: int
    expectancy_ci95: tuple[float, float] | None
    edge_dsr: float | None
    edge_dsr_against: float | None
    trials: int
    sharpe_off: float | None
    sharpe_on: float | None
    profit_off: float
    profit_on: float
    win_rate_off: float | None
    win_rate_on: float | None
    psr: float | None
    years: float
    in_sample: int = 0


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
    worse = evidence.p_value is not None and evidence.p_value > 0.5
    rules = tuple(rules_of(evidence, worse))
    needed = entries_to_settle(evidence)
    against = next((rule.failure for rule in rules if not rule.passed), None)
    if against is not None:
        because = f"{NO_EVIDENCE}: {against}{settled_by(evidence, needed)}"
        return Verdict(NO_EVIDENCE, because, rules, needed)
    verdict = HURT if worse else HELPED
    return Verdict(verdict, f"{verdict}: {found(evidence, worse)}", rules, needed)


def rules_of(e: Evidence, worse: bool) -> Iterator[Rule]:
    """Yield the rules of "helped", or of "hurt", the most telling failure first."""
    yield rule("out of sample", e.in_sample == 0, in_sample(e))
    yield rule("enough trades", min(e.trades_off, e.trades_on) >= LEAST_TRADES, too_few(e))
    share = e.p_value
    if worse and share is not None:
        share = 1 - share + 1 / (e.draws + 1)  # of those that choose as badly, ML-on among them
    near = share is not None and share <= ALMOST
    asked = f", where {percent(PLACEBO_LEVEL)} may" if near and not worse else ""
    met = share is not None and share <= PLACEBO_LEVEL + 1e-12
    yield rule("placebo", met, matched(e) + asked)
    beyond = e.expectancy_ci95 is not None and (
        e.expectancy_ci95[1] < 0 if worse else e.expectancy_ci95[0] > 0
    )
    yield rule("expectancy", beyond, unsure(e, worse))
    dsr = e.edge_dsr_against if worse else e.edge_dsr
    yield rule("deflated Sharpe", dsr is not None and dsr >= SURE, deflated(e, dsr, worse))
    kept = False
    if e.sharpe_on is not None and e.sharpe_off is not None:
        kept = e.sharpe_on <= e.sharpe_off if worse else e.sharpe_on >= e.sharpe_off
    yield rule("Sharpe", kept, other_way(e, worse))


def rule(name: str, passed: bool, failure: str) -> Rule:
    """Return a rule that keeps its failure's words only where it failed."""
    return Rule(name, passed, "" if passed else failure)


def entries_to_settle(e: Evidence) -> int | None:
    """Return how many closed trades of both runs would tell this win-rate gap from nothing.

    Two shares near 1/2 differ by d at 5 % two-sided and 95 % power when
    (1.96 + 1.645)^2 x 1/4 x (1 / n_off + 1 / n_on) = d^2: 13 / d^2 entries in all where both
    runs trade equally often, more where they do not; the runs are taken to grow alike. The trades
    of both runs resemble each other, so that it is an upper estimate.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), ch. 4.
    """
    times = growth_needed(e)
    return None if times == inf else ceil(round(times * (e.trades_off + e.trades_on), 6))


def growth_needed(e: Evidence) -> float:
    """Return how many times as many entries it takes; infinite without a gap."""
    if not (e.win_rate_off is not None and e.win_rate_on is not None):
        return inf
    gap = e.win_rate_on - e.win_rate_off
    if gap == 0 or min(e.trades_off, e.trades_on) < 1:
        return inf
    return POWER**2 / 4 * (1 / e.trades_off + 1 / e.trades_on) / gap**2


def found(e: Evidence, worse: bool) -> str:
    """Say what a verdict of helped or hurt rests on."""
    low, high = sorted(abs(end) for end in e.expectancy_ci95 or (0.0, 0.0))
    text = (
        f"{rivals(e, worse)}, and a trade made {percent(low, 3)} to {percent(high, 3)} "
        f"{'less' if worse else 'more'} than without ML"
    )
    if worse or e.psr is None:
        return text
    if e.psr >= SURE:
        return f"{text}; ML-on itself made money beyond doubt (PSR {e.psr:.2f})"
    return f"{text}; ML-on itself is not shown to make money (PSR {e.psr:.2f})"


def rivals(e: Evidence, worse: bool) -> str:
    """Say how few random vetoes were a match."""
    as_well = round((e.p_value or 0.0) * (e.draws + 1)) - 1
    count = e.draws - as_well if worse else as_well
    few = f"only {percent(count / e.draws)}" if count else "none"
    chose = "as badly" if worse else "as well"
    return f"{few} of {e.draws:,} random vetoes that traded as seldom chose their entries {chose}"


def in_sample(e: Evidence) -> str:
    """Say that bars were known."""
    return f"the model was trained on {e.in_sample:,} of the traded bars and knows how they went"


def too_few(e: Evidence) -> str:
    """Say which run has too few trades."""
    few = e.trades_off < LEAST_TRADES
    name, count = ("ML-off", e.trades_off) if few else ("ML-on", e.trades_on)
    trades = "one trade" if count == 1 else f"{count or 'no'} trades"
    return f"{name} closed {trades}, {LEAST_TRADES} are asked"


def matched(e: Evidence) -> str:
    """Say what chance did as well."""
    if e.p_value is None:
        return "there is no placebo to hold ML-on against"
    better = e.profit_on > e.profit_off
    lost = e.profit_on < 0 and e.profit_off < 0
    words = {(True, True): "lost less", (True, False): "lost more", (False, True): "made more"}
    return (
        f"ML-on {words.get((lost, better), 'made less')} than ML-off "
        f"({percent(e.profit_on, sign='+')} against {percent(e.profit_off, sign='+')}), "
        f"{'but' if better else 'and'} {percent(e.p_value)} of {e.draws:,} random vetoes that "
        "traded as seldom chose their entries at least as well"
    )


def unsure(e: Evidence, worse: bool) -> str:
    """Say that the difference of a trade may be nothing."""
    said = f"{rivals(e, worse)}, but what a trade makes more on average than without ML "
    if e.expectancy_ci95 is None:
        return f"{said}has no interval"
    low, high = (percent(end, 3, "+") for end in e.expectancy_ci95)
    return f"{said}lies between {low} and {high}, which may be nothing"


def deflated(e: Evidence, dsr: float | None, worse: bool) -> str:
    """Say that the edge may be the best of so many trials."""
    trials = "one trial" if e.trials == 1 else f"{e.trials:,} trials"
    known = "undefined" if dsr is None else f"{dsr:.2f}"
    return (
        f"{rivals(e, worse)}, but after {trials} the deflated Sharpe ratio of the difference is "
        f"{known}, where {SURE} is asked"
    )


def other_way(e: Evidence, worse: bool) -> str:
    """Say that the account as a whole tells another story than its trades."""
    on, off = ("undefined" if x is None else f"{x:.2f}" for x in (e.sharpe_on, e.sharpe_off))
    choice = "worse" if worse else "better"
    return f"ML chose {choice} entries, but the account's Sharpe ratio went from {off} to {on}"


def settled_by(e: Evidence, needed: int | None) -> str:
    """Say what would settle it."""
    if e.in_sample:
        return "; trade bars after its training"
    fewest = min(e.trades_off, e.trades_on)
    if fewest < LEAST_TRADES:
        return f"; that takes about {span((LEAST_TRADES / fewest - 1) * e.years)}" if fewest else ""
    if needed is None:
        return "; without a gap in the win rate no number of entries settles it"
    gap = abs((e.win_rate_on or 0.0) - (e.win_rate_off or 0.0)) * 100
    told = f"; a win-rate gap of {gap:.1f} points takes about {rounded(needed):,} entries"
    more = needed - e.trades_off - e.trades_on
    if more <= 0:
        return f"{told}, which there are: more of the same bars will hardly settle it"
    longer = span((growth_needed(e) - 1) * e.years)
    return f"{told} to resolve, {rounded(more):,} more than there are: {longer}"


def span(years: float) -> str:
    """Write how much longer it takes."""
    if years > LONG_YEARS:
        return f"more than {LONG_YEARS} years at this rate"
    if years < 0.2:
        return f"{years * 365.25:.1f} more days at this rate"
    return f"{years:.1f} more years at this rate"


def percent(fraction: float, digits: int = 1, sign: str = "") -> str:
    """Write a fraction as a percentage."""
    return f"{100 * fraction:{sign}.{digits}f} %"


def rounded(value: float) -> int:
    """Return a whole number of two figures that count."""
    digits = len(str(int(abs(value)))) - 2
    return round(value) if digits <= 0 else round(value / 10**digits) * 10**digits
