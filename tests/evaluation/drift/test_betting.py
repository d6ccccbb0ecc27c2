"""Wealth: capital by hand, and that a null does not multiply it."""

import numpy as np
import pytest

from bt_fusion.evaluation.drift.betting import Wealth


def test_each_block_gets_its_share_when_it_begins():
    wealth = Wealth([0.5, 0.5], block=2)
    assert wealth.bet([2.0, 0.0]) == 0.5 + 0.25 * 2  # half is kept, a quarter on each alternative
    assert wealth.bet([2.0, 1.0]) == 0.5 + 1.0
    assert wealth.next_share == pytest.approx(1 / 6)
    # a sixth begins: 1/12 on each; the third of a whole is kept
    assert wealth.bet([1.0, 3.0]) == pytest.approx(1 / 3 + (1 + 1 / 12) + 3 / 12)
    assert wealth.bets == 3


def test_fair_bets_leave_the_capital_and_it_never_overflows():
    wealth = Wealth([1.0], block=50)
    assert [wealth.bet([1.0]) for _ in range(300)] == pytest.approx([1.0] * 300)
    assert np.isfinite([wealth.bet([10.0]) for _ in range(900)]).all()


def test_fair_bets_rarely_multiply_the_capital():
    rng = np.random.default_rng(0)
    best = []
    for _ in range(400):
        wealth, outcomes = Wealth([0.5, 0.5], block=50), rng.random(400) < 0.5
        best.append(max(wealth.bet([1.4, 0.8] if up else [0.6, 1.2]) for up in outcomes))
    assert np.mean(np.array(best) >= 20) <= 0.05  # Ville
