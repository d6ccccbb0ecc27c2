"""YahooCandles: candles of Yahoo, through yfinance."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pandas as pd
from platformdirs import user_cache_path

from bt_fusion.data.online.answers import LATER, REFUSED, refused
from bt_fusion.data.online.exchange import with_host
from bt_fusion.data.online.market import Market
from bt_fusion.data.online.retries import Retries, RetryableError, deepest_cause, retry_after
from bt_fusion.data.online.rows import sound_bars
from bt_fusion.data.online.source import clock
from bt_fusion.errors import BarsError, DownloadError, OptionError, unknown_name

__all__ = ["YahooCandles"]

NEEDS = "candles of Yahoo need yfinance, not installed here: pip install 'bt-fusion[data]'"
SPELLED = {"w": "wk", "M": "mo"}
# Timeframe: days in one answer, days that Yahoo keeps (None: all)
MINUTES = {f"{count}m": (55, 59) for count in (2, 5, 15, 30, 60, 90)}
DAYS = {
    "1m": (7, 29),
    **MINUTES,
    "1h": (300, 729),
    **dict.fromkeys(("1d", "1w", "1M", "3M"), (50_000, None)),
}
TIMEOUT = 20  # seconds
READING = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class YahooCandles:
    """Finished candles of one symbol of Yahoo; prices are adjusted for splits and dividends.

    Candles of a day or longer are stamped with their date, shorter ones with their open in UTC. A
    day is finished when it is over at the symbol's exchange.

    Parameters
    ----------
    market : Market
    host : str, optional
        Scheme and host instead of Yahoo's own.
    retries : Retries
    repair : bool
        Leave out rows that are not candles, instead of refusing the whole answer.
    say : callable
        Called with a line on waiting or rows left out.

    Raises
    ------
    OptionError
        If yfinance is not installed, or Yahoo does not know the timeframe.
    """

    name, adjusted = "yahoo", True
    tolerance = 1e-5  # adjusted prices differ by rounding between answers

    def __init__(
        self,
        market: Market,
        host: str | None = None,
        retries: Retries = Retries(),
        repair: bool = False,
        say: Callable[[str], Any] = print,
    ):
        if str(market.timeframe) not in DAYS:
            raise unknown_name("timeframe of Yahoo", str(market.timeframe), DAYS)
        self.timeframe, self.symbol = market.timeframe, market.symbol
        self.retries, self.repair, self.say = retries, repair, say
        days, self.kept_days = DAYS[str(market.timeframe)]
        self.days = pd.Timedelta(days=days)
        self.width = max(1, self.days // self.timeframe.length)
        self.session = open_session(host)
        use_cache_folder()
        self.zone: str | None = None

    @property
    def daily(self) -> bool:
        """Whether candles are stamped with their date."""
        return self.timeframe.length >= pd.Timedelta(days=1)

    def earliest(self) -> pd.Timestamp | None:
        """Return the time from which Yahoo has candles of this length; None for all."""
        if self.kept_days is None:
            return None
        return (clock() - pd.Timedelta(days=self.kept_days)).normalize()

    def now(self) -> pd.Timestamp:
        """Return the current time; for daily candles, at the symbol's exchange."""
        if not self.daily:
            return clock()
        return pd.Timestamp.now(self.zone or "America/New_York").tz_localize(None).as_unit("ns")

    def request(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the finished candles of one answer from `since` on, sorted, without duplicates.

        Raises
        ------
        BarsError
            For rows that are not candles.
        OptionError
            For a symbol that Yahoo does not know.
        DownloadError
        """
        frame = self.retries.call(lambda: self._answer(since), self.say)
        frame.index = self._stamps(pd.DatetimeIndex(frame.index))
        bars, broken = sound_bars(frame.rename(columns=str.lower))
        if broken and not self.repair:
            raise BarsError(
                f"yahoo sends rows that are not candles: {'; '.join(broken)}; leave them out by "
                "--repair"
            )
        if broken:
            self.say(f"Repaired   yahoo: {'; '.join(broken)}")
        return self.timeframe.finished(bars.loc[since:].rename_axis("datetime"), self.now())

    def _stamps(self, index: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return dates for daily candles, and UTC times for shorter ones."""
        if index.tz is None:
            return index
        self.zone = str(index.tz)
        return index.tz_localize(None) if self.daily else index.tz_convert("UTC").tz_localize(None)

    def _answer(self, since: pd.Timestamp) -> pd.DataFrame:
        import yfinance

        until = min(since + self.days, self.now() + self.timeframe.length)
        start, end = (
            stamp.strftime("%Y-%m-%d") if self.daily else stamp.tz_localize("UTC")
            for stamp in (since, until)
        )
        ticker = yfinance.Ticker(self.symbol, session=self.session)
        self.session.status = None
        yfinance.data.YfData.cache_get.cache_clear()  # or it repeats an empty answer
        interval = f"{self.timeframe.count}{SPELLED.get(self.timeframe.unit, self.timeframe.unit)}"
        try:
            with errors_raised():
                return ticker.history(
                    start=start, end=end, interval=interval, actions=False, timeout=TIMEOUT
                )
        except yfinance.exceptions.YFPricesMissingError as error:
            if self.session.status == 200:
                return empty_frame()
            raise self._failed(error) from error
        except yfinance.exceptions.YFTzMissingError as error:
            if self.session.status in (200, 404):
                raise OptionError(
                    f"yahoo has no symbol {self.symbol!r}; its names are as SPY, BTC-USD, EURUSD=X"
                ) from error
            raise self._failed(error) from error
        except (yfinance.exceptions.YFException, OSError, *READING) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> DownloadError:
        status = self.session.status
        if status in REFUSED:
            return refused("yahoo", status)
        if status is None or status < 400:
            return RetryableError(f"yahoo cannot be reached: {deepest_cause(error)}", tries=4)
        if status in LATER or status >= 500:
            return RetryableError(f"yahoo answers HTTP {status}", self.session.wait, tries=4)
        return DownloadError(f"yahoo refuses it: {str(error)[:200]}; check symbol and dates")


def empty_frame() -> pd.DataFrame:
    """Return bars without rows, as for an answer without candles."""
    columns = ["open", "high", "low", "close", "volume"]
    return pd.DataFrame(columns=columns, index=pd.DatetimeIndex([]), dtype=float)


def use_cache_folder() -> None:
    """Keep yfinance's symbol data in our cache folder, not in its own."""
    import yfinance

    place = os.environ.get("BT_FUSION_CACHE") or user_cache_path("bt_fusion")
    with suppress(OSError):
        yfinance.set_tz_cache_location(str(place))


@contextmanager
def errors_raised() -> Iterator[None]:
    """Make yfinance raise its errors, which it would print before returning nothing."""
    import yfinance

    debug, logger = yfinance.config.debug, logging.getLogger("yfinance")
    usual, level = debug.hide_exceptions, logger.level
    debug.hide_exceptions = False
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of yfinance's use of pandas
            yield
    finally:
        debug.hide_exceptions = usual
        logger.setLevel(level)


def open_session(host: str | None) -> Any:
    """Return a session for yfinance that records answers and may use another host."""
    try:
        import yfinance  # noqa: F401
        from curl_cffi import requests
    except ImportError as error:
        raise OptionError(NEEDS) from error

    class Session(requests.Session):
        status: int | None = None
        wait: float | None = None

        def request(self, method: Any, url: str, *words: Any, **options: Any) -> Any:
            place = url if host is None else with_host(url, host)
            self.status = None
            answer = super().request(method, place, *words, **options)
            self.status = answer.status_code
            self.wait = retry_after(answer.headers.get("Retry-After"))
            return answer

    return Session(impersonate="chrome")
