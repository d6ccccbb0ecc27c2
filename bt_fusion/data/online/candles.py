"""fetch_candles and load_market: a market's candles, from the cache and the server."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from platformdirs import user_cache_path

from bt_fusion.data.bars import check_bars
from bt_fusion.data.online.candle_cache import CachedCandles, CandleCache
from bt_fusion.data.online.market import MAX_AGE, YAHOO, Market, default_since
from bt_fusion.data.online.retries import Retries
from bt_fusion.data.online.source import CandleSource, clock
from bt_fusion.data.online.update import Advance, Wanted, update
from bt_fusion.errors import BarsError, BtFusionWarning, DownloadError

__all__ = ["HOST", "Access", "fetch_candles", "load_market"]

HOST = "BT_FUSION_HOST"  # environment variable: scheme and host in place of the exchange's own
DAY = pd.Timedelta(days=1)
QUICK = Retries(tries=3)  # if cached candles can be used instead


@dataclass(frozen=True)
class Access:
    """How candles are fetched.

    Attributes
    ----------
    host : str or None
        Scheme and host instead of the exchange's own; None for BT_FUSION_HOST, if set.
    repair : bool
        Leave out rows that are not candles, instead of refusing the whole answer.
    say : callable
        Called with a line on waiting, corrections and rows left out.
    """

    host: str | None = None
    repair: bool = False
    say: Callable[[str], Any] = print

    @property
    def place(self) -> str | None:
        """The host, if it is not the exchange's own."""
        return self.host or os.environ.get(HOST) or None

    def cache(self, market: Market) -> CandleCache:
        """Return the cache of a market's candles, in the same place as the refits."""
        folder = os.environ.get("BT_FUSION_CACHE") or user_cache_path("bt_fusion")
        return CandleCache(Path(folder) / "candles", market, self.place)

    def source(self, market: Market, retries: Retries) -> CandleSource:
        """Return the client for a market's server."""
        kind: Any
        if market.provider == YAHOO:
            from bt_fusion.data.online.yahoo import YahooCandles as kind
        else:
            from bt_fusion.data.online.exchange import ExchangeCandles as kind
        return kind(market, self.place, retries, self.repair, self.say)


def fetch_candles(
    market: Market,
    access: Access = Access(),
    advance: Advance | None = None,
    refetch: bool = False,
) -> pd.DataFrame:
    """Return a market's current candles; download only what is not in the cache.

    Parameters
    ----------
    market : Market
    access : Access
    advance : callable, optional
        Called with (candles done, candles to do).
    refetch : bool
        Download all of them again.

    Raises
    ------
    BarsError
        If there are none.
    DownloadError
        If the server cannot be reached or refuses; candles received so far are kept.
    """
    wanted = Wanted(since_of(market), market.until, refetch=refetch)
    cache = access.cache(market)
    with cache.lock(access.say):
        kept = update(cache, lambda: access.source(market, Retries()), wanted, access.say, advance)
    return part_of(kept, market, access)


def load_market(
    market: Market, max_age: float = MAX_AGE, access: Access = Access()
) -> pd.DataFrame:
    """Return a market's candles, from the cache alone if it is complete or recent enough.

    Parameters
    ----------
    market : Market
    max_age : float
        Minutes for which the newest candles count as recent.
    access : Access

    Raises
    ------
    BarsError, DownloadError
    """
    wanted = Wanted(since_of(market), market.until, pd.Timedelta(minutes=max_age))
    cache = access.cache(market)
    with cache.lock(access.say):
        before = cache.read()
        held = len(wanted_part(before, market)) > 0
        retries = QUICK if held else Retries()

        def source() -> CandleSource:
            access.say(f"Fetching   {market.name}")
            return access.source(market, retries)

        try:
            kept = update(cache, source, wanted, access.say)
        except DownloadError as error:
            kept = cache.read()
            if not len(wanted_part(kept, market)):
                raise
            warnings.warn(offline(kept, market, error), BtFusionWarning, stacklevel=2)
    return part_of(kept, market, access)


def since_of(market: Market) -> pd.Timestamp:
    """Return the first open requested."""
    if market.since is not None:
        return market.since
    end = clock() if market.until is None else min(market.until, clock())
    return default_since(market.provider, market.timeframe, end)


def wanted_part(kept: CachedCandles, market: Market) -> pd.DataFrame:
    """Return the cached candles inside a market's span."""
    end = None if market.until is None else market.until - pd.Timedelta(1, "ns")
    return kept.bars.loc[since_of(market) : end]


def part_of(kept: CachedCandles, market: Market, access: Access) -> pd.DataFrame:
    """Return the requested bars; report if they begin late."""
    bars = wanted_part(kept, market)
    if not len(bars):
        raise BarsError(
            f"{market.provider} has no {market.timeframe} candle of {market.symbol} from "
            f"{since_of(market)} to {market.until or 'now'}; give an earlier day"
        )
    since, first = since_of(market), bars.index[0]
    has_start = market.since is not None or market.timeframe.length < DAY  # otherwise all available
    if has_start and first > market.timeframe.after(since):
        access.say(f"Begins     {market.name} has no candle from {since} to before {first}")
    return check_bars(bars)


def offline(kept: CachedCandles, market: Market, error: DownloadError) -> str:
    """Report that cached candles are used, and their age."""
    last = kept.bars.index[-1]
    return (
        f"{market.name}: {error}. Kept candles are used: fetched "
        f"{age_text(clock() - (kept.requested or last))} ago, the last one opened {last}"
    )


def age_text(age: pd.Timedelta) -> str:
    """Write an age in minutes, hours or days.

    >>> age_text(pd.Timedelta(minutes=90)), age_text(pd.Timedelta(hours=50))
    ('90 minutes', '2 days')
    """
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1_440} days"
