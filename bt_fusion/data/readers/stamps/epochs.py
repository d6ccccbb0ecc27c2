"""Stamps as numbers: epochs in any unit, and dates such as 20240131."""

import numpy as np
import pandas as pd

__all__ = ["stamps_of_numbers"]

# The size tells the unit of an epoch, row by row (an exchange's dumps changed from milli- to
# microseconds in 2025): below 1e11 it is seconds (1e11 s is the year 5138), and so on. If most rows
# of one size would lie past 2261, they are in the next smaller unit, from 1970..73.
MICROSECONDS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))
ROW_NUMBERS = 1e8  # 1973 in seconds; if all are below, the column counts rows, not time
LATEST = 9.2e15  # microseconds: the year 2261, about the end of nanosecond stamps
# Whole numbers between these are dates: 20240131, 202401310930, 20240131093000. As epochs they
# would be of 1970 and 1976; they cannot all be valid dates by chance
DATES = (
    (19_000_101, 22_001_231, "%Y%m%d"),
    (190_001_010_000, 220_012_312_359, "%Y%m%d%H%M"),
    (19_000_101_000_000, 22_001_231_235_959, "%Y%m%d%H%M%S"),
)


def stamps_of_numbers(numbers: pd.Series) -> pd.Series:
    """Return UTC stamps of float64 epochs or dates, NaT if not a time."""
    given = numbers.dropna()
    whole = bool((given % 1 == 0).all())
    for first, last, form in DATES:
        if whole and given.between(first, last).all():
            text = numbers.astype("Int64").astype("string")
            stamps = pd.to_datetime(text, format=form, errors="coerce", utc=True)
            if form == "%Y%m%d" or not stamps[given.index].isna().any():
                return stamps
    return _of_epochs(numbers)


def _of_epochs(numbers: pd.Series) -> pd.Series:
    size = numbers.abs().to_numpy()
    if not np.nanmax(size) >= ROW_NUMBERS:
        size = np.full(len(size), np.nan)
    micro = np.round(numbers.to_numpy() * _factors(size))
    micro[~(np.abs(micro) < LATEST) | np.isnan(size)] = np.nan
    return pd.to_datetime(pd.Series(micro).astype("Int64"), unit="us", utc=True)


def _factors(size: np.ndarray) -> np.ndarray:
    """Return the factor that converts each stamp, by its size, to microseconds."""
    limits, factors = map(np.array, zip(*MICROSECONDS, strict=True))
    unit = np.searchsorted(limits[:-1], size, side="right")
    for each in range(len(factors) - 2, -1, -1):  # from the smaller units, so that shifts add up
        rows = size[unit == each]
        if len(rows) and np.mean(rows * factors[each] >= LATEST) > 0.5:
            factors[each] = factors[each + 1]
    return factors[unit]
