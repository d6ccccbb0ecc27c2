"""Trades in quarters of the probability at entry: by hand."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.charts.entry_quarters import entry_probabilities, entry_quarters
from bt_fusion.saved_runs.saved_run import SavedRun

STAMPS = pd.date_range("2024-01-01", periods=41, freq="h")


@pytest.fixture
def run():
    """Forty trades a bar apart; the probability of their side is 0.50, 0.51, ... 0.89."""
    up = np.append(0.5 + np.arange(40) / 100, np.nan)
    short = np.arange(41) % 2 == 1
    predictions = pd.DataFrame(
        {
            "datetime": STAMPS,
            "probability_up": np.where(short, 1 - up, up),
            "probability_down": np.where(short, up, 1 - up),
        }
    )
    trades = pd.DataFrame(
        {
            "run": np.where(np.arange(40) < 30, "off", "on"),
            "symbol": "A",
            "side": np.where(short[:40], "short", "long"),
            "signal_time": STAMPS[:40],
            "entry_time": STAMPS[1:],
            "entry_price": 100.0,
            "size": 1.0,
            "pnl": np.where(np.arange(40) < 20, -1.0, 2.0),
            "exit_reason": "flip",
        }
    )
    summary = {"ml_off": {}, "ml_on": {}, "symbols": None, "data": {"name": "A"}}
    return SavedRun(summary, trades, predictions)


def test_each_trade_has_the_probability_of_its_side_on_the_bar_of_its_signal(run):
    np.testing.assert_allclose(entry_probabilities(run), 0.5 + np.arange(40) / 100)


def test_older_runs_take_the_bar_before_the_entry(run):
    trades = run.trades.drop(columns="signal_time")
    found = entry_probabilities(SavedRun(run.summary, trades, run.predictions))
    np.testing.assert_allclose(found, 0.5 + np.arange(40) / 100)


def test_an_entry_before_the_first_prediction_has_none(run):
    trades = run.trades.assign(signal_time=run.trades.signal_time - pd.Timedelta(hours=1))
    assert np.isnan(entry_probabilities(SavedRun(run.summary, trades, run.predictions))[0])


def test_quarters_are_those_of_both_runs_together(run):
    found = entry_quarters(run)
    assert found.counts["off"].tolist() == [10, 10, 10, 0]
    assert found.counts["on"].tolist() == [0, 0, 0, 10]
    np.testing.assert_array_equal(found.win_rates["off"], [0, 0, 1, np.nan])
    np.testing.assert_allclose(found.means["on"], [np.nan, np.nan, np.nan, 0.02])
    np.testing.assert_allclose(found.edges, [0.5, 0.5975, 0.695, 0.7925, 0.89])
    assert found.names[3] == "0.792 to 0.890"
    assert found.rows()[2][1:] == ["10", "0", "100.0 %", "-", "2.000 %", "-"]
    assert found.head()[:3] == ["Probability of the side", "Trades off", "on"]


def test_of_few_trades_in_a_quarter_only_their_number_is_told(run):
    runs = np.where(np.arange(40) < 36, "off", "on")
    found = entry_quarters(SavedRun(run.summary, run.trades.assign(run=runs), run.predictions))
    assert found.counts["on"].tolist() == [0, 0, 0, 4]
    assert np.isnan(found.win_rates["on"]).all() and np.isnan(found.means["on"]).all()


def test_too_few_trades_make_no_quarters(run):
    assert entry_quarters(SavedRun(run.summary, run.trades[:19], run.predictions)) is None


def test_open_trades_are_left_out(run):
    trades = run.trades.assign(exit_reason=["open", *["flip"] * 39])
    found = entry_quarters(SavedRun(run.summary, trades, run.predictions))
    assert found.counts["off"].sum() + found.counts["on"].sum() == 39
