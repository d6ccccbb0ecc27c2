"""Price excursions for and against each signal, and summaries by group."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from bt_fusion.data.bars import BarArrays

__all__ = ["excursions", "quality_by"]


def excursions(bars: BarArrays, side: np.ndarray, horizon: int) -> pd.DataFrame:
    """Return the best and worst move of each close over `horizon` bars, from a side's view.

    Parameters
    ----------
    bars : BarArrays
    side : ndarray, shape (n_bars,)
        1 long, -1 short; 0 and NaN count as long.
    horizon : int
        Bars ahead.

    Returns
    -------
    DataFrame, one row per bar, fractions of the close
        favourable: greatest gain on the way (at least 0), adverse: greatest loss (at most 0),
        move: gain at the horizon's close. NaN until the horizon is over.

    References
    ----------
    Sweeney, Maximum Adverse Excursion (1996).

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> excursions(BarArrays.of(random_walk(4)), np.ones(4), horizon=2).notna().sum().tolist()
    [2, 2, 2]
    """
    rows = len(bars) - horizon
    table = np.full((len(bars), 3), np.nan)
    if rows > 0:
        close = bars.close[:rows]
        up = sliding_window_view(bars.high[1:], horizon).max(axis=1) / close - 1.0
        down = sliding_window_view(bars.low[1:], horizon).min(axis=1) / close - 1.0
        move = bars.close[horizon:] / close - 1.0
        short = np.asarray(side)[:rows] < 0
        table[:rows, 0] = np.maximum(np.where(short, -down, up), 0.0)
        table[:rows, 1] = np.minimum(np.where(short, -up, down), 0.0)
        table[:rows, 2] = np.where(short, -move, move)
    return pd.DataFrame(table, columns=["favourable", "adverse", "move"])


def quality_by(signals: pd.DataFrame, keys: list[Hashable]) -> pd.DataFrame:
    """Summarise signals by one or more of their columns.

    Parameters
    ----------
    signals : DataFrame
        One row per signal: the keys, `hit` (1 or 0, NaN if not known yet), and the columns of
        `excursions`.
    keys : list
        Columns to group by.

    Returns
    -------
    DataFrame, indexed by the keys
        count, hit_rate, favourable and adverse (means). The last three cover signals whose horizon
        is over; NaN for none.
    """
    grouped = signals.assign(hit_rate=signals["hit"].astype(float)).groupby(keys)
    figures = grouped[["hit_rate", "favourable", "adverse"]].mean()
    figures.insert(0, "count", grouped.size())
    return figures
