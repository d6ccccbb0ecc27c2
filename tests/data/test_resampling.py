"""Bars of a longer timeframe: what they hold, and when they are closed."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.timeframes import random_bars
from bt_fusion import BarsError, OptionError
from bt_fusion.data.bars import BarArrays, check_bars
from bt_fusion.data.resampling import closed_bars, resample_bars
from bt_fusion.data.timestamps import bar_seconds, length_seconds

HOUR, DAY, WEEK = 3_600, 86_400, 604_800


def made(index):
    return BarArrays.of(random_bars(pd.DatetimeIndex(index), np.random.default_rng(1)))


def test_whole_bars_are_those_of_pandas():
    index = pd.date_range("2024-03-01", periods=240, freq="h")
    bars = random_bars(index, np.random.default_rng(1))
    longer, closes = closed_bars(BarArrays.of(bars), 4 * HOUR, HOUR)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = bars.resample("4h").agg(how)
    np.testing.assert_array_equal(longer.time, expected.index.to_numpy())
    for name in how:
        np.testing.assert_allclose(getattr(longer, name), expected[name])
    np.testing.assert_array_equal(
        closes, (expected.index + pd.Timedelta("4h")).astype("datetime64[ns]").astype(np.int64)
    )


def test_weeks_begin_on_monday():
    longer, _ = closed_bars(made(pd.bdate_range("2024-01-01", periods=15)), WEEK, DAY)
    assert pd.DatetimeIndex(longer.time).day_of_week.tolist() == [0, 0, 0]


def test_a_first_bar_that_begins_early_is_left_out():
    index = pd.date_range("2024-01-01T01:00", periods=11, freq="h")
    longer, _ = closed_bars(made(index), 4 * HOUR, HOUR)
    assert longer.time[0] == np.datetime64("2024-01-01T04:00")
    assert len(closed_bars(made(index[:3]), 4 * HOUR, HOUR)[0]) == 0


def test_a_bar_belongs_to_the_longer_one_in_which_it_closes():
    index = pd.date_range("2024-01-01", periods=8, freq="h")
    odd = index.append(pd.DatetimeIndex(["2024-01-01T03:30"])).sort_values()
    bars = made(odd)
    longer, _ = closed_bars(bars, 4 * HOUR, HOUR)
    np.testing.assert_array_equal(longer.close[0], bars.close[3])  # that of 03:00, not of 03:30
    np.testing.assert_array_equal(longer.open[1], bars.open[4])


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [
        ([0, 1, 2, 3], HOUR),
        ([0, 1, 24, 25, 48, 49], HOUR),  # two a day: an hour apart, not a day or so
        ([0, 24, 96, 120], DAY),
        ([0], None),
    ],
)
def test_bars_are_as_long_as_they_are_usually_apart(hours, seconds):
    time = np.datetime64("2024-01-01", "ns") + np.array(hours) * np.timedelta64(1, "h")
    assert bar_seconds(time) == seconds


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "4x", "1M", "1.5h", "-4h", "٤h"])
def test_a_timeframe_is_a_number_and_a_unit(text):
    with pytest.raises(OptionError, match="is not a length such as 30m, 4h, 1d or 1w"):
        length_seconds(text)


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
def test_what_cannot_be_made_is_reported(length, count, message):
    with pytest.raises(BarsError, match=message):
        resample_bars(hours(*stamps("2024-01-01", count)), length)
