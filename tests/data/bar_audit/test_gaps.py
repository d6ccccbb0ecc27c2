"""Gaps by the calendar of the bars themselves."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bar_audit import audit_bars
from tests.data.bar_audit.calendars import (
    NOW,
    around_the_clock,
    bars_at,
    stock_sessions,
    weekdays,
)


def gaps(bars):
    """Return (gaps, bars missing, stamps of the bars after them) of bars with nothing else."""
    found = audit_bars(bars, NOW).findings
    assert [finding.kind for finding in found] in ([], ["gaps"])
    return (found[0].count, found[0].bars, list(map(str, found[0].first))) if found else None


def without(bars, *spans):
    for start, end in spans:
        bars = bars.drop(bars.loc[start:end].index)
    return bars


def test_every_missing_bar_of_a_market_that_never_closes_counts():
    bars = without(
        around_the_clock(),
        ("2024-01-02 03:00", "2024-01-02 03:00"),
        ("2024-02-10 20:00", "2024-02-12 01:00"),
    )
    assert gaps(bars) == (2, 31, ["2024-01-02 04:00:00", "2024-02-12 02:00:00"])


def test_a_missing_day_of_a_market_that_never_closes_counts():
    bars = without(around_the_clock(400, "D"), ("2024-03-09", "2024-03-09"))
    assert gaps(bars) == (1, 1, ["2024-03-10 00:00:00"])


def test_bars_missing_inside_a_session_count():
    bars = without(stock_sessions(), ("2024-05-07 15:00", "2024-05-07 15:25"))
    assert gaps(bars) == (1, 6, ["2024-05-07 15:30:00"])


def test_nights_weekends_holidays_and_early_closes_do_not_count():
    bars = without(stock_sessions(), ("2024-07-03 17:00", "2024-07-03 23:00"))
    assert gaps(bars) is None


def test_several_sessions_in_a_row_count():
    bars = without(stock_sessions(), ("2024-05-07", "2024-05-09"))
    assert gaps(bars) == (1, 3 * 78, ["2024-05-10 13:30:00"])


def test_a_holiday_of_a_weekday_market_does_not_count_and_a_closed_week_does():
    bars = without(weekdays(), ("2021-07-05", "2021-07-05"), ("2022-12-28", "2022-12-28"))
    assert gaps(bars) is None
    assert gaps(without(bars, ("2023-10-02", "2023-10-06"))) == (1, 5, ["2023-10-09 00:00:00"])


@pytest.mark.parametrize("freq", ["W-MON", "MS", "ME"])
def test_weeks_and_months(freq):
    bars = bars_at(pd.date_range("2010-01-01", "2019-12-31", freq=freq))
    assert gaps(bars) is None
    assert gaps(bars.drop(bars.index[[30, 31]])) == (1, 2, [str(bars.index[32])])


def test_a_gap_of_months_counts_by_the_share_of_the_week_that_is_traded():
    bars = without(stock_sessions(), ("2024-04-01", "2024-07-31"))
    count, missing, _ = gaps(bars)
    whole = len(stock_sessions()) - len(bars)
    assert count == 1
    assert missing == pytest.approx(whole, rel=0.05)


def test_bars_without_a_usual_length_have_no_gaps():
    steps = pd.to_timedelta(np.cumsum([(7 * k * k) % 101 + 1 for k in range(300)]), unit="s")
    audit = audit_bars(bars_at(pd.Timestamp("2024-01-01") + steps), NOW)
    assert (audit.length, audit.counts()) == (None, {})


def test_lunch_breaks_do_not_count_and_a_missing_bar_beside_them_does():
    clock = [90 + 30 * k for k in range(4)] + [300 + 30 * k for k in range(4)]  # Hong Kong, UTC
    days = pd.bdate_range("2024-01-01", "2024-04-30")
    stamps = [day + pd.Timedelta(minutes=minute) for day in days for minute in clock]
    bars = bars_at(pd.DatetimeIndex(stamps))
    assert gaps(bars) is None
    inside = without(bars, ("2024-03-05 02:00", "2024-03-05 02:00"))
    assert gaps(inside) == (1, 1, ["2024-03-05 02:30:00"])
