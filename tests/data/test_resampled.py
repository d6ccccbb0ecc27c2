"""Longer bars from shorter ones: whole ones alone, stamped with their open."""

import pandas as pd
import pytest

from bt_fusion import BarsError, OptionError
from bt_fusion.data.bars import check_bars
from bt_fusion.data.resampled import bar_seconds, resample_bars


def hours(*stamps):
    """Bars of an hour: the nth opens at 10 n, moves up by 4, and trades n."""
    index = pd.DatetimeIndex(stamps, name="datetime")
    opens = pd.Series([10.0 * (n + 1) for n in range(len(index))], index=index)
    columns = {"open": opens, "high": opens + 5, "low": opens - 1, "close": opens + 4}
    return check_bars(pd.DataFrame({**columns, "volume": opens / 10}))


def stamps(start, count, freq="h"):
    return pd.date_range(start, periods=count, freq=freq)


def test_a_bar_holds_what_the_shorter_ones_did():
    (row,) = resample_bars(hours(*stamps("2024-01-01", 4)), "4h").itertuples()
    assert row.Index == pd.Timestamp("2024-01-01")
    assert (row.open, row.high, row.low, row.close, row.volume) == (10, 45, 9, 44, 10)


def test_bars_that_begin_or_end_inside_the_data_are_left_out():
    made = resample_bars(hours(*stamps("2024-01-01 01:00", 12)), "4h")  # 01:00 to 12:00
    assert made.index.hour.tolist() == [4, 8]
    made = resample_bars(hours(*stamps("2024-01-01 01:00", 15)), "4h")  # to 15:00, until 16:00
    assert made.index.hour.tolist() == [4, 8, 12]


def test_a_gap_inside_leaves_what_there_is_and_an_empty_bar_is_none():
    given = [*stamps("2024-01-01", 6), *stamps("2024-01-01 15:00", 5)]
    made = resample_bars(hours(*given), "4h")
    assert made.index.hour.tolist() == [0, 4, 12, 16]
    assert made.volume.tolist() == [1 + 2 + 3 + 4, 5 + 6, 7, 8 + 9 + 10 + 11]


def test_weeks_begin_on_monday_and_days_at_midnight():
    days = hours(*stamps("2024-01-01", 15, "D"))  # a Monday
    assert resample_bars(days, "1w").index.tolist() == list(stamps("2024-01-01", 2, "7D"))
    assert resample_bars(hours(*stamps("1969-12-30 12:00", 37)), "1d").index.tolist() == [
        pd.Timestamp("1969-12-31"),
    ]


@pytest.mark.parametrize(
    ("length", "count", "message"),
    [
        ("1h", 20, "bars of 1h do not make bars of 1h; give a length that is a multiple"),
        ("90m", 20, "bars of 1h do not make bars of 90m"),
        ("4h", 3, "3 bars hold no whole bar of 4h"),
        ("4h", 1, "1 bars do not tell how long they are"),
    ],
)
def test_what_cannot_be_made_is_said(length, count, message):
    with pytest.raises(BarsError, match=message):
        resample_bars(hours(*stamps("2024-01-01", count)), length)


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "4 h", "4H", "-4h", "1.5h", "4y"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(OptionError, match="is no length of a bar; write 15m, 4h, 1d or 1w"):
        bar_seconds(text)
