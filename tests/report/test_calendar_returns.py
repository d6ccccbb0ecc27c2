"""Returns by month and year, or by day and week."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.calendar_returns import period_returns


def equity(times, **runs):
    return pd.DataFrame({"datetime": pd.to_datetime(times), **runs})


def test_months_begin_at_the_last_close_of_the_month_before():
    times = ["2023-11-30", "2023-12-15", "2023-12-31", "2024-01-31", "2024-06-30"]
    found = period_returns(equity(times, off=[100, 90, 110, 121, 121], on=[100, 100, 100, 100, 50]))
    assert found.kind == "Monthly" and found.lines == ["2023", "2024"]
    off = found.values["off"]
    assert off.shape == (2, 12)
    assert off[0, 10:] == pytest.approx([0, 0.1])
    assert off[1, [0, 5]] == pytest.approx([0.1, 0]) and np.isnan(off[1, 1:5]).all()
    assert found.totals["off"] == pytest.approx([0.1, 0.1])
    assert found.totals["on"] == pytest.approx([0, -0.5])


def test_short_runs_are_told_by_day():
    times = ["2024-01-05 23:00", "2024-01-08 01:00", "2024-01-08 23:00", "2024-01-09 12:00"]
    found = period_returns(equity(times, on=[100, 105, 110, 99]))
    assert found.kind == "Daily" and found.columns[0] == "Mon"
    assert found.lines == ["2024-01-01", "2024-01-08"]
    assert found.values["on"][0, 4] == 0 and found.values["on"][1, :2] == pytest.approx([0.1, -0.1])


def test_all_periods_compound_to_the_total():
    rng = np.random.default_rng(0)
    times = pd.date_range("2020-01-15", periods=900)
    values = 100 * np.cumprod(1 + rng.normal(0, 0.01, 900))
    found = period_returns(pd.DataFrame({"datetime": times, "on": values}))
    assert np.prod(1 + found.totals["on"]) == pytest.approx(values[-1] / values[0])
