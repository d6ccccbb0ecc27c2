"""The probability at the entry of each trade: by hand."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.saved_runs.entry_probabilities import entry_probabilities, listed_trades
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.saved_runs.forty_trades import forty_trades


@pytest.fixture
def run():
    """Forty trades by hand."""
    return forty_trades()


def test_each_trade_has_the_probability_of_its_side_on_the_bar_of_its_signal(run):
    np.testing.assert_allclose(entry_probabilities(run), 0.5 + np.arange(40) / 100)


def test_older_runs_take_the_bar_before_the_entry(run):
    trades = run.trades.drop(columns="signal_time")
    found = entry_probabilities(SavedRun(run.summary, trades, run.predictions))
    np.testing.assert_allclose(found, 0.5 + np.arange(40) / 100)


def test_an_entry_before_the_first_prediction_has_none(run):
    trades = run.trades.assign(signal_time=run.trades.signal_time - pd.Timedelta(hours=1))
    assert np.isnan(entry_probabilities(SavedRun(run.summary, trades, run.predictions))[0])


def test_listed_trades_tell_whether_the_other_run_entered_too(run):
    times = run.trades.entry_time.copy()
    times[38:] = times[2]  # a long and a short entry on the bar of a long one with ML off
    trades = run.trades.assign(entry_time=times)
    found = listed_trades(SavedRun(run.summary, trades, run.predictions), "on")
    assert found.index.tolist() == list(range(1, 11))
    assert found.shared.tolist() == [False] * 8 + [True, False]
    np.testing.assert_allclose(found.probability, 0.8 + np.arange(10) / 100)
    assert found.threshold.isna().all()
    limits = run.predictions.assign(threshold=np.arange(41) / 100)
    of_bars = listed_trades(SavedRun(run.summary, trades, limits), "on").threshold
    np.testing.assert_allclose(of_bars, 0.3 + np.arange(10) / 100)


def test_of_a_run_alone_no_trade_is_shared(run):
    alone = SavedRun({**run.summary, "ml_off": None}, run.trades[30:], run.predictions)
    assert "shared" not in listed_trades(alone, "on")
