"""The rules of the verdict: each by itself, its mirror, and its words."""

from dataclasses import replace
from math import inf

import pytest

from bt_fusion.verdict.conditions import Condition
from bt_fusion.verdict.evidence import ChanceTest, Evidence, growth_needed
from bt_fusion.verdict.rules import (
    HELPED,
    HURT,
    NO_EVIDENCE,
    PROBABLY_HELPED,
    PROBABLY_HURT,
    Verdict,
    graded,
    judge,
)


def chance(p_value, p_against=None):
    """A test with 1,000 draws, none of them equal to ML-on."""
    against = 1 - p_value + 1 / 1001 if p_against is None else p_against
    counts = (round(p * 1_001) - 1 for p in (p_value, against))
    return ChanceTest(p_value, against, 1_000, *counts)


GOOD = Evidence(
    trades_off=500,
    trades_on=200,
    setting=chance(3 / 1001),
    ranking=chance(0.02),
    expectancy=0.0012,
    chance_expectancy=(-0.0008, 0.0007),
    chance_mean=-0.0001,
    edge_dsr=0.97,
    edge_dsr_against=0.03,
    trials=1,
    sharpe_off=-0.5,
    sharpe_on=0.2,
    psr=0.86,
    years=2.0,
)
BAD = replace(
    GOOD,
    setting=chance(1.0, 3 / 1001),
    ranking=chance(0.98),
    expectancy=-0.0012,
    edge_dsr=0.03,
    edge_dsr_against=0.97,
    sharpe_on=-0.6,
)
PROBABLE = replace(GOOD, setting=chance(0.3), edge_dsr=0.6, expectancy=0.0002)
NOTHING = replace(GOOD, setting=chance(0.34), ranking=chance(0.41))


def test_a_verdict_says_whose_rules_it_lists_and_is_read_back():
    for evidence, direction in ((GOOD, "helped"), (BAD, "hurt")):
        verdict = judge(evidence)
        assert verdict.direction == direction
        assert Verdict.of(verdict.to_dict()) == verdict


def failed(evidence, kind):
    rules = graded(evidence).rules
    return [rule.name for rule in rules if kind in rule.grades and not rule.passed]


@pytest.mark.parametrize(
    ("name", "met", "not_met", "grade"),
    [
        (Condition.UNSEEN, {}, {"in_sample": 1}, NO_EVIDENCE),
        (Condition.TRADES, {"trades_on": 30}, {"trades_on": 29}, NO_EVIDENCE),
        (Condition.TRADES, {"trades_off": 30}, {"trades_off": 29}, NO_EVIDENCE),
        (
            Condition.STRICT,
            {"setting": chance(0.005)},
            {"setting": chance(6 / 1001)},
            PROBABLY_HELPED,
        ),
        (
            Condition.BEYOND,
            {"expectancy": 0.00071},
            {"expectancy": 0.0007},
            PROBABLY_HELPED,
        ),
        (Condition.BEYOND, {}, {"chance_expectancy": None}, PROBABLY_HELPED),
        (Condition.DEFLATED, {"edge_dsr": 0.95}, {"edge_dsr": 0.9499}, PROBABLY_HELPED),
        (Condition.DEFLATED, {}, {"edge_dsr": None}, PROBABLY_HELPED),
        (Condition.SHARPE, {"sharpe_on": -0.5}, {"sharpe_on": -0.51}, NO_EVIDENCE),
        (Condition.SHARPE, {}, {"sharpe_off": None}, NO_EVIDENCE),
    ],
)
def test_each_rule_of_helped_alone_decides(name, met, not_met, grade):
    assert judge(GOOD).verdict == HELPED == "ML helped"
    assert judge(replace(GOOD, **met)).verdict == HELPED
    assert judge(replace(GOOD, **not_met)).verdict == grade
    assert failed(replace(GOOD, **not_met), "certain") == [name]


