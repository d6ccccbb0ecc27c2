"""One verdict over many markets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.pooled import Market, by_day, correlation, pool, pooled_gain, pooled_test
from bt_fusion.verdict.rules import HELPED, NO_EVIDENCE
from tests.verdict.test_rules import NOTHING, chance

FEW = Bootstrap(draws=200)


def market(name, values, p_value=0.1, freq="D", **evidence):
    index = pd.date_range("2020-01-01", periods=len(values), freq=freq)
    setting, ranking = chance(p_value), chance(p_value)
    found = replace(NOTHING, setting=setting, ranking=ranking, edge_dsr=0.9, **evidence)
    series = pd.Series(values, index=index)
    return Market(name, found, series, series)


def test_independent_markets_add_up_and_equal_ones_do_not():
    test = ChanceTest(0.1, 0.9, 500)  # z 1.2816; of nine 3.8447: 0.00006
    assert pooled_test([test] * 9, np.eye(9)).p_value == pytest.approx(6.04e-5, rel=1e-2)
    assert pooled_test([test] * 9, np.ones((9, 9))).p_value == pytest.approx(0.1)
    assert pooled_test([test, None], np.eye(2)) == ChanceTest(
        pytest.approx(0.1), pytest.approx(0.9), 500
    )
    assert pooled_test([None], np.eye(1)) is None


def test_a_market_where_ml_chose_nothing_is_left_out_and_the_worst_is_as_far_out_as_the_best():
    good, nothing = ChanceTest(0.02, 0.98, 1_000, 19, 980), ChanceTest(1, 1, 1_000, 1_000, 1_000)
    assert pooled_test([good, nothing], np.eye(2)) == good
    assert pooled_test([nothing, nothing], np.eye(2)) == nothing
    best, worst = (
        ChanceTest(1 / 1001, 1, 1_000, 0, 1_000),
        ChanceTest(1, 1 / 1001, 1_000, 1_000, 0),
    )
    pooled = pooled_test([best, worst], np.eye(2))
    assert pooled.p_value == pytest.approx(0.5) == pooled.p_against


def test_days_are_compared_whatever_the_bar_length():
    hourly = market("A", np.full(48, 1.0), freq="h")
    daily = market("B", np.array([24.0, 24.0, 5.0]))
    days = by_day([hourly.above_chance, daily.above_chance])
    assert days[0].tolist()[:2] == [24.0, 24.0] and np.isnan(days[0].iloc[2])
    # 24^2 x 2 over the roots of 24^2 x 2 and 24^2 x 2 + 25
    assert correlation(days)[0, 1] == pytest.approx(1152 / np.sqrt(1152 * 1177))


def test_a_year_of_a_market_that_rests_on_weekends_is_a_year():
    working = market("A", np.full(522, 0.01), freq="B")  # 2020-01-01 to 2021-12-30: 730 days
    gain, low, high = pooled_gain(by_day([working.above_chance]), FEW)
    assert gain == pytest.approx(522 * 0.01 / 730 * 365.25)
    assert low <= gain <= high


def test_markets_that_move_against_each_other_count_as_independent():
    days = pd.DataFrame({0: [1.0, -1.0], 1: [-1.0, 1.0]})
    assert correlation(days).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_the_gain_is_a_year_of_each_market_s_own_days():
    days = pd.DataFrame({0: [0.01, 0.01, np.nan], 1: [0.03, np.nan, np.nan]})
    gain, low, high = pooled_gain(days, FEW)
    assert gain == pytest.approx((0.01 + 0.03) / 2 * 365.25)
    assert 0.01 * 365.25 <= low <= gain <= high <= 0.03 * 365.25 + 1e-9


def test_many_weak_markets_make_strong_evidence_and_one_market_copied_does_not():
    rng = np.random.default_rng(1)
    own = [rng.normal(0.0005, 0.01, 1_000) for _ in range(12)]
    together = pool([market(str(n), values) for n, values in enumerate(own)], FEW)
    assert together.verdict == HELPED
    assert together.because == (
        "ML helped: over 12 markets ML's probabilities tell better entries from worse (p below "
        "0.001), and its settings beat random filters (p below 0.001); 12 did better than the "
        "median filter"
    )
    same = pool([market(str(n), own[0]) for n in range(12)], FEW)
    assert same.verdict == NO_EVIDENCE
    assert "times as many markets or years" in same.change
