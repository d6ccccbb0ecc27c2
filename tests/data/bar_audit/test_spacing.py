"""The usual bar length, and bars of another."""

import pandas as pd
import pytest

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.bar_audit.finding import first_of_stretches
from tests.data.bar_audit.calendars import NOW, bars_at, stock_sessions


def found(bars):
    return {f.kind: (f.count, f.bars) for f in audit_bars(bars, NOW).findings}


def hours(start, periods, freq="h"):
    return pd.date_range(start, periods=periods, freq=freq)


def test_shorter_bars_among_longer_ones():
    index = hours("2024-01-01", 200).append(hours("2024-01-09 08:05", 12, "5min"))
    index = index.append(hours("2024-01-09 10:00", 200))
    assert found(bars_at(index)) == {"lengths": (1, 11)}


def test_longer_bars_before_shorter_ones():
    index = hours("2024-01-01", 50, "D").append(hours("2024-02-20", 500))
    assert found(bars_at(index)) == {"lengths": (1, 50)}
    assert audit_bars(bars_at(index), NOW).length == "1h"


def test_three_steps_of_one_length_are_gaps():
    index = hours("2024-01-01", 200).append(hours("2024-01-09 10:00", 3, "3h"))
    index = index.append(hours("2024-01-09 17:00", 200))
    assert found(bars_at(index)) == {"gaps": (3, 6)}


def test_a_short_first_bar_of_each_session_belongs_to_the_calendar():
    half = stock_sessions(30).index  # 9:30, 10:00, 10:30, ...
    kept = [
        stamp
        for day in half.normalize().unique()
        for stamp in trimmed(half[half.normalize() == day])
    ]
    audit = audit_bars(bars_at(pd.DatetimeIndex(kept)), NOW)
    assert (audit.length, audit.counts()) == ("1h", {})


def trimmed(session):
    """Return the first half hour, then full hours."""
    return [session[0], *session[1::2]]


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_sessions_have_one_length(minutes):
    assert audit_bars(stock_sessions(minutes), NOW).counts() == {}


def test_stretches_begin_where_a_row_has_no_neighbour_before():
    rows = pd.Index([0, 1, 5, 7, 8]).to_numpy()
    assert first_of_stretches(rows).tolist() == [0, 5, 7]