@pytest.mark.parametrize(
    ("name", "met", "not_met"),
    [
        (Condition.ONE, {"ranking": chance(0.025)}, {"ranking": chance(0.026)}),
        (Condition.ONE, {}, {"trials": 2}),
        (Condition.BOTH, {"setting": chance(0.5)}, {"setting": chance(0.501)}),
        (
            Condition.BOTH,
            {"ranking": chance(0.5), "setting": chance(0.02)},
            {"ranking": None, "setting": chance(0.02)},
        ),
        (Condition.SHARPE, {}, {"sharpe_on": -0.51}),
    ],
)
def test_each_rule_of_probably_helped_alone_decides(name, met, not_met):
    assert judge(PROBABLE).verdict == PROBABLY_HELPED == "ML probably helped"
    assert judge(replace(PROBABLE, **met)).verdict == PROBABLY_HELPED
    assert judge(replace(PROBABLE, **not_met)).verdict == NO_EVIDENCE
    assert failed(replace(PROBABLE, **not_met), "probable") == [name]


def test_hurt_and_probably_hurt_are_the_mirror_images():
    assert judge(BAD).verdict == HURT == "ML hurt"
    probably = replace(BAD, setting=chance(0.7), edge_dsr_against=0.6)
    assert judge(probably).verdict == PROBABLY_HURT == "ML probably hurt"
    assert judge(replace(probably, ranking=chance(0.97))).verdict == NO_EVIDENCE
    assert judge(replace(BAD, sharpe_on=-0.49)).verdict == NO_EVIDENCE
    assert failed(replace(BAD, expectancy=-0.0008), "certain") == [Condition.BEYOND]


def test_without_a_test_of_the_setting_there_is_no_evidence():
    why = "ML changed 9 exits, which no filter does"
    untested = replace(GOOD, setting=None, untested=why, remedy="Use the same exits.")
    found = judge(untested)
    assert found.because == f"no evidence: not tested because {why}"
    assert found.change == "Use the same exits."
    assert Condition.FILTERS in failed(untested, "probable")


def test_a_rule_whose_figure_is_undefined_is_not_tested():
    untested = judge(replace(GOOD, setting=None, ranking=None, edge_dsr=None, sharpe_on=None))
    passed = {rule.name: rule.passed for rule in untested.rules}
    assert passed[Condition.FILTERS] is False
    of_a_test = {Condition.STRICT, Condition.DEFLATED, Condition.ONE, Condition.BOTH}
    assert {name for name, met in passed.items() if met is None} == of_a_test | {Condition.SHARPE}
    assert untested.grade == "no evidence"
    # draws without a trade, as ML-on, are no test
    rules = judge(replace(GOOD, trades_on=0)).rules
    assert not next(rule for rule in rules if rule.name == Condition.FILTERS).passed


def test_sentences_name_the_numbers_that_decided():
    helped, hurt, probably = judge(GOOD), judge(BAD), judge(PROBABLE)
    assert helped.because == (
        "ML helped: only 2 of 1,000 random filters with the same number of trades did as well; "
        "mean trade: ML 0.120 %, random filters -0.010 %"
    )
    assert helped.change == (
        "ML-on's own profit is not proven: its Sharpe ratio is above 0 with probability 0.86; "
        "0.95 is needed."
    )
    assert "did as badly; mean trade: ML -0.120 %" in hurt.because
    assert probably.because == (
        "ML probably helped: ML ranks entries better than chance (p 0.020), but 299 of 1,000 "
        "random filters did as well"
    )
    assert probably.change == (
        '"ML helped" needs a p-value of 0.005 against random filters (now 0.300); more data is '
        "unlikely to change that."
    )


