"""Sentences of a verdict: the deciding numbers, and what would change the grade.

Each sentence has at most 30 words.
"""

from math import isfinite

from bt_fusion.verdict.conditions import Condition
from bt_fusion.verdict.evidence import (
    PROBABLE,
    STRICT,
    ChanceTest,
    Evidence,
    growth_needed,
    limit_for,
)

__all__ = [
    "EACH_COUNTS",
    "caveat",
    "certain",
    "clear_of",
    "more_data",
    "no_evidence",
    "p_text",
    "probable",
    "to_be_certain",
]

LONG_YEARS = 20  # beyond this, more data of one market is unrealistic
MONTH = 1 / 12
LEAST_PSR = 0.95  # psr from which a profit is not luck
EACH_COUNTS = "each value tried counts as a variant"


def certain(e: Evidence, worse: bool) -> str:
    """State the numbers that decided a grade of helped or hurt."""
    if not worse and by_chance_when_delayed(e):
        later = f"{share(e.delayed, worse)} when every order fills one bar later"
        return f"not robustly, {filters(e.setting, worse)}, but {later}"
    text = filters(e.setting, worse, "with the same number of trades ")
    text = text if text.startswith("none") else f"only {text}"
    if e.expectancy is None or e.chance_mean is None:
        return text
    made, chance = percent(e.expectancy), percent(e.chance_mean)
    return f"{text}; mean trade: ML {made}, random filters {chance}"


def caveat(e: Evidence, worse: bool) -> str:
    """State the caveats to "helped" or "hurt"."""
    if worse:
        return "Turn ML off, or look for a mistake in labels, features or sides."
    if by_chance_when_delayed(e):
        return "Find the cause before you trade it: look-ahead, stale prices or the bid-ask bounce."
    if e.psr is None:
        return ""
    if e.psr >= LEAST_PSR:
        return f"ML-on's own profit is unlikely to be luck: {sharpe_is_above_0(e.psr)}."
    return (
        f"ML-on's own profit is not proven: {sharpe_is_above_0(e.psr)}; {LEAST_PSR:.2f} is needed."
    )


def sharpe_is_above_0(psr: float) -> str:
    """State the probability that the Sharpe ratio is above 0."""
    return f"its Sharpe ratio is above 0 with probability {clear_of(psr, f'{LEAST_PSR:.2f}')}"


def probable(e: Evidence, worse: bool) -> str:
    """State the numbers that decided a grade of probably helped or hurt."""
    if e.ranking is None or e.setting is None:
        return filters(e.setting, worse)
    link = "and" if max(e.ranking.side(worse), e.setting.side(worse)) <= 0.1 else "but"
    if e.ranking.side(worse) < e.setting.side(worse):
        return f"{ranks(e.ranking, worse)}, {link} {filters(e.setting, worse)}"
    return f"{filters(e.setting, worse)}, {link} {ranks(e.ranking, worse)}"


def to_be_certain(e: Evidence, worse: bool, failed: str) -> str:
    """State what is missing for a grade without "probably"."""
    if worse:
        return caveat(e, worse)
    grade = "ML helped"
    if failed == Condition.STRICT and e.setting is not None:
        return needs(e, worse, grade, e.setting, STRICT)
    if failed == Condition.DEFLATED:
        tried = f" after {e.trials:,} variants tried" if e.trials > 1 else ""
        found = "undefined" if e.edge_dsr is None else clear_of(e.edge_dsr, "0.95")
        gain = "the gain over random filters needs a deflated Sharpe ratio of 0.95"
        return f'For "{grade}" {gain}; it is {found}{tried}.'
    return f'"{grade}" needs a mean trade above those of 97.5 % of the random filters.'


def no_evidence(e: Evidence, worse: bool, failed: str) -> tuple[str, str]:
    """Return why there is no evidence, and what would change that."""
    if failed == Condition.UNSEEN:
        text = f"the model was trained on {e.in_sample:,} of the traded bars"
        return text, "Trade later bars, or leave --model out for a walk-forward."
    if failed == Condition.TRADES:
        return few_trades(e)
    if failed == Condition.FILTERS:
        text = f"not tested because {e.untested or 'no random filter could be drawn'}"
        return text, e.remedy
    if failed == Condition.SHARPE:
        return sharpe_ratio(e, worse)
    return no_better_than_chance(e, worse, failed)


