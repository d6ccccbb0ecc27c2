"""update: download what the cache of a market lacks, and detect corrections."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import COLUMNS, PRICES
from bt_fusion.data.online.candle_cache import CachedCandles, CandleCache, no_candles
from bt_fusion.data.online.paging import Page, Pager, pages
from bt_fusion.data.online.source import CandleSource, clock
from bt_fusion.data.online.spans import Span, joined, missing
from bt_fusion.data.online.timeframe import Timeframe

__all__ = ["Wanted", "update"]

OVERLAP = 100  # candles downloaded again, in case the exchange has corrected them
NEVER = pd.Timedelta(0)
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """The candles wanted, and how recent they must be.

    Attributes
    ----------
    since : Timestamp
    until : Timestamp or None
        None for the present.
    max_age : Timedelta
        Age up to which the newest candles count as current.
    refetch : bool
        Download all of them again.
    """

    since: pd.Timestamp
    until: pd.Timestamp | None = None
    max_age: pd.Timedelta = NEVER
    refetch: bool = False

    def lacks(self, kept: CachedCandles) -> list[Span]:
        """Return the spans to download; none if the cache is complete or recent enough."""
        now = clock()
        end = now if self.until is None else min(self.until, now)
        if self.refetch:
            return [(self.since, end)] if self.since < end else []
        new = kept.requested is not None and NEVER <= now - kept.requested < self.max_age
        if new and kept.spans:
            end = min(end, kept.spans[-1][1])
        return missing(kept.spans, self.since, end)


@dataclass
class Changes:
    """Differences between a newer answer and the cached candles.

    Attributes
    ----------
    stamps : list of Timestamp
        Candles that have changed.
    rescaled : bool or None
        Whether the oldest compared candle has other prices: corrections affect recent ones.
    """

    before: pd.DataFrame
    tolerance: float
    stamps: list[pd.Timestamp] = field(default_factory=list)
    rescaled: bool | None = None

    def note(self, bars: pd.DataFrame) -> None:
        """Compare a page with the cached candles."""
        common = bars.index.intersection(self.before.index)
        if not len(common):
            return
        old, new = (frame.loc[common, list(COLUMNS)].to_numpy() for frame in (self.before, bars))
        same = np.isclose(old, new, rtol=self.tolerance, atol=0.0)
        if self.rescaled is None:
            self.rescaled = not same[0, : len(PRICES)].all()
        self.stamps += [*common[~same.all(axis=1)]]


def update(
    cache: CandleCache,
    open_source: Callable[[], CandleSource],
    wanted: Wanted,
    say: Callable[[str], Any] = print,
    advance: Advance | None = None,
) -> CachedCandles:
    """Download what is missing and return all cached candles.

    Each page is saved as it arrives, so that an interruption loses no finished page; adjusted
    prices are written all at once.

    Parameters
    ----------
    cache : CandleCache
        Locked by the caller.
    open_source : callable
        Returns the source; called only if something is lacking.
    wanted : Wanted
    say : callable
        Called with a line on each correction.
    advance : callable, optional
        Called with (candles done, candles to do).

    Raises
    ------
    BarsError, DownloadError, OptionError
    """
    kept = cache.read()
    lacking = wanted.lacks(kept)
    if not lacking:
        return kept
    source = open_source()
    changes = Changes(kept.bars, source.tolerance)
    spans = [overlapped(span, kept, source.timeframe) for span in lacking]
    if source.adjusted:
        found = adjusted_alike(source, spans, kept, changes, say)
    else:
        fetch(source, spans, cache.add, changes, advance)
        if changes.stamps:
            say(correction(source.name, changes.stamps))
        found = cache.read()
    newest = replace(found, requested=clock()) if requests_newest(wanted) else found
    cache.store(newest)
    return newest


def adjusted_alike(
    source: CandleSource,
    spans: list[Span],
    kept: CachedCandles,
    changes: Changes,
    say: Callable[[str], Any],
) -> CachedCandles:
    """Return cached and downloaded candles, all adjusted alike.

    A split or dividend changes every earlier price. All candles are then downloaded again, and
    those no longer available are dropped: mixed prices in one file would show a jump.
    """
    found: list[Page] = []
    fetch(source, spans, found.append, changes)
    if changes.rescaled:
        say(f"Adjusted   {source.name} has adjusted prices since: all are fetched again")
        ends = [*kept.spans, *spans]
        found.clear()
        fetch(source, [(min(ends)[0], max(end for _, end in ends))], found.append, changes)
        kept = CachedCandles(no_candles(), [])
    elif changes.stamps:
        say(correction(source.name, changes.stamps))
    return kept.with_newer(CachedCandles(page.bars, [(page.start, page.end)]) for page in found)


def fetch(
    source: CandleSource,
    spans: list[Span],
    keep: Callable[[Page], Any],
    changes: Changes,
    advance: Advance | None = None,
) -> None:
    """Download spans page by page, and save each as it arrives."""
    length = source.timeframe.length
    total = sum(max(1, (end - start) // length) for start, end in spans)
    done = 0
    for start, end in joined(spans):
        first = source.earliest()
        begin = start if first is None else max(start, first)
        pager = Pager(source.request, source.timeframe, source.width, end, source.now)
        for page in pages(pager, begin):
            changes.note(page.bars)
            keep(page if page.start > begin else Page(page.bars, start, page.end))
            if advance is not None:
                advance(min(total, done + (page.end - start) // length), total)
        done += (end - start) // length


def overlapped(span: Span, kept: CachedCandles, timeframe: Timeframe) -> Span:
    """Return a span extended by the last cached candles before it."""
    before = kept.bars.index[: kept.bars.index.searchsorted(span[0])][-OVERLAP:]
    known = [first for first, last in kept.spans if last == span[0]]
    if not known or not len(before):
        return span
    return max(before[0], known[0]), span[1]


def requests_newest(wanted: Wanted) -> bool:
    """Return whether the newest candles were requested."""
    return wanted.until is None or wanted.until >= clock()


def correction(name: str, stamps: list[pd.Timestamp]) -> str:
    """Report which candles an exchange has corrected."""
    many = f"{len(stamps):,} candles that were" if len(stamps) > 1 else "a candle that was"
    return (
        f"Corrected  {name} has changed {many} kept, the first of {min(stamps)}; the "
        "newer values are used"
    )
