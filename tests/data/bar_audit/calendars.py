"""Bars of several calendars, as an honest random walk has them."""

import numpy as np
import pandas as pd

from bt_fusion.data.samples import random_walk

NOW = pd.Timestamp("2026-01-01")


def bars_at(index, seed=0):
    """Return bars of a random walk at these stamps."""
    return random_walk(len(index), seed=seed).set_axis(index)


def around_the_clock(count=2_000, freq="h"):
    return bars_at(pd.date_range("2024-01-01", periods=count, freq=freq))


def stock_sessions(minutes=5, closes=False, holidays=("2024-01-15", "2024-07-04", "2024-12-25")):
    """Return a year of New York sessions, 9:30 to 16:00, in UTC: summer time moves them."""
    days = pd.bdate_range("2024-01-02", "2024-12-31")
    days = days[~days.isin(pd.DatetimeIndex(holidays))]
    offsets = pd.to_timedelta(np.arange(570, 960, minutes) + closes * minutes, unit="min")
    stamps = [day + offsets for day in days]
    local = stamps[0].append(stamps[1:]).tz_localize("America/New_York")
    return bars_at(local.tz_convert("UTC").tz_localize(None))


def weekdays(start="2020-01-06", end="2024-01-05"):
    return bars_at(pd.bdate_range(start, end))
