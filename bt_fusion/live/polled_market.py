"""PolledMarket: finished candles of an exchange or Yahoo, requested as they close."""

from collections.abc import Callable
from dataclasses import replace
from time import sleep
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import PRICES
from bt_fusion.data.online.candles import Access, fetch_candles
from bt_fusion.data.online.market import YAHOO, Market
from bt_fusion.data.online.paging import Pager
from bt_fusion.data.online.retries import Retries
from bt_fusion.data.online.source import CandleSource, clock
from bt_fusion.errors import BarsError, DownloadError, OptionError

__all__ = ["PolledMarket"]

LAG = 2.0  # seconds after a candle's end; exchanges rarely have it earlier
FIRST, LONGEST = 10.0, 300.0  # seconds between two requests
NEVER = pd.Timestamp("2261-01-01")


class PolledMarket:
    """Request a market's candles as they close.

    Earlier candles come from the cache and the server, as with `--data`. An unreachable server is
    tried again without limit: its first answer includes the bars missed. Rows that are not candles
    are left out.

    Parameters
    ----------
    market : str or Market
        Such as binance:BTC/USDT:1h@2024-01-01; the first day of history follows the @.
    access : Access
    wait : callable
        Takes seconds; `time.sleep`, or your own clock.

    Raises
    ------
    OptionError
        For a text that is not a market, or one with an end date.
    """

    def __init__(
        self,
        market: str | Market,
        access: Access = Access(),
        wait: Callable[[float], Any] = sleep,
    ):
        self.market = Market.of(market) if isinstance(market, str) else market
        if self.market.until is not None:
            raise OptionError(
                f"market {self.market} ends on a day, and its candles would arrive until today; "
                "leave out what follows the dots"
            )
        self.access, self.wait = replace(access, repair=True), wait
        self._server: CandleSource | None = None
        self._known = pd.DataFrame()  # the last candle returned
        self._requested_after: pd.Timestamp | None = None  # the candle before a gap

    @property
    def length(self) -> pd.Timedelta:
        """The length of a candle."""
        return self.market.timeframe.length

    def history(self) -> pd.DataFrame:
        """Return the candles finished so far."""
        found = self._answer(lambda: fetch_candles(self.market, self.access))
        self._known = found.iloc[-1:]
        return found

    def arriving(self, last: pd.Timestamp | None) -> pd.DataFrame | None:
        """Wait for candles after `last`; return them, oldest first, and the current `last` candle.

        None if splits or dividends have changed all prices since: they would look like a move.
        """
        last, overdue = clock() if last is None else last, 0
        while True:
            found = self._answer(lambda: self._candles(last))
            new = self._unbroken(found.loc[found.index > last], last)
            if len(new):
                if self._is_adjusted(found):
                    self.access.say(
                        f"Adjusted   {self.market.name} has other prices for {last}: a split or a "
                        "dividend; start the program again"
                    )
                    return None
                self._known = new.iloc[-1:]
                return found.loc[last : new.index[-1]]
            overdue += self.market.timeframe.after(last, 2) <= self.server.now()
            self._sleep(LAG if (found.index > last).any() else self._pause(last, overdue))

    @property
    def server(self) -> CandleSource:
        """The client for the market's server."""
        if self._server is None:
            self._server = self.access.source(self.market, Retries(tries=1))
        return self._server

    def _answer(self, request: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return the server's answer, however long it takes."""
        pause = FIRST
        while True:
            try:
                return request()
            except (BarsError, DownloadError) as error:
                wait = max(pause, getattr(error.__cause__, "wait", None) or 0.0)
                self.access.say(f"No answer  {error}; asked again in {wait:.0f} s")
                self._sleep(wait)
                pause = min(2 * pause, LONGEST)

    def _candles(self, last: pd.Timestamp) -> pd.DataFrame:
        """Return candles from `last` on, also those after a gap longer than one answer."""
        server, timeframe = self.server, self.market.timeframe
        found = server.request(last)
        if not (found.index > last).any() and timeframe.after(last, server.width) <= server.now():
            later = Pager(server.request, timeframe, server.width, NEVER, server.now).beyond(last)
            found = found if later is None else pd.concat([found, later])
        return found

    def _unbroken(self, new: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
        """Return candles up to the first gap; later ones only once the gap was confirmed."""
        if self.market.provider == YAHOO:  # excludes nights and weekends
            return new
        before = last
        for place, stamp in enumerate(new.index):
            expected = self.market.timeframe.after(before)
            if stamp > expected and (place or self._requested_after != before):
                self._requested_after = None if place else before
                return new.iloc[:place]
            if stamp > expected:
                self.access.say(f"Missing    no candle from {expected} to before {stamp}")
            before = stamp
        return new

    def _is_adjusted(self, found: pd.DataFrame) -> bool:
        """Return whether an adjusted source has changed the price of the last candle returned."""
        again = found.loc[found.index.isin(self._known.index), list(PRICES)]
        if not (self.server.adjusted and len(again)):
            return False
        before = self._known[list(PRICES)].to_numpy()
        return bool((np.abs(again.to_numpy() / before - 1) > self.server.tolerance).any())

    def _pause(self, last: pd.Timestamp, overdue: int) -> float:
        """Return the seconds until the next request: soon after the next candle closes.

        An overdue candle is requested less and less often.
        """
        now, candles = self.server.now(), 2
        while (end := self.market.timeframe.after(last, candles)) <= now:
            candles += 1
        left = (end - now).total_seconds() + LAG
        return left if candles == 2 else min(left, LONGEST, LAG * 2.0 ** min(overdue, 10))

    def _sleep(self, seconds: float) -> None:
        """Wait in parts, so that a computer waking from sleep does not wait for the whole time."""
        while seconds > 0:
            before, part = clock(), min(seconds, LONGEST)
            self.wait(part)
            seconds -= max(part, (clock() - before).total_seconds())
