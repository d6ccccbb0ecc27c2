"""CandleSource: the common part of exchanges and Yahoo."""

from typing import Protocol

import pandas as pd

from bt_fusion.data.online.timeframe import Timeframe

__all__ = ["CandleSource", "clock"]


class CandleSource(Protocol):
    """Finished candles of one symbol from a server.

    Attributes
    ----------
    name : str
        Of the exchange, for messages.
    timeframe : Timeframe
    width : int
        Most candles in one answer.
    adjusted : bool
        Whether splits and dividends change all earlier prices.
    tolerance : float
        Relative difference below which two prices are equal.
    """

    name: str
    timeframe: Timeframe
    width: int
    adjusted: bool
    tolerance: float

    def earliest(self) -> pd.Timestamp | None:
        """Return the time from which candles are available, if known."""

    def request(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the finished candles of one answer from `since` on, sorted, without duplicates."""

    def now(self) -> pd.Timestamp:
        """Return the naive UTC time, by the server's clock if it is known."""


def clock() -> pd.Timestamp:
    """Return the naive UTC time of this computer."""
    return pd.Timestamp.now("UTC").tz_localize(None).as_unit("ns")
