"""What chance would have made of each part of a managed trade."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.ablation.chance import Chance, ManagedRuns, shifted, within
from bt_fusion.data.bars import BarArrays


@pytest.fixture(scope="module")
def tested(planned, ablated):
    bars, plan = planned
    return ManagedRuns(BarArrays.of(bars), plan, 12, 1.5, 1.5, ablated.runs, draws=199)


def changed(tested, name, **columns):
    """The same runs, with other trades in one of them."""
    run = tested.runs[name]
    trades = run.trades.assign(**columns)
    other = type(run)(run.figures, trades, run.equity, run.signal, run.technical)
    return ManagedRuns(
        tested.bars, tested.plan, 12, 1.5, 1.5, {**tested.runs, name: other}, draws=199
    )


def test_the_p_value_counts_the_part_itself():
    chance = Chance.of(1.0, np.array([0.0, 1.0, 2.0]), 10)
    assert (chance.p_value, chance.expected, chance.draws) == (0.75, 1.0, 3)


def test_leaving_before_a_loss_is_better_than_chance(tested):
    """Exits that know what would have come."""
    trades = tested.runs["signal"].trades
    own = tested.trades_of(trades, 1.5, 1.5)
    losing = (own.result < -1) & (own.exit - own.entry > 2)
    out = pd.DatetimeIndex(tested.bars.time)[np.minimum(own.entry + 1, len(tested.bars) - 1)]
    knows = {
        "signal_time": trades.signal_time.to_numpy(),
        "exit_time": np.where(losing, out, trades.exit_time),
        "exit_reason": np.where(losing, "advice", "stop"),
        "side": trades.side.to_numpy(),
    }
    run = tested.runs["signal"]
    foreseen = type(run)(run.figures, trades.assign(**knows), run.equity)
    runs = {**tested.runs, "position": foreseen}
    found = ManagedRuns(tested.bars, tested.plan, 12, 1.5, 1.5, runs, draws=199).chance("position")
    assert found.p_value == 1 / 200 and found.found > 0.5 + found.expected
    assert found.decisions == losing.sum()


def test_sizes_that_know_the_result_are_better_than_chance(tested):
    trades = tested.runs["risk"].trades
    closed = trades.exit_reason != "open"
    good = np.where((trades.pnl > 0) & closed, 1.0, 0.1)
    found = changed(tested, "risk", share=good).chance("risk")
    assert found.p_value == 1 / 200 and found.found > found.expected
    even = changed(tested, "risk", share=0.95)
    assert even.chance("risk") is None  # chance has no other choice


def test_a_part_that_decides_nothing_is_not_tested(tested):
    none = changed(tested, "position", exit_reason="stop")
    assert none.chance("position") is None


def test_a_shift_keeps_how_often_each_side_is_agreed_with():
    rng = np.random.default_rng(0)
    state = rng.choice([-1, 0, 1], 400)
    agreed = (rng.uniform(size=400) < 0.3) & (state != 0)
    for _ in range(20):
        moved = shifted(agreed, state, rng)
        for side in (1, -1):
            own = state == side
            assert moved[own].sum() == agreed[own].sum() and not np.array_equal(moved, agreed)
        assert not moved[state == 0].any()


def test_rows_are_mixed_within_their_side():
    side = np.array([1, -1, 1, -1, 1])
    order = within(side, np.random.default_rng(1))
    assert sorted(order) == [*range(5)] and (side[order] == side).all()
