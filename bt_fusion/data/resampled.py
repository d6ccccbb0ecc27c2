"""Bars of a longer length, made of shorter ones."""

import re

import numpy as np
import pandas as pd

from bt_fusion.data.bars import check_bars
from bt_fusion.data.timestamps import length_text
from bt_fusion.errors import BarsError, OptionError

__all__ = ["bar_seconds", "resample_bars"]

SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MONDAY = pd.Timestamp("1970-01-05")  # weeks begin on it, shorter bars on its midnight
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def bar_seconds(text: str) -> int:
    """Read the length of a bar.

    Raises
    ------
    OptionError
        For what is no length.

    Examples
    --------
    >>> bar_seconds("4h"), bar_seconds("1d")
    (14400, 86400)
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([mhdw])", text)
    if found is None:
        raise OptionError(f"{text!r} is no length of a bar; write 15m, 4h, 1d or 1w")
    return int(found[1]) * SECONDS[found[2]]


def resample_bars(bars: pd.DataFrame, length: str) -> pd.DataFrame:
    """Return bars of a longer length, stamped with the time they open.

    They begin at multiples of their length since a Monday, 00:00 UTC. Only whole bars are made: the
    first is left out where the given ones begin inside it, and the last where they end inside it. A
    bar inside which some of the given ones are missing is made of those there are, as an exchange
    makes its own.

    Parameters
    ----------
    bars : DataFrame
        Checked, stamped with the time they open.
    length : str
        Such as 4h.

    Raises
    ------
    OptionError
        For what is no length.
    BarsError
        When the given bars are not shorter, do not fit into the length, or make no whole bar.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> list(resample_bars(random_walk(70), "15m").index.strftime("%H:%M"))
    ['00:00', '00:15', '00:30', '00:45']
    """
    seconds, index = bar_seconds(length), pd.DatetimeIndex(bars.index)
    given = usual_seconds(index)
    if given >= seconds or seconds % given:
        raise BarsError(
            f"bars of {length_text(given)} do not make bars of {length}; give a length that is a "
            "multiple of theirs"
        )
    opens = index.floor("s").to_numpy().astype("datetime64[s]").astype(np.int64)
    number = (opens - int(MONDAY.timestamp())) // seconds
    made = bars.groupby(number).agg(HOW)
    begin = made.index.to_numpy() * seconds + int(MONDAY.timestamp())
    whole = (begin >= opens[0]) & (begin + seconds <= opens[-1] + given)
    if not whole.any():
        raise BarsError(f"{len(bars):,} bars hold no whole bar of {length}; give more of them")
    made.index = pd.DatetimeIndex(pd.to_datetime(begin, unit="s"), name=index.name)
    return check_bars(made[whole])


def usual_seconds(index: pd.DatetimeIndex) -> int:
    """Return the usual distance of stamps in seconds, 1 at least."""
    if len(index) < 2:
        raise BarsError(f"{len(index)} bars do not tell how long they are; give more of them")
    steps = np.diff(index.to_numpy()).astype("timedelta64[s]").astype(np.int64)
    return max(1, int(np.median(steps)))
