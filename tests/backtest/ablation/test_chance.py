"""What chance would have made of each part of a managed trade."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.ablation.chance import Chance, ManagedRuns, shifted, within
from bt_fusion.data.bars import BarArrays
from bt_fusion.trade_models.simulated_trades import each_signal
from bt_fusion.trade_models.trade_plan import TradeModels
from bt_fusion.trade_models.trade_state import held_bars


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


class KnowsTheRest:
    """Sizes each trade by what it will make; in accounts with results dealt anew it guesses."""

    def __init__(self, results):
        self.results = iter(results)

    def multipliers(self, X):
        guessed = np.random.default_rng(len(X)).choice([0.1, 1.0], len(X))
        return np.append(1.0 if next(self.results) > 0 else 0.1, guessed[1:])


def test_sizes_that_know_the_result_are_better_than_chance(tested):
    plan = tested.plan
    own = tested.trades_of(tested.runs["risk"].trades, plan.stop, plan.target)
    knows = TradeModels(risk=KnowsTheRest(own.result[own.exit >= 0]))
    knowing = replace(tested, plan=replace(plan, models=(knows,) * len(plan.models)))
    found = knowing.chance("risk")
    assert found.p_value == 1 / 200 and found.found > found.expected + 0.3
    none = replace(tested, plan=replace(plan, models=(TradeModels(),) * len(plan.models)))
    assert none.chance("risk") is None  # chance has no other choice


def test_taking_profits_is_no_skill_on_a_random_walk():
    """Leaving above 0.7 ATR: the rest of such trades is as good as that of any."""
    values = []
    for seed in range(12):
        bars = BarArrays.of(fine_walk(1_500, seed))
        count = len(bars)
        atr, side = np.full(count, 1.0), np.ones(count)
        outcomes = each_signal(bars, side, atr, 1.5, 1.5, 12)
        trades = outcomes.one_at_a_time()
        trade, held = held_bars(trades)
        profit = bars.close[trades.entry[trade] + held] - trades.entry_price[trade]
        rows = np.flatnonzero(profit > 0.7)
        chosen, at = np.unique(trade[rows], return_index=True)
        left, out = np.zeros(len(trades), dtype=bool), np.full(len(trades), -1)
        left[chosen], out[chosen] = True, trades.entry[chosen] + held[rows][at] + 1
        tested = ManagedRuns(bars, None, 12, 1.5, 1.5, {}, draws=199)
        chance = tested.left_early(trades, out, left, np.random.default_rng(seed))
        values.append(chance.p_value)
    assert min(values) > 0.005 and 0.2 < np.mean(values) < 0.8


def fine_walk(count, seed, steps=120):
    """Bars of a random walk in many small steps, so that levels are met and hardly passed."""
    rng = np.random.default_rng(seed)
    path = 1_000 + np.cumsum(rng.normal(0, 0.6 / np.sqrt(steps), (count, steps)).ravel())
    path = path.reshape(count, steps)
    opens = np.append(1_000.0, path[:-1, -1])
    columns = {
        "open": opens,
        "high": np.maximum(path.max(axis=1), opens),
        "low": np.minimum(path.min(axis=1), opens),
        "close": path[:, -1],
        "volume": 1.0,
    }
    return pd.DataFrame(columns, index=pd.date_range("2024-01-01", periods=count, freq="h"))


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
