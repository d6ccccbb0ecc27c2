"""Figures a bar later, at twice the costs and without the best trades: by hand, by the engine."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.difference.robustness import (
    delayed_returns,
    returns_at_double_costs,
    robustness,
    without_best,
)
from bt_fusion.backtest.difference.trade_costs import net_returns
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.strategies import FusionStrategy

DAYS = pd.date_range("2024-01-01", periods=6)
OPEN = np.array([10.0, 10.0, 20.0, 30.0, 40.0, 50.0])
BARS = pd.DataFrame(
    {"open": OPEN, "high": OPEN + 5, "low": OPEN - 5, "close": OPEN + 1}, index=DAYS
)


def listed(*rows):
    """Trades of (side, bar of entry, bar of exit, reason), filled at their opens, size 1."""
    names = ["side", "entry", "exit", "exit_reason"]
    table = pd.DataFrame(rows, columns=names)
    entry, exit = (table.pop(name).to_numpy(dtype=int) for name in ("entry", "exit"))
    table = table.assign(entry_time=DAYS[entry], exit_time=DAYS[exit], symbol="A", size=1.0)
    table = table.assign(entry_price=OPEN[entry], exit_price=OPEN[exit], commission=0.0)
    sign = np.where(table.side == "long", 1, -1)
    return table.assign(pnl=sign * (OPEN[exit] - OPEN[entry]))


def test_a_bar_later_by_hand():
    trades = listed(("long", 1, 3, "flip"), ("short", 2, 4, "flip"), ("long", 3, 5, "limit"))
    # in at 20 and out at 40; in at 30 and out at 50; in at 40, out at the last close of 51
    assert delayed_returns(trades, {"": BARS}) == pytest.approx([1.0, -2 / 3, 11 / 40])
    # a tenth of the price on each side; on a bar from 15 to 25 a fill at 22, from 35 to 45 at 36
    slipped = delayed_returns(trades[:1], {"": BARS}, 0.1)
    assert slipped == pytest.approx([36 / 22 - 1])
    # half of the price: no fill leaves its bar
    assert delayed_returns(trades[:1], {"": BARS}, 0.5) == pytest.approx([35 / 25 - 1])


def test_commission_stays_a_share_of_what_is_traded():
    trades = listed(("long", 1, 3, "flip")).assign(commission=0.04)  # 0.001 of 10 + 30
    assert delayed_returns(trades, {"": BARS}) == pytest.approx([1.0 - 0.001 * 3])


def test_each_symbol_has_its_own_bars():
    trades = listed(("long", 1, 3, "flip"), ("long", 1, 3, "flip")).assign(symbol=["A", "B"])
    other = BARS.assign(open=[1.0, 1.0, 1.0, 1.0, 3.0, 1.0], high=9.0, low=0.0)
    assert delayed_returns(trades, {"A": BARS, "B": other}) == pytest.approx([1.0, 2.0])


def test_entry_and_exit_of_one_bar_are_later_both():
    trades = listed(("long", 2, 2, "stop")).assign(exit_price=18.0, pnl=-2.0)
    assert delayed_returns(trades, {"": BARS}) == pytest.approx([0.0])


@pytest.mark.parametrize("account", [Account(), Account(commission=0.002)])
def test_twice_the_costs_are_what_the_engine_pays(account):
    bars = random_walk(600, seed=4)
    once = run_strategy(bars, FusionStrategy, account, ml=False, exit="flip")
    double = Account(commission=2 * account.commission)
    twice = run_strategy(bars, FusionStrategy, double, ml=False, exit="flip")
    pd.testing.assert_series_equal(once.trades.entry_price, twice.trades.entry_price)
    closed = (once.trades.exit_reason != "open").to_numpy()
    made, paid = returns_at_double_costs(once.trades)[closed], net_returns(twice.trades)[closed]
    assert len(made) > 10
    np.testing.assert_allclose(made, paid, rtol=1e-9, atol=1e-12)


def test_the_best_are_left_out():
    returns = np.array([0.1, 0.5, -0.2, 0.4, 0.3, 0.2, 0.6])
    assert without_best(returns).tolist() == [0.1, -0.2]
    assert without_best(returns[:3]).tolist() == []


def test_both_runs_in_every_way():
    off = listed(*[("long", 1, 3, "flip")] * 5, ("short", 1, 2, "flip"), ("long", 1, 5, "open"))
    on = listed(("short", 2, 3, "flip"), ("long", 2, 3, "flip"))
    found = robustness(off, on, {"": BARS})
    assert list(found) == ["delay_1", "costs_x2", "without_best_5"]
    assert [way["p_value"] for way in found.values()] == [None, None, None]
    # five of +200 % and one of -100 %; a bar later five of +100 % and one of -50 %
    assert found["costs_x2"]["profit_factor"] == {"off": 10.0, "on": 1.0}
    assert found["delay_1"]["profit_factor"] == {"off": pytest.approx(10.0), "on": 1.0}
    assert found["delay_1"]["expectancy"]["off"] == pytest.approx(4.5 / 6)
    assert found["without_best_5"]["profit_factor"] == {"off": 0.0, "on": None}
    assert found["without_best_5"]["expectancy"] == {"off": -1.0, "on": None}
