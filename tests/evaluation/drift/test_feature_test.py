"""FeatureTest: ranks by hand, exchangeable windows and a shift."""

from types import SimpleNamespace

import numpy as np
import pytest

from bt_fusion.evaluation.drift.feature_test import FeatureTest


def windowed(scores):
    """Return a test that knows windows of the training."""
    return FeatureTest(SimpleNamespace(scores=np.array(scores)))


def test_the_oddest_window_of_ten_wins_on_every_rank():
    test = windowed(range(9))
    won = 0.3 + 0.25 * 10 + 0.2 * 10 / 2 + 0.15 * 10 / 4 + 0.1 * 10 / 8
    assert test.bet(20.0) == pytest.approx(0.5 + 0.5 * won)
    assert windowed(range(9)).bet(-1.0) == pytest.approx(0.5 + 0.5 * 0.3)


def test_a_tie_counts_against_the_alarm():
    assert windowed([1.0] * 9).bet(1.0) == pytest.approx(0.5 + 0.5 * 0.3)


def test_exchangeable_windows_seldom_raise_an_alarm_and_a_shift_does():
    rng, raised = np.random.default_rng(0), []
    for _ in range(300):
        test = windowed(rng.standard_t(2, 30))
        raised.append(max(test.bet(score) for score in rng.standard_t(2, 60)) >= 20)
    assert np.mean(raised) <= 0.05
    test = windowed(rng.normal(size=30))
    assert max(test.bet(score) for score in rng.normal(8, 1, 6)) >= 1 / 0.015
