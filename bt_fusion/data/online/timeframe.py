"""Timeframe: the length of candles, such as 15m, 1h or 1M."""

import re
from dataclasses import dataclass

import pandas as pd

from bt_fusion.errors import OptionError

__all__ = ["Timeframe"]

FORM = re.compile(r"([1-9]\d{0,3})(s|m|h|d|wk|w|mo|M|y)")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000}
MONTHS = {"M": 1, "y": 12}
SAME = {"wk": "w", "mo": "M"}  # as Yahoo writes them


@dataclass(frozen=True)
class Timeframe:
    """The length of a candle.

    Attributes
    ----------
    count : int
    unit : str
        s, m (minutes), h, d, w, M (months) or y.

    Examples
    --------
    >>> hours = Timeframe.of("4h")
    >>> hours.after(pd.Timestamp("2024-01-31 20:00")), str(hours)
    (Timestamp('2024-02-01 00:00:00'), '4h')
    >>> Timeframe.of("1mo").after(pd.Timestamp("2024-01-01"), 2)
    Timestamp('2024-03-01 00:00:00')
    """

    count: int
    unit: str

    @classmethod
    def of(cls, text: str) -> "Timeframe":
        """Read a text such as 15m, 1h, 1d, 1w or 1M.

        Raises
        ------
        OptionError
        """
        found = FORM.fullmatch(text)
        if not found:
            raise OptionError(f"timeframe {text!r} is unknown; write 15m, 1h, 4h, 1d, 1w or 1M")
        count, unit = found.groups()
        return cls(int(count), SAME.get(unit, unit))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def length(self) -> pd.Timedelta:
        """The length of a candle; a month counts 30 days, a year 365."""
        return pd.Timedelta(seconds=self.count * SECONDS[self.unit])

    def after(self, stamp: pd.Timestamp, candles: int = 1) -> pd.Timestamp:
        """Return the open of the candle `candles` later; for 1, the end of this candle."""
        if self.unit in MONTHS:
            return stamp + pd.DateOffset(months=candles * self.count * MONTHS[self.unit])
        return stamp + candles * self.length

    def finished(self, bars: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
        """Return the bars, stamped at their open, that end by `now`."""
        kept = len(bars)
        while kept and self.after(bars.index[kept - 1]) > now:
            kept -= 1
        return bars.iloc[:kept]
