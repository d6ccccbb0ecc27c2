"""The rules of the verdict: each by itself, its mirror, and its words."""

from dataclasses import replace
from math import inf

import pytest

from bt_fusion.verdict.evidence import Evidence, entries_to_settle, growth_beyond_chance
from bt_fusion.verdict.rules import HELPED, HURT, NO_EVIDENCE, judge

GOOD = Evidence(
    trades_off=500,
    trades_on=200,
    p_value=3 / 1001,
    draws=1_000,
    expectancy_ci95=(0.0003, 0.0009),
    edge_dsr=0.97,
    edge_dsr_against=0.03,
    trials=3,
    sharpe_off=-0.5,
    sharpe_on=0.2,
    profit_off=-0.40,
    profit_on=0.10,
    win_rate_off=0.41,
    win_rate_on=0.49,
    psr=0.86,
    years=2.0,
)
BAD = replace(
    GOOD,
    p_value=1.0,
    expectancy_ci95=(-0.0009, -0.0003),
    edge_dsr=0.03,
    edge_dsr_against=0.97,
    sharpe_on=-0.6,
    profit_on=-0.5,
)


def failed(evidence):
    return [rule.name for rule in judge(evidence).rules if not rule.passed]


def test_helped_says_why_and_whether_it_earns():
    found = judge(GOOD)
    assert found.verdict == HELPED == "ML helped"
    assert found.because == (
        "ML helped: only 0.2 % of 1,000 random vetoes that traded as seldom chose their entries as "
        "well, and a trade made 0.030 % to 0.090 % more than without ML; ML-on itself is not shown "
        "to make money (PSR 0.86)"
    )
    assert all(rule.passed and not rule.failure for rule in found.rules)
    assert "made money beyond doubt (PSR 0.99)" in judge(replace(GOOD, psr=0.99)).because
    assert judge(replace(GOOD, psr=None)).because.endswith("than without ML")


@pytest.mark.parametrize(
    ("name", "met", "not_met"),
    [
        ("out of sample", {}, {"in_sample": 1}),
        ("enough trades", {"trades_on": 30}, {"trades_on": 29}),
        ("enough trades", {"trades_off": 30}, {"trades_off": 29}),
        ("placebo", {"p_value": 0.005}, {"p_value": 6 / 1001}),
        ("placebo", {}, {"p_value": None}),
        ("expectancy", {"expectancy_ci95": (1e-9, 1)}, {"expectancy_ci95": (0.0, 1.0)}),
        ("expectancy", {}, {"expectancy_ci95": None}),
        ("deflated Sharpe", {"edge_dsr": 0.95}, {"edge_dsr": 0.9499}),
        ("deflated Sharpe", {}, {"edge_dsr": None}),
        ("Sharpe", {"sharpe_on": -0.5}, {"sharpe_on": -0.51}),
        ("Sharpe", {}, {"sharpe_off": None}),
    ],
)
def test_each_rule_alone_decides(name, met, not_met):
    assert judge(replace(GOOD, **met)).verdict == HELPED
    found = judge(replace(GOOD, **not_met))
    assert found.verdict == NO_EVIDENCE
    assert [rule.name for rule in found.rules if not rule.passed] == [name]
    assert found.because.startswith("no evidence: ")


@pytest.mark.parametrize(
    ("name", "not_met"),
    [
        ("out of sample", {"in_sample": 1}),
        ("enough trades", {"trades_on": 29}),
        ("placebo", {"p_value": 996 / 1001}),
        ("expectancy", {"expectancy_ci95": (-1.0, 0.0)}),
        ("deflated Sharpe", {"edge_dsr_against": 0.9499}),
        ("Sharpe", {"sharpe_on": -0.49}),
    ],
)
def test_hurt_is_the_mirror_image(name, not_met):
    found = judge(BAD)
    assert found.verdict == HURT == "ML hurt"
    assert "none of 1,000" in found.because and "chose their entries as badly" in found.because
    assert "0.030 % to 0.090 % less than without ML" in found.because
    assert judge(replace(BAD, p_value=997 / 1001)).verdict == HURT
    assert judge(replace(BAD, **not_met)).verdict == NO_EVIDENCE
    assert failed(replace(BAD, **not_met)) == [name]


def test_no_evidence_names_chance_and_what_would_settle_it():
    because = judge(replace(GOOD, p_value=0.38, profit_on=-0.1, win_rate_on=0.43)).because
    assert because == (
        "no evidence: ML-on lost less than ML-off (-10.0 % against -40.0 %), but 38.0 % of 1,000 "
        "random vetoes that traded as seldom chose their entries at least as well; a win-rate gap "
        "of 2.0 points takes about 40,000 entries to resolve, 39,000 more than there are: 111.7 "
        "more years at this rate"
    )


def test_a_near_miss_names_the_level():
    near, far = (judge(replace(GOOD, p_value=p)).because for p in (0.02, 0.2))
    assert "2.0 % of 1,000 random vetoes" in near
    assert "chose their entries at least as well, where 0.5 % may;" in near
    assert "where" not in far


