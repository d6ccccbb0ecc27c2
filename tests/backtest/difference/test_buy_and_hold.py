"""Buy and hold: by hand, and as the engine would have done it."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.difference.buy_and_hold import hold_equity, hold_figures
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy


def bars_of(opens, closes, start="2024-01-01"):
    days = pd.date_range(start, periods=len(opens))
    high = np.maximum(opens, closes) + 1.0
    return pd.DataFrame({"open": opens, "high": high, "close": closes}, index=days, dtype=float)


def test_by_hand():
    bars = bars_of([99, 102, 110], [100, 108, 120])
    account = Account(cash=1_000.0, commission=0.01, slippage=0.0)
    # 950 buy 9.5 at a close of 100; filled at 102 for 969, which cost 9.69
    gains = [0.0, 9.5 * 6 - 9.69, 9.5 * 18 - 9.69]
    assert hold_equity({"A": bars}, account).tolist() == pytest.approx([1_000 + g for g in gains])
    figures = hold_figures(hold_equity({"A": bars}, account))
    assert figures["total_return"] == pytest.approx(0.16131)
    assert figures["final_value"] == pytest.approx(1_161.31)
    assert figures["net_profit"] == pytest.approx(161.31)
    assert figures["sharpe"] is figures["sortino"] is figures["cagr"] is None  # of two days


class Hold(bt.Strategy):
    def next(self):
        if not self.position and len(self) == 1:
            self.buy()


@pytest.mark.parametrize("slippage", [0.0, 0.0002, 0.5])
def test_the_engine_does_the_same(slippage):
    bars, account = random_walk(300, seed=2), Account(slippage=slippage)
    run = run_strategy(bars, Hold, account)
    pd.testing.assert_series_equal(
        hold_equity({"": bars}, account), run.equity, check_names=False, check_freq=False
    )


def test_symbols_get_equal_shares_from_their_own_first_bar():
    early = bars_of([10, 10, 20, 20], [10, 10, 20, 20])
    late = bars_of([5, 5, 10], [5, 5, 10], "2024-01-03")
    account = Account(cash=1_000.0, commission=0.0, share=0.8)
    # 400 for each: 40 at 10, then 80 at 5
    equity = hold_equity({"A": early, "B": late}, account)
    assert equity.tolist() == [1_000.0, 1_000.0, 1_400.0, 1_400.0, 1_800.0]
    assert equity.index[-1] == pd.Timestamp("2024-01-05") and equity.name == "buy_hold"


def test_one_bar_buys_nothing():
    assert hold_equity({"A": bars_of([9], [10])}, Account(cash=5.0)).tolist() == [5.0]


def test_a_year_has_annual_figures():
    bars = random_walk(400, seed=1)
    bars.index = pd.date_range("2024-01-01", periods=400)
    figures = hold_figures(hold_equity({"A": bars}, Account()))
    assert all(figures[name] is not None for name in ("cagr", "sharpe", "sortino"))
