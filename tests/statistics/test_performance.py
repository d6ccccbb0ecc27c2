"""Figures of trades and equity, worked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.statistics.performance import (
    bar_returns,
    drawdowns,
    equity_figures,
    profit_factor,
    run_figures,
    sharpe,
    sortino,
    trade_figures,
    win_rate,
)

PNL = np.array([30.0, -10.0, 0.0, 20.0])
RETURNS = np.array([0.03, -0.02, 0.0, 0.02])  # the second risked less cash
NOTHING = np.array([])


def test_trades_by_hand():
    figures = trade_figures(PNL, RETURNS)
    assert figures == {
        "trades": 4,
        "won": 2,
        "lost": 1,
        "win_rate": 0.5,
        "profit_factor": pytest.approx(2.5),  # 0.05 / 0.02
        "profit_factor_cash": 5.0,  # 50 / 10
        "expectancy": pytest.approx(0.0075),
        "avg_win": pytest.approx(0.025),
        "avg_loss": pytest.approx(-0.02),
        "net_profit": 40.0,
        # mean 10, squares 400 + 400 + 100 + 100 over 3
        "sqn": pytest.approx(10 / np.sqrt(1_000 / 3) * 2),
    }


def test_no_trades_leave_figures_undefined():
    figures = trade_figures(NOTHING, NOTHING)
    counts = {"trades": 0, "won": 0, "lost": 0, "net_profit": 0.0}
    assert {name: figures.pop(name) for name in counts} == counts
    assert set(figures.values()) == {None}


def test_only_wins_and_only_losses():
    wins = trade_figures(np.array([1.0, 3.0]), np.array([0.1, 0.3]))
    assert (wins["win_rate"], wins["profit_factor"], wins["avg_loss"]) == (1.0, None, None)
    losses = trade_figures(np.array([-1.0]), np.array([-0.1]))
    assert (losses["win_rate"], losses["profit_factor"], losses["avg_win"]) == (0.0, 0.0, None)
    assert losses["sqn"] is None
    assert trade_figures(np.array([2.0, 2.0]), np.array([0.1, 0.1]))["sqn"] is None


def test_equity_by_hand():
    days = pd.date_range("2024-01-01", periods=4)  # Monday to Thursday: 252 days a year
    figures = equity_figures(pd.Series([100.0, 110.0, 99.0, 108.9], index=days))
    returns = np.array([0.1, -0.1, 0.1])
    assert figures["total_return"] == pytest.approx(0.089)
    assert figures["max_drawdown"] == pytest.approx(0.1)
    assert figures["cagr"] == pytest.approx(1.089 ** (365.25 / 3) - 1)
    mean, root = 0.1 / 3, np.sqrt(252)
    assert figures["sharpe"] == pytest.approx(mean / returns.std(ddof=1) * root)
    assert figures["sortino"] == pytest.approx(mean / np.sqrt(0.01 / 3) * root)


@pytest.mark.parametrize(
    ("days", "trades", "shown"), [(30, 10, True), (29, 10, False), (30, 9, False), (4, 300, False)]
)
def test_a_few_days_or_trades_tell_nothing_of_a_year(days, trades, shown):
    span = pd.date_range("2024-01-01", periods=days + 1)  # 30 days from the first to the last
    equity = pd.Series(1e5 + 700 * np.sin(np.arange(days + 1)) + np.arange(days + 1), index=span)
    pnl = np.resize([30.0, -10.0], trades)
    figures = run_figures(pnl, pnl / 1_000, equity)
    for name in ("cagr", "sharpe", "sortino", "sqn"):
        assert (figures[name] is not None) == shown, name
    assert figures["total_return"] == pytest.approx(equity.iloc[-1] / 1e5 - 1)
    assert figures["profit_factor"] and figures["max_drawdown"] > 0


def test_sharpe_and_sortino_by_hand():
    # mean 0.01; deviations 0.02, -0.02, 0: sample deviation 0.02
    returns = np.array([0.03, -0.01, 0.01])
    assert sharpe(returns, 4.0) == pytest.approx(0.01 / 0.02 * 2)
    assert sortino(returns, 4.0) == pytest.approx(0.01 / np.sqrt(0.0001 / 3) * 2)


@pytest.mark.parametrize("figure", [sharpe, sortino])
@pytest.mark.parametrize("returns", [[], [0.01], [0.0, 0.0, 0.0]])
def test_undefined_ratios_are_none(figure, returns):
    assert figure(np.array(returns), 252.0) is None


@pytest.mark.parametrize("value", [0.1, 1e-3, -0.07])
def test_returns_that_never_vary_have_no_sharpe(value):
    assert sharpe(np.full(7, value), 252.0) is None
    assert trade_figures(np.full(7, value), np.full(7, value))["sqn"] is None


def test_no_downside_no_sortino():
    assert sortino(np.array([0.01, 0.02]), 252.0) is None


def test_one_value_of_equity():
    day = pd.DatetimeIndex(["2024-01-01"])
    assert equity_figures(pd.Series([100.0], index=day)) == {
        "total_return": 0.0,
        "cagr": None,
        "sharpe": None,
        "sortino": None,
        "max_drawdown": 0.0,
    }


def test_losing_everything_has_no_growth_rate():
    days = pd.date_range("2024-01-01", periods=3)
    figures = equity_figures(pd.Series([100.0, 50.0, 0.0], index=days))
    assert figures["total_return"] == -1.0 and figures["max_drawdown"] == 1.0
    assert figures["cagr"] is None


@pytest.mark.parametrize("last", [0.0, -50.0])
def test_an_account_that_is_gone_stays_gone(last):
    days = pd.date_range("2024-01-01", periods=5)
    equity = pd.Series([100.0, 150.0, last, 2 * last, 3 * last], index=days)
    returns = bar_returns(equity.to_numpy())
    assert returns.tolist() == [0.5, -1.0, 0.0, 0.0]
    figures = equity_figures(equity)
    assert figures["sharpe"] < 0 and figures["sortino"] < 0  # a debt that grows is no gain


def test_drawdowns_by_hand():
    values = drawdowns(np.array([100.0, 120.0, 90.0, 120.0, 60.0]))
    assert values.tolist() == [0.0, 0.0, 0.25, 0.0, 0.5]


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30))
def test_rates_are_consistent(cash):
    pnl = np.array(cash, float)
    figures = trade_figures(pnl, pnl / 1_000)
    assert 0 <= win_rate(pnl) <= 1
    assert figures["won"] + figures["lost"] + (pnl == 0).sum() == figures["trades"]
    factor = profit_factor(pnl)
    if factor is not None:
        assert (factor > 1) == (pnl.sum() > 0)
