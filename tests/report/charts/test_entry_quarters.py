"""Trades in quarters of the probability at entry: by hand."""

import numpy as np
import pytest

from bt_fusion.report.charts.entry_quarters import entry_quarters
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.saved_runs.forty_trades import forty_trades


@pytest.fixture
def run():
    """Forty trades by hand."""
    return forty_trades()


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
