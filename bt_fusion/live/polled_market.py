"""PolledMarket: the finished candles of an exchange or of Yahoo, asked for as they close."""

from collections.abc import Callable
from time import sleep
from typing import Any

import pandas as pd

from bt_fusion.data.online.candles import Access, fetch_candles
from bt_fusion.data.online.market import YAHOO, Market
from bt_fusion.data.online.retries import Retries
from bt_fusion.data.online.source import CandleSource, clock
from bt_fusion.errors import BarsError, DownloadError

__all__ = ["PolledMarket"]

LAG = 2.0  # seconds after a candle's end, before which an exchange rarely has it
FIRST, LONGEST = 10.0, 300.0  # seconds between two attempts to reach a server


class PolledMarket:
    """Ask for a market's candles when the next one has closed.

    The candles before the start come from the cache and the server, as those of `--data` do. A
    server that cannot be reached is asked again, as long as it takes: bars missed meanwhile come
    with its first answer.

    Parameters
    ----------
    market : str or Market
        Such as binance:BTC/USDT:1h@2024-01-01, the first day of history after the @.
    access : Access
    wait : callable
        Takes seconds; `time.sleep`, or a clock of one's own.

    Raises
    ------
    OptionError
        For a text that means no market.
    """

    def __init__(
        self,
        market: str | Market,
        access: Access = Access(),
        wait: Callable[[float], Any] = sleep,
    ):
        self.market = Market.of(market) if isinstance(market, str) else market
        self.access, self.wait = access, wait
        self._server: CandleSource | None = None
        self._gap: pd.Timestamp | None = None  # the last bar before a gap that was asked for again

    def history(self) -> pd.DataFrame:
        """Return the candles that are finished now."""
        return fetch_candles(self.market, self.access)

    def arriving(self, last: pd.Timestamp | None) -> pd.DataFrame | None:
        """Wait for candles after `last` and return them, oldest first."""
        last = clock() if last is None else last
        failures = overdue = 0
        while True:
            try:
                found = self.server.ask(last)
                failures = 0
            except (BarsError, DownloadError) as error:
                failures += 1
                pause = min(LONGEST, FIRST * 2 ** (failures - 1))
                self.access.say(f"No answer  {error}; asked again in {pause:.0f} s")
                self.wait(pause)
                continue
            new = found.loc[found.index > last]
            if len(new) and not self._is_early(last, new.index[0]):
                return new
            self.wait(LAG if len(new) else self._pause(last, overdue))
            overdue += 1

    @property
    def server(self) -> CandleSource:
        """The client of the market's server."""
        if self._server is None:
            self._server = self.access.source(self.market, Retries(tries=1))
        return self._server

    def _is_early(self, last: pd.Timestamp, first: pd.Timestamp) -> bool:
        """Tell whether a candle is missing in between and has not been asked for a second time."""
        expected = self.market.timeframe.after(last)
        if first <= expected or self.market.provider == YAHOO:  # which knows nights and weekends
            return False
        again, self._gap = self._gap != last, last
        if not again:
            self.access.say(f"Missing    no candle from {expected} to before {first}")
        return again

    def _pause(self, last: pd.Timestamp, overdue: int) -> float:
        """Return the seconds until the next candle closes, and a little; fewer for one overdue.

        A market that sleeps, or has no trade, is asked less and less often.
        """
        now, candles = self.server.now(), 2
        while (end := self.market.timeframe.after(last, candles)) <= now:
            candles += 1
        left = (end - now).total_seconds() + LAG
        return left if candles == 2 else min(left, LONGEST, LAG * 2.0 ** min(overdue, 10))
