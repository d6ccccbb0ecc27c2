"""ExchangeCandles: candles of an exchange, through ccxt."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from bt_fusion.data.online.answers import AnswerLog, failed
from bt_fusion.data.online.market import Market
from bt_fusion.data.online.retries import Retries, RetryableError
from bt_fusion.data.online.rows import bars_of, sound_bars
from bt_fusion.data.online.source import clock
from bt_fusion.errors import BarsError, OptionError, unknown_name

__all__ = ["ExchangeCandles"]

NEEDS = "candles of an exchange need ccxt, not installed here: pip install 'bt-fusion[data]'"
MOST = 1_000  # candles per request, if the exchange allows as many
USUAL = 100  # if ccxt does not know the limit
TIMEOUT = 20_000  # milliseconds
BROKEN_TRIES = 3  # tries for an answer with broken rows
READING = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class ExchangeCandles:
    """Finished candles of one symbol of an exchange that ccxt knows.

    Parameters
    ----------
    market : Market
    host : str, optional
        Scheme and host instead of the exchange's own, such as http://127.0.0.1:8080.
    retries : Retries
    repair : bool
        Leave out rows that are not candles, instead of refusing the whole answer.
    say : callable
        Called with a line on waiting or rows left out.

    Raises
    ------
    OptionError
        If ccxt is not installed, or the exchange, symbol or timeframe is unknown.
    DownloadError
        If the exchange cannot be reached.
    """

    adjusted, tolerance = False, 0.0

    def __init__(
        self,
        market: Market,
        host: str | None = None,
        retries: Retries = Retries(),
        repair: bool = False,
        say: Callable[[str], Any] = print,
    ):
        self.name, self.timeframe, self.symbol = market.provider, market.timeframe, market.symbol
        self.retries, self.repair, self.say = retries, repair, say
        self.client = open_client(market.provider, host)
        self.log = AnswerLog(self.client)
        if not self.client.has.get("fetchOHLCV"):
            raise OptionError(f"{self.name} gives no candles; choose another exchange")
        self._prefer_spot()
        self._call(self.client.load_markets)
        self._check()
        limit = most_candles(self.client, self.symbol)
        self.limit = None if limit is None else min(MOST, limit)
        self.width = self.limit or USUAL

    def earliest(self) -> None:
        """Return None: not known before the download."""

    def now(self) -> pd.Timestamp:
        """Return the time of the exchange's last answer or of this computer, the earlier one.

        A fast clock would make an unfinished candle look finished.
        """
        server_time = self.log.time
        return clock() if server_time is None else min(server_time, clock())

    def request(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the finished candles of one answer from `since` on, sorted, without duplicates.

        Raises
        ------
        BarsError
            For rows that are not candles, again on retry.
        DownloadError
        """
        bars, broken = self._call(lambda: self._answer(since))
        if broken:
            self.say(f"Repaired   {self.name}: {'; '.join(broken)}")
        return self.timeframe.finished(bars, self.now())

    def _answer(self, since: pd.Timestamp) -> tuple[pd.DataFrame, list[str]]:
        milliseconds = since.value // 1_000_000
        rows = self.client.fetch_ohlcv(
            self.symbol, str(self.timeframe), since=milliseconds, limit=self.limit
        )
        self.log.check_json()
        rows = self.log.rows or rows
        bars, broken = sound_bars(bars_of(rows))
        if len(rows) and not len(bars):
            raise RetryableError(f"{self.name} sends what cannot be read: {broken[0]}")
        if broken and not self.repair:
            raise BrokenRowsError(
                f"{self.name} sends rows that are not candles: {'; '.join(broken)}; run it again "
                "later, or leave such rows out by --repair",
                tries=BROKEN_TRIES,
            )
        return bars.loc[since:], broken

    def _call(self, request: Callable[[], Any]) -> Any:
        """Call the client; convert its errors to ours, and retry."""
        import ccxt

        def once() -> Any:
            self.log.clear()
            try:
                return request()
            except (ccxt.BaseError, *READING) as error:
                raise failed(error, self.name, self.log) from error

        try:
            return self.retries.call(once, self.say)
        except Exception as error:
            if isinstance(error.__cause__, BrokenRowsError):
                raise BarsError(str(error)) from error
            raise

    def _prefer_spot(self) -> None:
        """Do not load derivatives for a spot symbol; by default ccxt does."""
        choice = self.client.options.get("fetchMarkets")
        kinds = choice.get("types") if isinstance(choice, dict) else None
        if ":" not in self.symbol and isinstance(kinds, list) and "spot" in kinds:
            choice["types"] = ["spot"]

    def _check(self) -> None:
        """Raise OptionError if the exchange does not have the symbol or timeframe."""
        known = self.client.timeframes or {}
        if known and str(self.timeframe) not in known:
            raise unknown_name(f"timeframe of {self.name}", str(self.timeframe), known)
        symbols = self.client.markets
        if self.symbol in symbols:
            return
        by_id = (self.client.markets_by_id or {}).get(self.symbol)
        if by_id:
            self.symbol = by_id[0]["symbol"]
            return
        close = get_close_matches(self.symbol.upper(), symbols, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise OptionError(f"{self.name} has no symbol {self.symbol!r} among {len(symbols):,}{hint}")


class BrokenRowsError(RetryableError):
    """An answer with rows that are not candles."""


def open_client(exchange: str, host: str | None) -> Any:
    """Return ccxt's client for an exchange, before any request."""
    try:
        import ccxt
    except ImportError as error:
        raise OptionError(NEEDS) from error
    if exchange not in ccxt.exchanges:
        close = get_close_matches(exchange, [*ccxt.exchanges, "yahoo"], n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}?" if close else "e.g. binance, kraken, coinbase"
        raise OptionError(f"ccxt knows no exchange {exchange!r}; {hint}")
    client = getattr(ccxt, exchange)(
        {"enableRateLimit": True, "timeout": TIMEOUT, "requests_trust_env": True}
    )
    client.enableLastJsonResponse = True
    if host is not None:
        client.urls["api"] = with_host(client.urls["api"], host)
    return client


def most_candles(client: Any, symbol: str) -> int | None:
    """Return the most candles of a symbol in one answer, None if ccxt does not know."""
    market = client.market(symbol)
    kind = (client.features or {}).get(market["type"]) or {}
    part = kind.get(market.get("subType"), kind) or {}
    limit = (part.get("fetchOHLCV") or {}).get("limit")
    return int(limit) if limit else None


def with_host(urls: Any, host: str) -> Any:
    """Return the addresses of an API with another scheme and host.

    >>> with_host({"public": "https://api.example.com/api/v3"}, "http://127.0.0.1:8080")
    {'public': 'http://127.0.0.1:8080/api/v3'}
    """
    if isinstance(urls, dict):
        return {name: with_host(url, host) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise OptionError(
            f"host {host!r} is not an address; write https://name, or http://name:port"
        )
    return urlsplit(urls)._replace(scheme=parts.scheme, netloc=parts.netloc).geturl()
