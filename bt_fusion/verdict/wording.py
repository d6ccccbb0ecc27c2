"""The verdict's reason in plain words: what speaks for it, what against, what would settle it."""

from bt_fusion.verdict.evidence import (
    LEAST_TRADES,
    PLACEBO_LEVEL,
    SURE,
    Evidence,
    growth_beyond_chance,
    growth_needed,
)

__all__ = [
    "deflated_failure",
    "expectancy_failure",
    "in_sample_failure",
    "placebo_failure",
    "sharpe_failure",
    "trades_failure",
    "verdict_basis",
    "what_settles_it",
]

ALMOST = 0.1  # share of them from which the level is named
LONG_YEARS = 200


def verdict_basis(e: Evidence, worse: bool) -> str:
    """Say what a verdict of helped or hurt rests on."""
    low, high = sorted(abs(end) for end in e.expectancy_ci95 or (0.0, 0.0))
    text = (
        f"{veto_share(e, worse)}, and a trade made {percent(low, 3)} to {percent(high, 3)} "
        f"{'less' if worse else 'more'} than without ML"
    )
    if worse or e.psr is None:
        return text
    if e.psr >= SURE:
        return f"{text}; ML-on itself made money beyond doubt (PSR {e.psr:.2f})"
    return f"{text}; ML-on itself is not shown to make money (PSR {e.psr:.2f})"


def veto_share(e: Evidence, worse: bool) -> str:
    """Say how few random vetoes were a match."""
    as_well = round((e.p_value or 0.0) * (e.draws + 1)) - 1
    count = e.draws - as_well + e.ties if worse else as_well
    few = f"only {percent(count / e.draws)}" if count else "none"
    chose = "as badly" if worse else "as well"
    return f"{few} of {e.draws:,} random vetoes that traded as seldom chose their entries {chose}"


def in_sample_failure(e: Evidence) -> str:
    """Say that bars were known."""
    return f"the model was trained on {e.in_sample:,} of the traded bars and knows how they went"


def trades_failure(e: Evidence) -> str:
    """Say which run has too few trades."""
    few = e.trades_off < LEAST_TRADES
    name, count = ("ML-off", e.trades_off) if few else ("ML-on", e.trades_on)
    trades = "one trade" if count == 1 else f"{count or 'no'} trades"
    return f"{name} closed {trades}, {LEAST_TRADES} are asked"


def placebo_failure(e: Evidence) -> str:
    """Say what chance did as well."""
    if e.p_value is None:
        return "there is no placebo to hold ML-on against"
    if e.ties == e.draws:
        return "ML-on traded as ML-off did, so that there is no choice to judge"
    better = e.profit_on > e.profit_off
    lost = e.profit_on < 0 and e.profit_off < 0
    words = {(True, True): "lost less", (True, False): "lost more", (False, True): "made more"}
    asked = f", where {percent(PLACEBO_LEVEL)} may" if e.p_value <= ALMOST else ""
    return (
        f"ML-on {words.get((lost, better), 'made less')} than ML-off "
        f"({percent(e.profit_on, sign='+')} against {percent(e.profit_off, sign='+')}), "
        f"{'but' if better else 'and'} {percent(e.p_value)} of {e.draws:,} random vetoes that "
        f"traded as seldom chose their entries at least as well{asked}"
    )


def expectancy_failure(e: Evidence, worse: bool) -> str:
    """Say that the difference of a trade may be nothing."""
    text = f"{veto_share(e, worse)}, but what a trade makes more on average than without ML "
    if e.expectancy_ci95 is None:
        return f"{text}has no interval"
    low, high = (percent(end, 3, "+") for end in e.expectancy_ci95)
    return f"{text}lies between {low} and {high}, which may be nothing"


def deflated_failure(e: Evidence, dsr: float | None, worse: bool) -> str:
    """Say that the edge may be the best of so many trials."""
    trials = "one trial" if e.trials == 1 else f"{e.trials:,} trials"
    known = "undefined" if dsr is None else f"{dsr:.2f}"
    return (
        f"{veto_share(e, worse)}, but after {trials} the deflated Sharpe ratio of the difference "
        f"is {known}, where {SURE} is asked"
    )


def sharpe_failure(e: Evidence, worse: bool) -> str:
    """Say that the account as a whole tells another story than its trades."""
    on, off = ("undefined" if x is None else f"{x:.2f}" for x in (e.sharpe_on, e.sharpe_off))
    choice = "worse" if worse else "better"
    return f"ML chose {choice} entries, but the account's Sharpe ratio went from {off} to {on}"


def what_settles_it(e: Evidence, needed: int | None) -> str:
    """Say what would settle it."""
    if e.in_sample:
        return "; trade bars after its training"
    fewest = min(e.trades_off, e.trades_on)
    if fewest < LEAST_TRADES:
        return f"; that takes about {span((LEAST_TRADES / fewest - 1) * e.years)}" if fewest else ""
    if needed is None:
        return "; without a gap in the win rate no number of entries settles it"
    gap = abs((e.win_rate_on or 0.0) - (e.win_rate_off or 0.0)) * 100
    text = f"; a win-rate gap of {gap:.1f} points takes about {rounded(needed):,} entries"
    more = needed - e.trades_off - e.trades_on
    if more <= 0:
        return f"{text}, which there are{entries_beyond_chance(e)}"
    longer = span((growth_needed(e) - 1) * e.years)
    return f"{text} to resolve, {rounded(more):,} more than there are: {longer}"


def entries_beyond_chance(e: Evidence) -> str:
    """Say how much longer ML would have to choose as it did, where chance stands against it."""
    times = growth_beyond_chance(e)
    if times <= 1:
        return ""
    years = (times - 1) * e.years
    if years > LONG_YEARS:
        return ", and no number of entries will tell its choice of them from chance"
    more = rounded((times - 1) * e.trades_on)
    return f"; to leave chance behind at this rate, ML-on needs about {more:,} more: {span(years)}"


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
