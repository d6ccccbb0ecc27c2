"""One test of many markets: how they add up, and what they share by day."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.stouffer import TILT, DailyGains, DayTotals, PooledTest


def pooled(tests, gains):
    """Pool tests with the gains of each by day, all from the same day on."""
    found = PooledTest()
    for test, values in zip(tests, gains, strict=True):
        found.add(test, DailyGains(0, np.asarray(values, dtype=float)))
    return found.result


def spread(gains):
    """The standard deviation of the sum of normal scores, from a pooled test of p .1 each."""
    found = pooled([ChanceTest(0.1, 0.9, 500)] * len(gains), gains)
    return len(gains) * ndtri(0.1) / ndtri(found.p_value)


def test_independent_markets_add_up_and_equal_ones_do_not():
    test = ChanceTest(0.1, 0.9, 500)  # z 1.2816; of nine 3.8447: 0.00006
    assert pooled([test] * 9, np.eye(9)).p_value == pytest.approx(6.04e-5, rel=1e-2)
    assert pooled([test] * 9, np.ones((9, 9))).p_value == pytest.approx(0.1)
    one = ChanceTest(pytest.approx(0.1), pytest.approx(0.9), 500)
    assert pooled([test, None], np.eye(2)) == one
    assert pooled([None], np.eye(1)) is None


def test_a_market_where_ml_chose_nothing_is_left_out_and_the_worst_is_as_far_out_as_the_best():
    good, nothing = ChanceTest(0.02, 0.98, 1_000, 19, 980), ChanceTest(1, 1, 1_000, 1_000, 1_000)
    assert pooled([good, nothing], np.eye(2)) == good
    assert pooled([nothing, nothing], np.eye(2)) == nothing
    best, worst = (
        ChanceTest(1 / 1001, 1, 1_000, 0, 1_000),
        ChanceTest(1, 1 / 1001, 1_000, 1_000, 0),
    )
    found = pooled([best, worst], np.eye(2))
    assert found.p_value == pytest.approx(0.5)
    assert found.p_against == pytest.approx(ndtr(np.sqrt(2) * TILT))


def test_scores_against_ml_give_way_by_what_refits_tilt_them():
    each = ChanceTest(0.6, 0.4, 1_000)  # a quarter of a standard error against ML, or so
    found = pooled([each] * 400, np.eye(400))
    assert found.p_value > 0.9999 and found.p_against > 0.4
    lost = pooled([ChanceTest(0.9, 0.1, 1_000)] * 400, np.eye(400))
    assert lost.p_against < 1e-6


def test_the_spread_is_the_root_of_the_sum_of_all_correlations():
    gains = np.random.default_rng(0).normal(0.3, 1, (6, 50))  # with a common drift
    unit = gains / np.linalg.norm(gains, axis=1)[:, None]
    assert spread(gains) == pytest.approx(np.sqrt((unit @ unit.T).sum()), rel=1e-6)


def test_markets_that_move_against_each_other_count_as_independent():
    assert spread([[1.0, -1.0], [-1.0, 1.0]]) == pytest.approx(np.sqrt(2))


def test_a_market_that_gained_nothing_on_any_day_goes_with_none():
    assert spread([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]) == pytest.approx(np.sqrt(4 + 1))


def test_days_are_compared_whatever_the_bar_length():
    hours = pd.date_range("2020-01-01", periods=48, freq="h")
    hourly = DailyGains.of(pd.Series(1.0, index=hours))
    assert (hourly.first, hourly.values.tolist()) == (18_262, [24.0, 24.0])
    fridays = pd.DatetimeIndex(["2020-01-03", "2020-01-06"])
    assert DailyGains.of(pd.Series([1.0, np.nan], index=fridays)).values.tolist() == [1, 0, 0, 0]
    early = pd.DatetimeIndex(["1969-12-31 23:00", "1970-01-01"])
    assert DailyGains.of(pd.Series(1.0, index=early)).first == -1


def test_totals_grow_to_both_sides():
    total = DayTotals()
    for first, values in ((5, [1.0]), (7, [2.0, 2.0]), (3, [4.0, 4.0, 4.0]), (4, [8.0])):
        total.add(first, np.array(values))
    assert (total.first, total.values.tolist()) == (3, [4.0, 12.0, 5.0, 0.0, 2.0, 2.0])
