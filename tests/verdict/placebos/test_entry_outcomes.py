"""What entries would make, by hand."""

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.entry_outcomes import Costs, Outcomes
from bt_fusion.verdict.placebos.replay import ExitRule, replay
from tests.strategies.test_fusion import steps

UP, DOWN = 1.0, -1.0


def outcomes(closes, state, rule=ExitRule(), costs=Costs(), allowed=None):
    return Outcomes.of(BarArrays.of(steps(closes)), np.array(state), rule, costs, allowed)


def test_a_long_and_a_short_trade_by_hand():
    # opens 100 100 110 121 110; a signal of bar 0 is filled at the open of bar 1
    out = outcomes(
        [100, 110, 121, 110, 99], [UP, DOWN, UP, UP, UP], ExitRule(1), Costs(0.01, 0, 0.5)
    )
    assert out.side.tolist() == [1, -1, 1, 1, 0]  # the last bar's order is never filled
    assert out.exit_bar.tolist() == [2, 3, 4, -1, -1]
    assert out.gross[:4].tolist() == pytest.approx([0.10, -0.10, 110 / 121 - 1, 99 / 110 - 1])
    assert out.net[0] == pytest.approx(0.10 - 0.01 * (1 + 1.10))
    assert out.net[3] == pytest.approx(99 / 110 - 1 - 0.01)  # still open: no exit paid
    # half the account at the close of the signal's bar
    assert out.growth[1] == pytest.approx(np.log(1 + 0.5 * (-11 - 0.01 * (110 + 121)) / 110))


def test_slippage_never_leaves_the_range_of_the_bar():
    out = outcomes([100, 110, 121, 110], [UP] * 4, ExitRule(1), Costs(0.0, 0.05, 1.0))
    # bought at min(100 x 1.05, 110), sold at max(110 x 0.95, 110): bar 2 has no lower price
    assert out.net[0] == pytest.approx((110 - 105) / 105)
    assert out.gross[0] == pytest.approx(0.10)
    out = outcomes([100, 110, 121, 110], [DOWN, UP, UP, UP], ExitRule(1), Costs(0.0, 0.05, 1.0))
    # sold at max(100 x 0.95, 100), bought at min(110 x 1.05, 121)
    assert out.net[0] == pytest.approx((100 - 115.5) / 100)


def test_long_only_and_bars_that_may_not_enter():
    out = outcomes([100] * 5, [UP, DOWN, UP, DOWN, UP], ExitRule(1, long_only=True))
    assert out.side.tolist() == [1, 0, 1, 0, 0]
    out = outcomes([100] * 4, [UP, UP, np.nan, UP], allowed=np.array([True, False, True, True]))
    assert out.side.tolist() == [1, 0, 0, 0]


def test_exposure_and_returns_of_a_run_by_hand():
    out = outcomes(
        [100, 110, 121, 110, 99], [UP, UP, DOWN, DOWN, UP], ExitRule(1), Costs(0.01, 0, 0.5)
    )
    trips = replay(np.array([UP, UP, DOWN, DOWN, UP]), np.zeros(5), ExitRule(1))
    assert trips.signal.tolist() == [0, 2]
    entered = out.entries_of(trips)
    assert out.exposure(entered).tolist() == [0, 1, 0, -1, 0]
    assert out.moves.tolist() == pytest.approx([0, 0.10, 0.10, -1 / 11, -0.10])
    # bought and sold within bar 1; sold at bar 3 and bought at its end
    assert out.per_bar(entered).tolist() == pytest.approx(
        [0, 0.5 * (0.10 - 0.02), 0, 0.5 * (1 / 11 - 0.02), 0]
    )
    assert out.exposure(entered / 2).tolist() == [0, 0.5, 0, -0.5, 0]
    assert out.sum_held(np.arange(5.0)).tolist() == [1, 2, 3, 4, 0]
