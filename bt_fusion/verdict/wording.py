"""The verdict in words: one sentence with the numbers that decided, one with what would change it.

Each sentence has at most 30 words.
"""

from math import isfinite

from bt_fusion.verdict.evidence import ChanceTest, Evidence, growth_needed

__all__ = ["caveat", "certain", "no_evidence", "p_text", "percent", "probable", "to_be_certain"]

LONG_YEARS = 100
MONTH = 1 / 12
ENOUGH = 0.95  # psr from which a profit is no luck


def certain(e: Evidence, worse: bool) -> str:
    """Say what a grade of helped or hurt rests on."""
    text = filters(e, worse, "only ")
    if e.expectancy is None or e.chance_expectancy is None:
        return text
    beyond = "below" if worse else "above"
    bound = e.chance_expectancy[0 if worse else 1]
    return (
        f"{text}, and a trade made {percent(e.expectancy, 3)}, {beyond} their {percent(bound, 3)}"
    )


def caveat(e: Evidence, worse: bool) -> str:
    """Say what a reader of "helped" or "hurt" should know besides."""
    if not worse and e.delayed is not None and e.delayed.p_value > 0.025:
        return (
            f"It does not survive one bar of delay: then {percent(e.delayed.p_value)} of random "
            "filters did as well. Such an edge is often not tradable."
        )
    if worse:
        return "Trade without ML, or change the model: each change counts as a variant."
    if e.psr is None:
        return ""
    if e.psr >= ENOUGH:
        return f"ML-on's own profit is unlikely to be luck (probability {e.psr:.2f})."
    return f"ML-on's own profit may still be luck: it is real with probability {e.psr:.2f}."


def probable(e: Evidence, worse: bool) -> str:
    """Say what a grade of probably helped or hurt rests on."""
    if e.ranking is None or e.setting is None:
        return filters(e, worse)
    if e.ranking.side(worse) < e.setting.side(worse):
        return f"{ranks(e, worse)}, and {filters(e, worse)}"
    return f"{filters(e, worse)}, and {ranks(e, worse)}"


def to_be_certain(e: Evidence, worse: bool, failed: str) -> str:
    """Say what is missing to a grade without "probably"."""
    grade = "ML hurt" if worse else "ML helped"
    if failed == "0.5 % of random filters" and e.setting is not None:
        more = more_data(e.setting.side(worse), 0.005, e.years)
        return f'"{grade}" needs at most 0.5 % of random filters{more}.'
    if failed == "deflated Sharpe ratio":
        dsr = e.edge_dsr_against if worse else e.edge_dsr
        return f'"{grade}" needs a deflated Sharpe ratio of 0.95; it is {value(dsr)}{after(e)}.'
    end = "below 97.5 %" if worse else "above 97.5 %"
    return f'"{grade}" needs a mean return of a trade {end} of the random filters\'.'


def no_evidence(e: Evidence, worse: bool, failed: str) -> tuple[str, str]:
    """Return why there is no evidence, and what would change that."""
    if failed == "out of sample":
        text = f"the model was trained on {e.in_sample:,} of the traded bars"
        return text, "Trade bars after its training, or leave --model away for a walk-forward."
    if failed == "30 trades in each run":
        return few_trades(e)
    if failed == "setting tested":
        return e.untested or "no random filter could be drawn", ""
    if failed == "Sharpe ratio":
        return sharpe_ratio(e, worse)
    return no_better_than_chance(e, worse, failed)


def few_trades(e: Evidence) -> tuple[str, str]:
    """Say which run has too few trades, and how long more would take."""
    name, count = ("ML-off", e.trades_off)
    if e.trades_on < e.trades_off:
        name, count = "ML-on", e.trades_on
    trades = "1 trade" if count == 1 else f"{count or 'no'} trades"
    text = f"{name} closed {trades}; a verdict needs 30 in each run"
    lower = "" if name == "ML-off" else "A lower ml_threshold enters more often."
    if not count:
        return text, lower
    years = (30 / count - 1) * e.years
    return text, f"At this rate that takes {span(years)} more. {lower}".strip()


