"""Calendar: hour and weekday on a circle, and the sessions of the day (UTC)."""

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.features.registry import feature

MINUTES = 24 * 60
DAY_CIRCLE = 2 * np.pi * np.arange(MINUTES) / MINUTES
DAY_SIN, DAY_COS = np.sin(DAY_CIRCLE), np.cos(DAY_CIRCLE)
WEEK_CIRCLE = 2 * np.pi * np.arange(7) / 7
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
# UTC hours, the end not included; New York and London without daylight saving
SESSIONS = {"asia": (0, 8), "london": (8, 16), "new_york": (13, 21)}


@feature("hour_sin", "hour_cos", lookback=1, family="calendar")
def hour(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Minute of the day on the unit circle."""
    minute = _minute_of_day(bars)
    return DAY_SIN[minute], DAY_COS[minute]


@feature("weekday_sin", "weekday_cos", lookback=1, family="calendar")
def weekday(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """Weekday on the unit circle, Monday first."""
    days = bars.time.astype("datetime64[D]").astype(np.int64)
    day = (days + EPOCH_WEEKDAY) % 7
    return np.sin(WEEK_CIRCLE)[day], np.cos(WEEK_CIRCLE)[day]


@feature(*(f"session_{name}" for name in SESSIONS), lookback=1, family="calendar")
def sessions(bars: BarArrays) -> tuple[np.ndarray, ...]:
    """1 while a session is open, else 0."""
    hour = _minute_of_day(bars) // 60
    return tuple(
        ((hour >= start) & (hour < end)).astype(np.float64) for start, end in SESSIONS.values()
    )


def _minute_of_day(bars: BarArrays) -> np.ndarray:
    return bars.time.astype("datetime64[m]").astype(np.int64) % MINUTES