def test_what_would_change_it_comes_from_the_rule_that_failed():
    few = judge(replace(GOOD, trades_on=10))
    assert few.because == "no evidence: too few trades (ML-on closed 10, each run needs 30)"
    assert few.change == (
        "At this rate that takes 4.0 years more. Another threshold may enter more often, but each "
        "value tried counts as a variant."
    )
    none = judge(replace(GOOD, trades_on=0, setting=None, ranking=None, psr=None))
    assert none.because == "no evidence: too few trades (ML-on closed none, each run needs 30)"
    near = judge(replace(NOTHING, setting=chance(0.08)))  # z 1.405: (1.960 / 1.405)^2 = 1.95 times
    assert near.change == (
        '"ML probably helped" needs a p-value of 0.025 against random filters (now 0.080); if '
        "it is not luck, 23 months more would do, or as much data from other markets."
    )
    far = judge(replace(NOTHING, setting=chance(0.45), ranking=chance(0.47)))
    assert far.change.endswith("(now 0.450); more data is unlikely to change that.")
    long = judge(replace(NOTHING, setting=chance(0.22), years=20.0))
    assert "that would take over 20 years, so judge several markets together" in long.change
    tried = judge(replace(PROBABLE, trials=12))
    assert "the best of 12 variants does this by luck in 21.5 % of cases" in tried.because
    contrary = judge(replace(PROBABLE, setting=chance(0.7)))
    assert contrary.because.startswith("no evidence: the two tests disagree, ML ranks entries")
    fell = judge(replace(GOOD, sharpe_on=-0.6))
    assert "but its account did worse: Sharpe ratio -0.60, ML-off -0.50" in fell.because
    bars = {"sharpe_on": -0.0123, "sharpe_off": -0.0121, "sharpe_per_bar": True}
    short = judge(replace(GOOD, **bars))
    assert "Sharpe ratio per bar -0.0123, ML-off -0.0121" in short.because
    known = judge(replace(GOOD, in_sample=1_204))
    assert "trained on 1,204 of the traded bars" in known.because


def test_an_advantage_that_dies_under_a_bar_of_delay_says_so_first():
    found = judge(replace(GOOD, delayed=chance(0.41)))
    assert found.verdict == HELPED
    assert found.because.endswith("but 409 of 1,000 when every order fills one bar later")
    assert found.change.startswith("Find the cause before you trade it: look-ahead")
    assert found.because.startswith("ML helped: not robustly, 2 of 1,000 random filters")
    assert "later" not in judge(replace(GOOD, delayed=chance(0.01))).because


@pytest.mark.parametrize(
    "evidence",
    [
        *(GOOD, BAD, PROBABLE, NOTHING, replace(GOOD, trades_on=3), replace(GOOD, in_sample=9)),
        *(replace(PROBABLE, trials=12), replace(PROBABLE, setting=chance(0.7))),
        *(replace(GOOD, delayed=chance(0.41)), replace(GOOD, sharpe_on=-0.6)),
    ],
)
def test_no_sentence_is_longer_than_thirty_words(evidence):
    found = judge(evidence)
    assert len(found.because.split()) <= 30 and len(found.change.split()) <= 30


def test_the_best_of_many_variants_needs_a_smaller_p_value():
    change = judge(replace(NOTHING, ranking=chance(0.03), trials=10)).change
    assert "a p-value of 0.0025 in the ranking (now 0.030)" in change


def test_a_worse_sharpe_ratio_is_set_against_what_ml_did_better():
    low = replace(GOOD, sharpe_off=1.0, sharpe_on=0.5)
    assert "ML chose entries better than random filters, but" in judge(low).because
    by_ranking = judge(replace(low, setting=chance(0.45), ranking=chance(0.001)))
    assert "ML ranks entries better than chance (p 0.001), but" in by_ranking.because
    assert "a Sharpe ratio is undefined" in judge(replace(low, sharpe_on=None)).because


def test_growth_needed():
    assert growth_needed(0.025, 0.025) == 1 == growth_needed(0.001, 0.025)
    assert growth_needed(0.1587, 0.0228) == pytest.approx(4, abs=0.01)  # one sigma, two sigma
    assert growth_needed(0.25, 0.025) == inf