def sharpe_ratio(e: Evidence, worse: bool) -> tuple[str, str]:
    """Say that the account tells another story than its entries."""
    side = "worse" if worse else "better"
    off, on = value(e.sharpe_off), value(e.sharpe_on)
    text = f"ML chose {side} entries than chance, but the Sharpe ratio went from {off} to {on}"
    return text, f"ML-on's Sharpe ratio must be at {'most' if worse else 'least'} {off}."


def no_better_than_chance(e: Evidence, worse: bool, failed: str) -> tuple[str, str]:
    """Say what chance did as well, and how much data would change it."""
    asked = [test for test in (e.setting, e.ranking) if test is not None]
    best = min(test.side(worse) for test in asked)
    text = f"{filters(e, worse)}, and {ranks(e, worse)}" if e.ranking else filters(e, worse)
    if failed == "stronger question" and best > 0.025:
        return text, patience(e, best)
    if failed == "stronger question":
        luck = ChanceTest(best, 1 - best, 0).corrected(worse=False, trials=e.trials)
        change = (
            f"The best of {e.trials:,} variants reaches that by luck in {percent(luck)} of cases; "
        )
        return text, f"{change}a single variant on new bars would decide."
    if e.ranking is None:
        return text, "Whether ML ranks entries could not be tested."
    return text, "The two tests disagree: another threshold or exit may suit this model better."


def patience(e: Evidence, p_value: float) -> str:
    """Say how much more data would reach 0.025 if ML goes on as it did."""
    if not isfinite(growth_needed(p_value, 0.025)):
        return "Nothing points to skill so far; more bars alone are unlikely to change that."
    return f"The limit is 2.5 %{more_data(p_value, 0.025, e.years)}."


def more_data(p_value: float, limit: float, years: float) -> str:
    """Say how long ML would have to go on as it did, nothing where that says nothing."""
    growth = growth_needed(p_value, limit)
    more = (growth - 1) * years
    return f"; at this rate that takes {span(more)} more" if isfinite(more) and more > 0 else ""


def filters(e: Evidence, worse: bool, only: str = "") -> str:
    """Say how many random filters were a match."""
    if e.setting is None:
        return ""
    as_good = round(e.setting.side(worse) * (e.setting.draws + 1)) - 1
    share = f"{only}{percent(e.setting.side(worse))}" if as_good > 0 else "none"
    did = "badly" if worse else "well"
    return f"{share} of {e.setting.draws:,} random filters with as many trades did as {did}"


def ranks(e: Evidence, worse: bool) -> str:
    """Say whether ML ranks entries, with the p-value."""
    if e.ranking is None:
        return ""
    p = e.ranking.side(worse)
    known = f"p {p_text(p)}"
    if p > 0.025:
        return f"ML does not clearly rank entries ({known})"
    return (
        f"ML ranks entries the wrong way round ({known})"
        if worse
        else f"ML ranks entries ({known})"
    )


def after(e: Evidence) -> str:
    """Say how many variants were tried, nothing of one."""
    return f" after {e.trials:,} variants tried" if e.trials > 1 else ""


def span(years: float) -> str:
    """Write a length of time with two figures that count.

    >>> span(0.01), span(0.5), span(3.14159), span(500)
    ('4 days', '6 months', '3.1 years', 'over 100 years')
    """
    if years > LONG_YEARS:
        return f"over {LONG_YEARS} years"
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


def percent(fraction: float, digits: int = 1) -> str:
    """Write a fraction as a percentage."""
    return f"{100 * fraction:.{digits}f} %"


def value(number: float | None) -> str:
    """Write a ratio, or that it is undefined."""
    return "undefined" if number is None else f"{number:.2f}"
