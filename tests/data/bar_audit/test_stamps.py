"""Open or close, finished or not: what stamps tell, and what they do not."""

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


def side(bars):
    return audit_bars(bars, NOW).stamps


def shifted(bars, **by):
    return bars.set_axis(bars.index + pd.Timedelta(**by))


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("minutes", [1, 5, 15])
def test_sessions_tell_open_from_close(minutes):
    assert side(stock_sessions(minutes)) == "open"
    assert side(stock_sessions(minutes, closes=True)) == "close"


def test_sessions_of_half_hours_and_markets_without_sessions_do_not_tell():
    assert side(stock_sessions(30)) == "unknown"
    assert side(around_the_clock()) == "unknown"
    assert side(around_the_clock(400, "D")) == "unknown"


def test_an_exchange_s_close_time_tells():
    bars = shifted(around_the_clock(), minutes=59, seconds=59, milliseconds=999)
    assert side(bars) == "close"


def test_days_tell_by_the_days_of_the_week():
    assert side(weekdays()) == "open"
    assert side(shifted(weekdays(), days=1)) == "close"
    assert side(shifted(weekdays(), hours=21)) == "unknown"


@pytest.mark.parametrize(
    ("freq", "expected"),
    [("W-MON", "open"), ("W-FRI", "close"), ("W-SUN", "unknown"), ("MS", "open"), ("ME", "close")],
)
def test_weeks_and_months_tell_by_the_day_they_stand_on(freq, expected):
    assert side(bars_at(pd.date_range("2015-01-01", periods=100, freq=freq))) == expected


def unfinished(bars, now):
    return audit_bars(bars, pd.Timestamp(now)).counts()


def test_the_last_bar_is_unfinished_until_it_has_ended():
    bars = around_the_clock(48)  # the last from 23:00 to 24:00
    assert unfinished(bars, "2024-01-02 23:30") == {"unfinished": 1}
    assert unfinished(bars, "2024-01-03 00:00") == {}


def test_a_close_stamp_ends_its_bar():
    bars = shifted(around_the_clock(48), minutes=59, seconds=59)
    assert unfinished(bars, "2024-01-03 00:00") == {}
    assert unfinished(bars, "2024-01-02 23:30") == {"unfinished": 1}


def test_a_last_bar_off_the_usual_places_is_unfinished():
    bars = around_the_clock(48)
    stamps = bars.index.append(pd.DatetimeIndex(["2024-01-02 23:37"]))
    assert unfinished(bars_at(stamps), NOW) == {"unfinished": 1}
