"""The rules of the verdict: each by itself, its mirror, and its words."""

from dataclasses import replace
from math import inf

import pytest

from bt_fusion.verdict.evidence import ChanceTest, Evidence, growth_needed
from bt_fusion.verdict.rules import (
    HELPED,
    HURT,
    NO_EVIDENCE,
    PROBABLY_HELPED,
    PROBABLY_HURT,
    graded,
    judge,
)


def test_of(p_value, p_against=None):
    """A test with 1,000 draws, none of them equal to ML-on."""
    return ChanceTest(p_value, 1 - p_value + 1 / 1001 if p_against is None else p_against, 1_000)


test_of.__test__ = False

GOOD = Evidence(
    trades_off=500,
    trades_on=200,
    setting=test_of(3 / 1001),
    ranking=test_of(0.02),
    expectancy=0.0012,
    chance_expectancy=(-0.0008, 0.0007),
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
    setting=test_of(1.0, 3 / 1001),
    ranking=test_of(0.98),
    expectancy=-0.0012,
    edge_dsr=0.03,
    edge_dsr_against=0.97,
    sharpe_on=-0.6,
)
PROBABLE = replace(GOOD, setting=test_of(0.3), edge_dsr=0.6, expectancy=0.0002)
NOTHING = replace(GOOD, setting=test_of(0.34), ranking=test_of(0.41))


def failed(evidence, kind):
    rules = graded(evidence).rules
    return [rule.name for rule in rules if kind in rule.grades and not rule.passed]


@pytest.mark.parametrize(
    ("name", "met", "not_met", "grade"),
    [
        ("out of sample", {}, {"in_sample": 1}, NO_EVIDENCE),
        ("30 trades in each run", {"trades_on": 30}, {"trades_on": 29}, NO_EVIDENCE),
        ("30 trades in each run", {"trades_off": 30}, {"trades_off": 29}, NO_EVIDENCE),
        (
            "0.5 % of random filters",
            {"setting": test_of(0.005)},
            {"setting": test_of(6 / 1001)},
            PROBABLY_HELPED,
        ),
        ("expectancy", {"expectancy": 0.00071}, {"expectancy": 0.0007}, PROBABLY_HELPED),
        ("expectancy", {}, {"chance_expectancy": None}, PROBABLY_HELPED),
        ("deflated Sharpe ratio", {"edge_dsr": 0.95}, {"edge_dsr": 0.9499}, PROBABLY_HELPED),
        ("deflated Sharpe ratio", {}, {"edge_dsr": None}, PROBABLY_HELPED),
        ("Sharpe ratio", {"sharpe_on": -0.5}, {"sharpe_on": -0.51}, NO_EVIDENCE),
        ("Sharpe ratio", {}, {"sharpe_off": None}, NO_EVIDENCE),
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
        ("stronger question", {"ranking": test_of(0.025)}, {"ranking": test_of(0.026)}),
        ("stronger question", {}, {"trials": 2}),
        ("other question", {"setting": test_of(0.5)}, {"setting": test_of(0.501)}),
        (
            "other question",
            {"ranking": test_of(0.5), "setting": test_of(0.02)},
            {"ranking": None, "setting": test_of(0.02)},
        ),
        ("Sharpe ratio", {}, {"sharpe_on": -0.51}),
    ],
)
def test_each_rule_of_probably_helped_alone_decides(name, met, not_met):
    assert judge(PROBABLE).verdict == PROBABLY_HELPED == "ML probably helped"
    assert judge(replace(PROBABLE, **met)).verdict == PROBABLY_HELPED
    assert judge(replace(PROBABLE, **not_met)).verdict == NO_EVIDENCE
    assert failed(replace(PROBABLE, **not_met), "probable") == [name]


def test_hurt_and_probably_hurt_are_the_mirror_images():
    assert judge(BAD).verdict == HURT == "ML hurt"
    probably = replace(BAD, setting=test_of(0.7), edge_dsr_against=0.6)
    assert judge(probably).verdict == PROBABLY_HURT == "ML probably hurt"
    assert judge(replace(probably, ranking=test_of(0.97))).verdict == NO_EVIDENCE
    assert judge(replace(BAD, sharpe_on=-0.49)).verdict == NO_EVIDENCE
    assert failed(replace(BAD, expectancy=-0.0008), "certain") == ["expectancy"]


def test_without_a_test_of_the_setting_there_is_no_evidence():
    untested = replace(GOOD, setting=None, untested="ML changed 9 exits, which no filter does")
    found = judge(untested)
    assert found.because == "no evidence: ML changed 9 exits, which no filter does"
    assert "setting tested" in failed(untested, "probable")


def test_sentences_name_the_numbers_that_decided():
    helped, hurt, probably = judge(GOOD), judge(BAD), judge(PROBABLE)
    assert helped.because == (
        "ML helped: only 0.3 % of 1,000 random filters with as many trades did as well, and a "
        "trade made 0.120 %, above their 0.070 %"
    )
    assert helped.change.endswith("it is real with probability 0.86.")
    assert "did as badly, and a trade made -0.120 %, below their -0.080 %" in hurt.because
    assert probably.because.startswith("ML probably helped: ML ranks entries (p 0.020), and 30.0 %")
    assert '"ML helped" needs at most 0.5 % of random filters' in probably.change


def test_what_would_change_it_comes_from_the_rule_that_failed():
    few = judge(replace(GOOD, trades_on=10))
    assert few.because == "no evidence: ML-on closed 10 trades; a verdict needs 30 in each run"
    assert few.change.startswith("At this rate that takes 4.0 years more.")
    none = judge(replace(GOOD, trades_on=0, setting=None, ranking=None, psr=None))
    assert none.change == "A lower ml_threshold enters more often."
    near = judge(replace(NOTHING, setting=test_of(0.08)))  # z 1.405: (1.960 / 1.405)^2 = 1.95 times
    assert near.change == "The limit is 2.5 %; at this rate that takes 23 months more."
    far = judge(replace(NOTHING, setting=test_of(0.45), ranking=test_of(0.47)))
    assert far.change.startswith("Nothing points to skill so far")
    tried = judge(replace(PROBABLE, trials=12))
    assert "The best of 12 variants reaches that by luck in 21.5 % of cases" in tried.change
    contrary = judge(replace(PROBABLE, setting=test_of(0.7)))
    assert "The two tests disagree" in contrary.change
    fell = judge(replace(GOOD, sharpe_on=-0.6))
    assert "the Sharpe ratio went from -0.50 to -0.60" in fell.because
    assert fell.change == "ML-on's Sharpe ratio must be at least -0.50."
    known = judge(replace(GOOD, in_sample=1_204))
    assert "trained on 1,204 of the traded bars" in known.because


def test_an_advantage_that_dies_under_a_bar_of_delay_says_so():
    found = judge(replace(GOOD, delayed=test_of(0.41)))
    assert found.verdict == HELPED and "does not survive one bar of delay" in found.change
    assert "delay" not in judge(replace(GOOD, delayed=test_of(0.01))).change


@pytest.mark.parametrize("evidence", [GOOD, BAD, PROBABLE, NOTHING, replace(GOOD, trades_on=3)])
def test_no_sentence_is_longer_than_thirty_words(evidence):
    found = judge(evidence)
    assert len(found.because.split()) <= 30 and len(found.change.split()) <= 30


def test_growth_needed():
    assert growth_needed(0.025, 0.025) == 1 == growth_needed(0.001, 0.025)
    assert growth_needed(0.1587, 0.0228) == pytest.approx(4, abs=0.01)  # one sigma, two sigma
    assert growth_needed(0.4, 0.025) == inf
