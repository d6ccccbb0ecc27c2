"""Calendar: hour and weekday on a circle, and the sessions of the day (UTC)."""

import numpy as np

from bt_fusion.data.bars import BarArrays, shared
from bt_fusion.features.registry import feature

DAY = 24 * 60  # minutes
WEEK = 7 * DAY
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
# UTC hours, the end not included; New York and London without daylight saving
SESSIONS = {"asia": (0, 8), "london": (8, 16), "new_york": (13, 21)}

# One value for each minute of the week
MINUTE = np.arange(WEEK) % DAY
DAY_CIRCLE = 2 * np.pi * MINUTE / DAY
WEEK_CIRCLE = 2 * np.pi * (np.arange(WEEK) // DAY) / 7
DAY_SIN, DAY_COS = np.sin(DAY_CIRCLE), np.cos(DAY_CIRCLE)
WEEK_SIN, WEEK_COS = np.sin(WEEK_CIRCLE), np.cos(WEEK_CIRCLE)
OPEN = tuple(np.isin(MINUTE // 60, range(*hours)) + 0.0 for hours in SESSIONS.values())


@feature("hour_sin", "hour_cos", lookback=1, family="calendar")
def hour(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Minute of the day as sine and cosine (UTC)."""
    minute = _minute_of_week(bars)
    return DAY_SIN[minute], DAY_COS[minute]


@feature("weekday_sin", "weekday_cos", lookback=1, family="calendar")
def weekday(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Weekday as sine and cosine, Monday first."""
    minute = _minute_of_week(bars)
    return WEEK_SIN[minute], WEEK_COS[minute]


@feature(*(f"session_{name}" for name in SESSIONS), lookback=1, family="calendar")
def sessions(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """1 while the session is open, else 0 (UTC: Asia 0-8, London 8-16, New York 13-21)."""
    minute = _minute_of_week(bars)
    return tuple(is_open[minute] for is_open in OPEN)


@shared
def _minute_of_week(bars: BarArrays) -> np.ndarray:
    minutes = bars.time.astype("datetime64[m]").astype(np.int64)
    minutes += EPOCH_WEEKDAY * DAY
    minutes %= WEEK
    return minutes
