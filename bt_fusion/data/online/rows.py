"""Rows of an answer as bars: sorted, each candle once, none broken."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import repair_bars

__all__ = ["bars_of", "sound_bars"]

Row = Sequence[Any]  # milliseconds since 1970, open, high, low, close, volume


def bars_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows in the columns of bars, in their order; NaT for an invalid time.

    A volume missing in all rows is 0.

    >>> bars_of([[1_704_067_200_000, 1, 2, 1, 2, None]]).volume
    datetime
    2024-01-01    0.0
    Name: volume, dtype: float64
    """
    frame = pd.DataFrame([list(row)[:6] for row in rows], columns=["time", *COLUMNS])
    stamps = pd.to_datetime(pd.to_numeric(frame.pop("time"), errors="coerce"), unit="ms")
    bars = frame.apply(pd.to_numeric, errors="coerce").astype(float)
    if bars.volume.isna().all():
        bars["volume"] = 0.0
    return bars.set_axis(pd.DatetimeIndex(stamps, name="datetime").as_unit("ns"), axis=0)


def sound_bars(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the bars sorted, each once, and a line for each kind of row that is not a candle.

    Of candles with the same stamp the last is kept.
    """
    kept, report = repair_bars(bars)
    harmless = ("dropped duplicate time", "sorted")
    return kept, [line for line in report if not line.startswith(harmless)]
