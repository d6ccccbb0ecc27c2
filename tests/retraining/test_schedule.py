"""When a model is due, and how many bars judge it."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.errors import OptionError
from bt_fusion.retraining.schedule import Schedule

HORIZON = 5


def hours(start, count):
    return pd.date_range(start, periods=count, freq="h").to_numpy()


@pytest.mark.parametrize(
    ("every", "stamp", "start"),
    [
        ("month", "2024-01-31 23:59", "2024-02-01"),
        ("month", "2024-02-01", "2024-03-01"),
        ("month", "2024-12-05", "2025-01-01"),
        ("week", "2024-01-07 23:00", "2024-01-08"),  # a Sunday
        ("week", "2024-01-08", "2024-01-15"),
        ("week", "2024-12-31", "2025-01-06"),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(every, stamp, start):
    assert Schedule(every).next_start(pd.Timestamp(stamp)) == pd.Timestamp(start)


def test_it_is_due_with_the_first_bar_of_the_next_week():
    until = pd.Timestamp("2024-01-03")
    early, late = hours("2024-01-01", 168), hours("2024-01-01", 169)
    week = Schedule("week")
    assert week.why_not(early, until, until, HORIZON) == (
        "not due until a bar of 2024-01-08 00:00 UTC; the bars end 2024-01-07 23:00"
    )
    assert week.why_not(late, until, until, HORIZON) == ""


def test_too_few_unseen_bars_are_not_due():
    time = hours("2024-01-01", 24 * 31 + 1)
    until, since = pd.Timestamp("2024-01-28"), pd.Timestamp("2024-01-20")
    assert Schedule().why_not(time, since, until, HORIZON) == (
        "not due until there are 106 bars that the model has not seen, 105 to judge by and the "
        "others to learn from; there are 96 after 2024-01-28 00:00"
    )
    assert Schedule().why_not(time, since, until - pd.Timedelta(hours=10), HORIZON) == ""


@pytest.mark.parametrize(
    ("seen", "test_bars"),
    [
        (1_400, 300),  # half of the unseen
        (100, 744),  # at most a month, of December
        (1_850, 105),  # at least 100 rows, and the label's 5 bars
    ],
)
def test_half_of_the_unseen_bars_are_test_bars(seen, test_bars):
    time = hours("2023-10-10 08:00", 2_000)  # to the last hour of the year
    assert time[-1] == np.datetime64("2024-01-01T15:00")
    assert Schedule().test_bars(time, pd.Timestamp(time[seen - 1]), HORIZON) == test_bars


def test_long_labels_want_more_rows():
    assert Schedule().least(5) == 105 and Schedule().least(24) == 264
    assert Schedule(judge_bars=54).least(24) == 54


def test_bad_values_say_what_to_do():
    with pytest.raises(OptionError, match=r"unknown period 'day'.*Known: month, week"):
        Schedule("day")
    with pytest.raises(OptionError, match="judge-bars 34 must be 35 or more"):
        Schedule(judge_bars=34).least(5)
