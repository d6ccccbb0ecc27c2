"""Figures in backtesting.py's keys, by hand; its own version 0.6.6 says the same of them."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.statistics.backtesting_stats import (
    Summary,
    beta_of,
    drawdown_spells,
    geometric_mean,
    kelly,
    summarize,
)

DAYS = pd.bdate_range("2024-01-01", periods=10)  # 252 of them a year
EQUITY = pd.Series(
    [1000.0, 1010, 1030, 1020, 1025, 1040, 1030, 1028, 1032, 1035], index=DAYS, name="equity"
)
CLOSES = np.array([100.0, 102, 101, 104, 103, 105, 106, 104, 107, 108])
KEYS = """Start|End|Duration|Exposure Time [%]|Equity Final [$]|Equity Peak [$]|Commissions [$]
Return [%]|Buy & Hold Return [%]|Return (Ann.) [%]|Volatility (Ann.) [%]|CAGR [%]
Sharpe Ratio|Sortino Ratio|Calmar Ratio|Alpha [%]|Beta|Max. Drawdown [%]
Avg. Drawdown [%]|Max. Drawdown Duration|Avg. Drawdown Duration|# Trades|Win Rate [%]
Best Trade [%]|Worst Trade [%]|Avg. Trade [%]|Max. Trade Duration|Avg. Trade Duration
Profit Factor|Expectancy [%]|SQN|Kelly Criterion|_strategy|_equity_curve|_trades""".replace(
    "\n", "|"
).split("|")  # of _stats.py, in its order


def listed(*rows):
    names = ("side", "entry", "entry_price", "exit", "exit_price", "size", "pnl", "exit_reason")
    table = pd.DataFrame(rows, columns=names)
    for name in ("entry", "exit"):
        table[f"{name}_time"] = DAYS[table.pop(name)] if len(table) else pd.to_datetime([])
    value = table.entry_price * table["size"]
    return table.assign(commission=1.0, symbol="SPY", value=value)


TRADES = listed(
    ("long", 1, 100.0, 3, 103.0, 10.0, 30.0, "horizon"),
    ("short", 4, 100.0, 6, 102.0, 10.0, -20.0, "stop"),
    ("long", 7, 100.0, 8, 104.0, 5.0, 20.0, "horizon"),
    ("long", 9, 108.0, 9, 108.0, 5.0, 0.0, "open"),  # not counted
)


def summed(trades=TRADES, equity=EQUITY, commission=4.0):
    hold = CLOSES[-1] / CLOSES[0] - 1
    return summarize(
        trades,
        equity,
        hold_return=hold,
        market=CLOSES[: len(equity)],
        exposure=0.6,
        commission=commission,
        strategy="Mine()",
    )


def test_names_and_order_are_backtesting_pys():
    found = summed()
    assert list(found) == KEYS
    assert list(summed(commission=0.0)) == [key for key in KEYS if key != "Commissions [$]"]


def test_trades_by_hand():
    found = summed()
    assert found["# Trades"] == 3
    assert found["Win Rate [%]"] == pytest.approx(200 / 3)
    assert (found["Best Trade [%]"], found["Worst Trade [%]"]) == (
        4.0,
        -2.0,
    )  # 20 / 500, -20 / 1000
    assert found["Expectancy [%]"] == pytest.approx(5 / 3)  # 3, -2 and 4 %
    assert found["Avg. Trade [%]"] == pytest.approx(100 * ((1.03 * 0.98 * 1.04) ** (1 / 3) - 1))
    assert found["Profit Factor"] == pytest.approx(7 / 2)  # 3 + 4 over 2 %
    assert found["SQN"] == pytest.approx(
        np.sqrt(3) * 10 / np.sqrt(700)
    )  # 20^2 + 30^2 + 10^2 over 2
    assert found["Kelly Criterion"] == pytest.approx(2 / 3 - (1 / 3) / (25 / 20))
    # 2 January to 4, 5 January (Friday) to 9, 10 to 11
    assert found["Max. Trade Duration"] == pd.Timedelta(days=4)
    assert found["Avg. Trade Duration"] == pd.Timedelta(days=3)  # 7 / 3, in whole days


def test_equity_by_hand():
    found = summed()
    assert found["Duration"] == pd.Timedelta(days=11)
    assert (found["Equity Final [$]"], found["Equity Peak [$]"]) == (1035.0, 1040.0)
    assert found["Return [%]"] == pytest.approx(3.5)
    assert found["Return (Ann.) [%]"] == pytest.approx(100 * (1.035 ** (252 / 9) - 1))
    assert found["CAGR [%]"] == pytest.approx(100 * (1.035 ** (365.25 / 11) - 1))
    # 1030 to 1020 until the new peak at 1040 (3 to 8 January); then from 1040, lasting
    depths = [10 / 1030, 12 / 1040]
    assert found["Max. Drawdown [%]"] == pytest.approx(-100 * max(depths))
    assert found["Avg. Drawdown [%]"] == pytest.approx(-100 * np.mean(depths))
    assert found["Max. Drawdown Duration"] == pd.Timedelta(days=5)
    assert found["Avg. Drawdown Duration"] == pd.Timedelta(days=5)  # 5 and 4: in whole days
    returns = np.diff(EQUITY) / EQUITY.to_numpy()[:-1]
    spread = returns.std(ddof=1)
    assert found["Volatility (Ann.) [%]"] == pytest.approx(100 * spread * np.sqrt(252))
    assert found["Sharpe Ratio"] == pytest.approx(returns.mean() / spread * np.sqrt(252))
    annual, worst = found["Return (Ann.) [%]"], found["Max. Drawdown [%]"]
    assert found["Calmar Ratio"] == pytest.approx(-annual / worst)
    assert found["Buy & Hold Return [%]"] == pytest.approx(8.0)
    assert found["Alpha [%]"] == pytest.approx(3.5 - found["Beta"] * 8)
    assert found["Exposure Time [%]"] == 60


def test_what_backtesting_py_says_of_the_same_equity_and_trades():
    """Written down from compute_stats of backtesting.py 0.6.6, given these three trades."""
    found = summed()
    for key, theirs in THEIRS.items():
        same = theirs if isinstance(theirs, pd.Timedelta) else pytest.approx(theirs, rel=1e-9)
        assert found[key] == same, key


THEIRS = {
    "Equity Peak [$]": 1040.0,
    "Return [%]": 3.5000000000000004,
    "Buy & Hold Return [%]": 8.0,
    "Return (Ann.) [%]": 162.01719570609737,
    "CAGR [%]": 213.3917242191036,
    "Calmar Ratio": 140.41490294528487,
    "Alpha [%]": 4.335082548265134,
    "Beta": -0.1043853185331416,
    "Max. Drawdown [%]": -1.1538461538461497,
    "Avg. Drawdown [%]": -1.0623599701269582,
    "Max. Drawdown Duration": pd.Timedelta(days=5),
    "Avg. Drawdown Duration": pd.Timedelta(days=5),
    "Win Rate [%]": 66.66666666666666,
    "Best Trade [%]": 4.0,
    "Worst Trade [%]": -2.0,
    "Avg. Trade [%]": 1.6324074600278848,
    "Max. Trade Duration": pd.Timedelta(days=4),
    "Avg. Trade Duration": pd.Timedelta(days=3),
    "Expectancy [%]": 1.6666666666666667,
    "SQN": 0.6546536707079771,
    "Kelly Criterion": 0.3999999999999999,
}


def test_beta_is_one_for_the_market_itself():
    assert beta_of(CLOSES * 7, CLOSES) == pytest.approx(1)
    assert beta_of(CLOSES**2, CLOSES) == pytest.approx(2)  # of log returns
    assert np.isnan(beta_of(CLOSES, np.ones(10))) and np.isnan(beta_of(CLOSES[:2], CLOSES[:2]))
    assert np.isnan(beta_of(-CLOSES, CLOSES))


def test_figures_without_trades_or_movement_are_undefined():
    flat = pd.Series(1000.0, index=DAYS)
    found = summed(listed(), flat)
    assert found["# Trades"] == 0 and found["Return [%]"] == 0 and found["Max. Drawdown [%]"] == 0
    undefined = {key for key, value in found.items() if np.isscalar(value) and value != value}
    assert undefined >= {"Win Rate [%]", "Sharpe Ratio", "Profit Factor", "SQN", "Kelly Criterion"}
    assert undefined >= {"Best Trade [%]", "Avg. Drawdown [%]", "Calmar Ratio"}
    assert len(found["_trades"]) == 0 and found["Avg. Trade Duration"] is pd.NaT
    short = summed(listed(), flat.iloc[:1])
    assert short["Duration"] == pd.Timedelta(0) and np.isnan(short["Volatility (Ann.) [%]"])


def test_a_loss_of_everything_and_one_sided_trades():
    assert geometric_mean(np.array([0.5, -1.0])) == 0 and np.isnan(geometric_mean(np.array([])))
    assert np.isnan(kelly(np.array([1.0]))) and np.isnan(kelly(np.array([-1.0])))


def test_tables_have_backtesting_pys_columns():
    found = summed()
    curve, trades = found["_equity_curve"], found["_trades"]
    assert list(curve) == ["Equity", "DrawdownPct", "DrawdownDuration"] and len(curve) == 10
    assert curve.DrawdownDuration.dropna().dt.days.tolist() == [5, 4]
    assert trades.Size.tolist() == [10.0, -10.0, 5.0]
    assert trades.EntryBar.tolist() == [1, 4, 7] and trades.ExitBar.tolist() == [3, 6, 8]
    assert trades.Tag.tolist() == ["horizon", "stop", "horizon"]
    assert trades.ReturnPct.tolist() == [0.03, -0.02, 0.04]


def test_drawdowns_that_touch_and_none_at_all():
    spells = drawdown_spells(pd.Series([1.0, 2, 3], index=DAYS[:3]))
    assert len(spells) == 0
    spells = drawdown_spells(pd.Series([2.0, 1, 2, 1], index=DAYS[:4]))
    assert spells.depth.tolist() == [0.5, 0.5] and spells.duration.dt.days.tolist() == [2, 1]


def test_it_prints_as_backtesting_pys_series():
    undefined = {"Win Rate [%]": np.nan}
    text = repr(Summary(summed() | undefined, dtype=object))
    lines = text.splitlines()
    assert len(lines) == len(KEYS) + 1 and lines[-1] == "dtype: object"
    assert lines[22].startswith("Win Rate [%]") and lines[22].endswith("--")
