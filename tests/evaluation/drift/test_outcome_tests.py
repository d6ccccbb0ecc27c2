"""The tests of outcomes: ratios by hand, no alarm while all is as learnt, one where it is not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.evaluation.drift.levels import LEVELS, Drift
from bt_fusion.evaluation.drift.outcome_tests import (
    CalibrationTest,
    EdgeTest,
    bets_to_find,
    ratio,
)
from bt_fusion.models.reference import CalibrationLine

LINE = CalibrationLine(1, 0.0, 1.0, base=0.5, signal=0.02, bias_error=0.01, edge_error=0.1)


def probabilities(count, seed):
    """Return probabilities around one half, with a mean square distance of 0.02."""
    return 0.5 + 0.02**0.5 * np.random.default_rng(seed).choice([-1, 1], count)


def evidence(test, part, expected, up):
    """Return the highest evidence over a series of bets."""
    capital = [test.bet(float(e), bool(u)) for e, u in zip(expected, up, strict=True)]
    return max(capital) * LEVELS[part]


def test_ratio_by_hand():
    assert ratio(0.3, 0.6, outcome=True) == 0.5
    assert ratio(0.3, 0.6, outcome=False) == pytest.approx(0.7 / 0.4)
    assert ratio(0.3, 0.01, outcome=True) == 1.0  # nothing to bet on
    assert ratio(1.2, 0.5, outcome=False) == pytest.approx(0.02 / 0.5)


def test_ratio_is_fair_under_the_null():
    assert 0.6 * ratio(0.3, 0.6, True) + 0.4 * ratio(0.3, 0.6, False) == pytest.approx(1)


def test_an_edge_that_lasts_raises_no_alarm_and_one_that_goes_does():
    rng, expected = np.random.default_rng(1), probabilities(3_000, 1)
    lasts = rng.random(3_000) < expected
    gone = rng.random(3_000) < 0.5
    assert evidence(EdgeTest(LINE), Drift.HIT_RATE, expected, lasts) < 1
    assert evidence(EdgeTest(LINE), Drift.HIT_RATE, expected, gone) > 1


def test_where_no_edge_was_known_there_is_nothing_to_lose():
    unsure = replace(LINE, edge_error=5.0)
    test = EdgeTest(unsure)
    assert test.wealth is None and test.bet(0.6, False) == 1.0
    assert bets_to_find(unsure) == math.inf


@pytest.mark.parametrize("off", [0.15, -0.15])
def test_probabilities_that_are_off_raise_an_alarm_on_either_side(off):
    rng, expected = np.random.default_rng(2), probabilities(2_000, 2)
    right = rng.random(2_000) < expected
    wrong = rng.random(2_000) < expected + off
    assert evidence(CalibrationTest(LINE), Drift.CALIBRATION, expected, right) < 1
    assert evidence(CalibrationTest(LINE), Drift.CALIBRATION, expected, wrong) > 1


@pytest.mark.slow
def test_a_lost_edge_is_found_as_soon_as_is_said():
    within, found = bets_to_find(LINE), []
    for seed in range(200):
        rng, expected = np.random.default_rng(seed), probabilities(int(within), seed)
        gone = rng.random(len(expected)) < 0.5
        found.append(evidence(EdgeTest(LINE), Drift.HIT_RATE, expected, gone) >= 1)
    assert 0.9 <= np.mean(found) <= 1
