"""Bars of a longer timeframe: what they hold, and when they are closed."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.timeframes import random_bars
from bt_fusion import OptionError
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.resampling import closed_bars
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
    with pytest.raises(OptionError, match="is no length such as 30m, 4h, 1d or 1w"):
        length_seconds(text)