def few_trades(e: Evidence) -> tuple[str, str]:
    """State which run has too few trades, and how long more would take."""
    name, count = "ML-off", e.trades_off
    if e.trades_on < e.trades_off:
        name, count = "ML-on", e.trades_on
    text = f"too few trades ({name} closed {count or 'none'}, each run needs 30)"
    other = f"Another threshold may enter more often, but {EACH_COUNTS}."
    other = "" if name == "ML-off" else other
    if not count:
        return text, other
    years = (30 / count - 1) * e.years
    return text, f"At this rate that takes {span(years)} more. {other}".strip()


def sharpe_ratio(e: Evidence, worse: bool) -> tuple[str, str]:
    """State that the account's Sharpe ratio contradicts the test of its entries."""
    chose, did = ("worse", "better") if worse else ("better", "worse")
    by_setting = e.setting is not None and e.setting.side(worse) <= PROBABLE
    found = f"ML chose entries {chose} than random filters"
    text = found if by_setting or e.ranking is None else ranks(e.ranking, worse)
    if e.sharpe_off is None or e.sharpe_on is None:
        return f"{text}, but a Sharpe ratio is undefined", ""
    digits = 4 if e.sharpe_per_bar else 2
    off = f"{e.sharpe_off:.{digits}f}"
    on = clear_of(e.sharpe_on, off, digits)
    name = "Sharpe ratio per bar" if e.sharpe_per_bar else "Sharpe ratio"
    text += f", but its account did {did}: {name} {on}, ML-off {off}"
    lose = [x is not None and x < 0 for x in (e.sharpe_off, e.sharpe_on)]
    grade, side = ("hurt", "no higher") if worse else ("helped", "no lower")
    change = f'"ML probably {grade}" needs a Sharpe ratio of ML-on {side} than ML-off\'s.'
    return text, change + (" Both runs lose money." if all(lose) else "")


def no_better_than_chance(e: Evidence, worse: bool, failed: str) -> tuple[str, str]:
    """State how many random filters did as well, and how much data would change it."""
    tests = [test for test in (e.setting, e.ranking) if test is not None]
    best = min(test.side(worse) for test in tests)
    if failed == Condition.ONE and best <= PROBABLE:
        return best_of_many(e, worse, best)
    if failed == Condition.BOTH and e.ranking is not None:
        return disagreement(e, worse)
    text = filters(e.setting, worse)
    if e.ranking is None:
        return text, "The ranking could not be tested."
    grade = "ML probably hurt" if worse else "ML probably helped"
    test = min(tests, key=lambda test: test.side(worse))
    return f"{text}, and {ranks(e.ranking, worse)}", needs(
        e, worse, grade, test, limit_for(PROBABLE, e.trials)
    )


def best_of_many(e: Evidence, worse: bool, best: float) -> tuple[str, str]:
    """State how often the best of all variants tried does as well by luck."""
    chance = ChanceTest(best, 1 - best, 0).corrected(worse=False, trials=e.trials)
    ranking = e.ranking is not None and e.ranking.side(worse) == best
    text = ranks(e.ranking, worse) if ranking else filters(e.setting, worse)
    often = f"the best of {e.trials:,} variants does this by luck in {percent(chance, 1)} of cases"
    change = "Run one variant on bars not used before; the limit is 2.5 %."
    return f"{text}, but {often}", change


def disagreement(e: Evidence, worse: bool) -> tuple[str, str]:
    """State that one test is in favour of ML and the other against it."""
    text = f"the two tests disagree, {ranks(e.ranking, worse)}, but {filters(e.setting, worse)}"
    change = "Another threshold or exit may do better; try it on new bars,"
    return text, f"{change} as {EACH_COUNTS}."