@pytest.mark.parametrize(
    ("profit_off", "profit_on", "words"),
    [
        (-0.4, -0.1, "ML-on lost less than ML-off"),
        (-0.4, -0.5, "ML-on lost more than ML-off"),
        (0.1, 0.4, "ML-on made more than ML-off"),
        (-0.1, 0.4, "ML-on made more than ML-off"),
        (0.4, 0.1, "ML-on made less than ML-off"),
        (0.4, -0.1, "ML-on made less than ML-off"),
    ],
)
def test_which_run_did_better_is_said_in_plain_words(profit_off, profit_on, words):
    evidence = replace(GOOD, p_value=0.3, profit_off=profit_off, profit_on=profit_on)
    assert words in judge(evidence).because


def test_runs_without_trades_and_in_sample_bars():
    none = replace(
        GOOD,
        trades_on=0,
        p_value=None,
        expectancy_ci95=None,
        edge_dsr=None,
        edge_dsr_against=None,
        sharpe_on=None,
        win_rate_on=None,
        psr=None,
    )
    found = judge(none)
    assert found.because == "no evidence: ML-on closed no trades, 30 are asked"
    assert found.entries_needed is None
    ten = replace(GOOD, trades_on=10, p_value=0.5)
    assert judge(ten).because == (
        "no evidence: ML-on closed 10 trades, 30 are asked; that takes about 4.0 more years at "
        "this rate"
    )
    assert judge(replace(GOOD, trades_on=1)).because.startswith("no evidence: ML-on closed one tr")
    assert judge(replace(none, trades_off=0)).because.startswith("no evidence: ML-off closed no t")
    known = judge(replace(GOOD, in_sample=50)).because
    assert known == (
        "no evidence: the model was trained on 50 of the traded bars and knows how they went; "
        "trade bars after its training"
    )


def test_a_beaten_placebo_that_is_not_enough_is_said_so():
    because = judge(replace(GOOD, edge_dsr=0.7, trials=12)).because
    assert "but after 12 trials the deflated Sharpe ratio of the difference is 0.70" in because
    because = judge(replace(GOOD, expectancy_ci95=(-0.001, 0.002))).because
    assert "lies between -0.100 % and +0.200 %, which may be nothing" in because
    because = judge(replace(GOOD, sharpe_on=-0.75)).because
    assert (
        "ML chose better entries, but the account's Sharpe ratio went from -0.50 to -0.75"
        in because
    )


def test_entries_to_settle_are_thirteen_over_the_gap_squared():
    even = replace(GOOD, trades_off=300, trades_on=300, win_rate_off=0.40, win_rate_on=0.45)
    assert entries_to_settle(even) == pytest.approx(13 / 0.05**2, rel=0.001)
    uneven = replace(even, trades_off=500, trades_on=100)
    assert entries_to_settle(uneven) == pytest.approx(
        3.605**2 / 4 * (1 / 500 + 1 / 100) / 0.05**2 * 600, rel=0.001
    )
    assert entries_to_settle(replace(even, win_rate_on=0.40)) is None
    assert entries_to_settle(replace(even, win_rate_on=None)) is None
    wide = judge(replace(even, win_rate_on=0.70, p_value=0.2)).because
    assert "about 140 entries, which there are; to leave chance behind at this rate" in wide
    hopeless = judge(replace(even, win_rate_on=0.4001, p_value=0.2)).because
    assert "more than 200 years at this rate" in hopeless
    soon = judge(replace(even, years=0.001, p_value=0.2)).because
    assert "more days at this rate" in soon


def test_the_placebo_score_grows_with_the_root_of_the_entries():
    # normal quantiles: 1.645 at 5 %, 2.576 at 0.5 %
    assert growth_beyond_chance(replace(GOOD, p_value=0.05)) == pytest.approx(2.452, abs=0.001)
    assert growth_beyond_chance(replace(GOOD, p_value=0.95)) == pytest.approx(2.452, abs=0.001)
    assert growth_beyond_chance(replace(GOOD, p_value=0.001)) == 1
    assert growth_beyond_chance(replace(GOOD, p_value=0.5)) == inf
    assert growth_beyond_chance(replace(GOOD, p_value=None)) == inf
    clear = replace(GOOD, win_rate_on=0.70)
    assert "ML-on needs about" in judge(replace(clear, p_value=0.05)).because
    assert "no number of entries will tell" in judge(replace(clear, p_value=0.49)).because


def test_where_chance_can_do_nothing_else_nothing_is_said_against_ml():
    found = judge(replace(BAD, ties=1_000))
    assert found.verdict == NO_EVIDENCE
    assert "placebo" in [rule.name for rule in found.rules if not rule.passed]
    assert "ML-on traded as ML-off did, so that there is no choice to judge" in found.because
    assert judge(replace(BAD, ties=4)).verdict == HURT  # 5 of 1,001 chose as badly
    assert judge(replace(BAD, ties=5)).verdict == NO_EVIDENCE
