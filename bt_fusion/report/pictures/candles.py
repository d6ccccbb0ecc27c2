"""Candles side by side, one position per bar, without gaps, with dates below."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num, num2date

__all__ = ["date_axis", "draw_candles"]

RISING, FALLING = "0.62", "0.2"  # greys: colours are left to the signals
BODY = 0.36  # half a body's width, in bars
MONTH = 28  # days, the shortest one
FORMATS = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"]  # of years, months, days, ... seconds


def draw_candles(axis: Any, bars: pd.DataFrame) -> None:
    """Draw a candle at 0, 1, 2, ... for each bar, light if it closes above its open."""
    at = np.arange(len(bars))
    colours = np.where(bars.close >= bars.open, RISING, FALLING).tolist()
    wicks = np.stack([np.c_[at, bars.low], np.c_[at, bars.high]], axis=1)
    left, right = at - BODY, at + BODY
    bodies = np.stack(
        [
            np.c_[left, bars.open],
            np.c_[right, bars.open],
            np.c_[right, bars.close],
            np.c_[left, bars.close],
        ],
        axis=1,
    )
    axis.add_collection(LineCollection(list(wicks), colors=colours, linewidths=0.7))
    # their edges show bars that close at their open
    filled = PolyCollection(list(bodies), facecolors=colours, edgecolors=colours, linewidths=0.4)
    axis.add_collection(filled)


def date_axis(axis: Any, index: pd.DatetimeIndex) -> None:
    """Show the dates of bars that are drawn at 0, 1, 2, ..."""
    locator = AutoDateLocator(minticks=4, maxticks=10)
    found = locator.tick_values(index[0].to_pydatetime(), index[-1].to_pydatetime())
    ticks = found[(found >= date2num(index[0])) & (found <= date2num(index[-1]))]
    places = index.searchsorted([num2date(tick).replace(tzinfo=None) for tick in ticks])
    kept = np.diff(places, append=len(index)) > 0  # of dates without a bar between them the last
    named = _named(ticks[kept], index[places[kept]])
    texts = ConciseDateFormatter(locator, formats=FORMATS).format_ticks(named)
    axis.set_xticks(places[kept], texts)
    axis.set_xlim(-1, len(index))


def _named(ticks: np.ndarray, bars: pd.DatetimeIndex) -> np.ndarray:
    """Return the tick dates of bars: months and years unchanged, days those of the bars."""
    if len(ticks) > 1 and np.diff(ticks).min() >= MONTH:
        return ticks
    days = (ticks % 1 == 0).all()
    return np.asarray(date2num(bars.normalize() if days else bars))
