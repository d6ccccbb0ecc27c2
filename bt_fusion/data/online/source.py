"""CandleSource: what an exchange and Yahoo have in common."""

from typing import Protocol

import pandas as pd

from bt_fusion.data.online.timeframe import Timeframe

__all__ = ["CandleSource", "clock"]


class CandleSource(Protocol):
    """Finished candles of one symbol, from a server.

    Attributes
    ----------
    name : str
        Of the exchange, for messages.
    timeframe : Timeframe
    width : int
        Candles that one answer may hold.
    adjusted : bool
        Whether splits and dividends change all prices before them.
    tolerance : float
        Relative difference below which two prices are the same.
    """

    name: str
    timeframe: Timeframe
    width: int
    adjusted: bool
    tolerance: float

    def earliest(self) -> pd.Timestamp | None:
        """Return from when on candles can be had, where that is known."""

    def ask(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the finished candles of one answer, from a stamp on, sorted, each once."""

    def now(self) -> pd.Timestamp:
        """Return the time, naive UTC, by the server's clock where it tells it."""


def clock() -> pd.Timestamp:
    """Return the time of this computer, naive UTC."""
    return pd.Timestamp.now("UTC").tz_localize(None).as_unit("ns")
