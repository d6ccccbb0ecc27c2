"""Market: the candles of an exchange or of Yahoo that a text after --data names."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bt_fusion.data.online.timeframe import Timeframe
from bt_fusion.data.timestamps import iso_time
from bt_fusion.errors import OptionError

__all__ = ["MAX_AGE", "YAHOO", "Market", "default_since", "is_market"]

YAHOO = "yahoo"
MAX_AGE = 30.0  # minutes for which downloaded candles count as current
FORM = re.compile(r"[a-z][a-z0-9]+:(?!//)(\S+:|.*/)\S+")
EXAMPLE = "binance:BTC/USDT:1h or yahoo:SPY:1d, and @2020-01-01 after it for the first day"
CANDLES = 20_000  # of the default history, at least
DAY = pd.Timedelta(days=1)
FIRST_OF_EXCHANGES, FIRST_OF_YAHOO = pd.Timestamp("2010-01-01"), pd.Timestamp("1900-01-01")


@dataclass(frozen=True)
class Market:
    """Candles of one symbol and one length.

    Attributes
    ----------
    provider : str
        An exchange by its name in ccxt, or "yahoo".
    symbol : str
        The provider's symbol: BTC/USDT, BTC/USDT:USDT (a perpetual), SPY.
    timeframe : Timeframe
    since, until : Timestamp or None
        Naive UTC; the first open, and the end (exclusive).

    Examples
    --------
    >>> market = Market.of("binance:BTC/USDT:USDT:4h@2020-01-01..2021-01-01")
    >>> market.symbol, market.since, market.name
    ('BTC/USDT:USDT', Timestamp('2020-01-01 00:00:00'), 'binance:BTC/USDT:USDT:4h')
    """

    provider: str
    symbol: str
    timeframe: Timeframe
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None

    @classmethod
    def of(cls, text: str) -> "Market":
        """Read PROVIDER:SYMBOL:TIMEFRAME, with @SINCE or @SINCE..UNTIL after it.

        Raises
        ------
        OptionError
        """
        place, _, span = text.partition("@")
        provider, _, rest = place.partition(":")
        symbol, _, timeframe = rest.rpartition(":")
        if not symbol:
            raise OptionError(f"data {text!r} does not say how long candles are; e.g. {EXAMPLE}")
        since, dots, until = span.partition("..")
        if "@" in text and not since:
            raise OptionError(f"data {text!r} has no date after its @; e.g. {EXAMPLE}")
        market = cls(provider, symbol, Timeframe.of(timeframe))
        return market.within(
            iso_time("since", since) if since else None, iso_time("until", until) if dots else None
        )

    def within(self, since: pd.Timestamp | None, until: pd.Timestamp | None) -> "Market":
        """Return the same market with another span.

        Raises
        ------
        OptionError
            If the first day is not before the last.
        """
        if since is not None and until is not None and since >= until:
            raise OptionError(f"since {since} is not before until {until}")
        return replace(self, since=since, until=until)

    @property
    def name(self) -> str:
        """The text for this market, without a span."""
        return f"{self.provider}:{self.symbol}:{self.timeframe}"

    def __str__(self) -> str:
        if self.since is None:
            return self.name
        until = "" if self.until is None else f"..{self.until.isoformat()}"
        return f"{self.name}@{self.since.isoformat()}{until}"


def is_market(text: str) -> bool:
    """Return whether a text means candles of an exchange or Yahoo, not a file.

    >>> is_market("binance:BTC/USDT:1h"), is_market("yahoo:SPY:1d"), is_market("candles.csv")
    (True, True, False)
    """
    known = text.startswith(f"{YAHOO}:") or FORM.fullmatch(text) is not None
    return known and not Path(text).exists()


def default_since(provider: str, timeframe: Timeframe, now: pd.Timestamp) -> pd.Timestamp:
    """Return the default first open: the first of a month.

    It gives at least 20,000 candles; for candles of a day or longer, all available.

    >>> default_since("binance", Timeframe.of("1h"), pd.Timestamp("2024-05-10 12:30"))
    Timestamp('2022-01-01 00:00:00')
    """
    if timeframe.length >= DAY:
        return FIRST_OF_YAHOO if provider == YAHOO else FIRST_OF_EXCHANGES
    return (now - CANDLES * timeframe.length).normalize().replace(day=1)