def needs(e: Evidence, worse: bool, grade: str, test: ChanceTest, limit: float) -> str:
    """State the p-value a grade needs of a test, and how much more data that takes."""
    p_value = test.side(worse)
    named = "against random filters" if test is e.setting else "in the ranking"
    needed = f"{limit:.2g}"
    now = clear_of(p_value, needed, digits=3)
    shared = f", which is {PROBABLE:g} shared by {e.trials:,} variants" if e.trials > 1 else ""
    tail = " by the normal tail" if by_normal_tail(test, worse, least=1.01) else ""
    text = f'"{grade}" needs a p-value of {needed} {named} (now {now}{tail}){shared}'
    more = more_data(p_value, limit, e.years)
    return f"{text}; {more}." if more else f"{text}."


def by_normal_tail(test: ChanceTest, worse: bool, least: float = 1.05) -> bool:
    """Return whether a p-value exceeds `least` times the share of its draws, see `upper_tail`."""
    count = test.as_bad if worse else test.as_good
    if count is None:
        return False
    return test.side(worse) > least * (1 + count) / (1 + test.draws)


def more_data(p_value: float, limit: float, years: float) -> str:
    """State how much more data brings a p-value to its limit if ML stays as good."""
    growth = growth_needed(p_value, limit)
    if not isfinite(growth):
        return "more data is unlikely to change that"
    more = (growth - 1) * years
    if more > LONG_YEARS:
        return f"that would take over {LONG_YEARS} years, so judge several markets together"
    if more <= 0:
        return ""
    return f"if it is not luck, {span(more)} more would do, or as much data from other markets"


def filters(test: ChanceTest | None, worse: bool, which: str = "") -> str:
    """State how many random filters did as well or better, or as badly or worse."""
    if test is None:
        return ""
    did = "badly" if worse else "well"
    return f"{share(test, worse)} random filters {which}did as {did}"


def share(test: ChanceTest | None, worse: bool) -> str:
    """State how many draws did as well (badly), or the p-value if it differs from that share."""
    if test is None:
        return "no"
    count = test.as_bad if worse else test.as_good
    if count is None:
        return f"{percent(test.side(worse), 1)} of"
    if by_normal_tail(test, worse):
        return f"{percent(test.side(worse), 1)} (normal tail) of"
    return f"{f'{count:,}' if count else 'none'} of {test.draws:,}"


def ranks(test: ChanceTest | None, worse: bool) -> str:
    """State whether ML ranks entries better or worse than chance, with the p-value."""
    if test is None:
        return ""
    p_value = test.side(worse)
    does = "does not clearly rank" if p_value > PROBABLE else "ranks"
    how = "worse" if worse else "better"
    return f"ML {does} entries {how} than chance (p {p_text(p_value)})"


def by_chance_when_delayed(e: Evidence) -> bool:
    """Return whether the setting is no better than chance with every order one bar later."""
    return e.delayed is not None and e.delayed.p_value > PROBABLE


def span(years: float) -> str:
    """Write a length of time with two significant digits.

    >>> span(0.01), span(0.5), span(3.14159)
    ('4 days', '6 months', '3.1 years')
    """
    if years < 2 * MONTH:
        days = max(1, round(years * 365.25))
        return f"{days} day{'s' * (days > 1)}"
    return f"{years * 12:.0f} months" if years < 2 else f"{years:.1f} years"


def p_text(p_value: float) -> str:
    """Write a p-value.

    >>> p_text(0.0123), p_text(0.0001)
    ('0.012', 'below 0.001')
    """
    return f"{p_value:.3f}" if p_value >= 0.0005 else "below 0.001"


def clear_of(number: float, limit: str, digits: int = 2) -> str:
    """Write a number with enough digits to differ from its limit.

    >>> clear_of(0.9496, "0.95"), clear_of(0.914, "0.95"), clear_of(0.02496, "0.025", digits=3)
    ('0.9496', '0.91', '0.02496')
    """
    for more in range(digits, 8):
        text = f"{number:.{more}f}"
        if float(text) != float(limit) and (float(text) > float(limit)) == (number > float(limit)):
            return text
    return f"{number:.{digits}f}"


def percent(fraction: float, digits: int = 3) -> str:
    """Write a fraction as a percentage."""
    return f"{100 * fraction:.{digits}f} %"
