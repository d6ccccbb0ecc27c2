"""History page by page: every candle once, also across gaps and empty pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from bt_fusion.data.online.timeframe import Timeframe

__all__ = ["Page", "Pager", "pages"]

Request = Callable[[pd.Timestamp], pd.DataFrame]
FINAL_AFTER = pd.Timedelta(days=1)  # after which a missing candle will not appear any more


@dataclass(frozen=True, eq=False)
class Page:
    """Candles, and the span in which there are no others.

    Attributes
    ----------
    bars : DataFrame
        May be empty.
    start, end : Timestamp
        Start inclusive, end exclusive.
    """

    bars: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp


@dataclass(frozen=True)
class Pager:
    """How to request candles, the same for each page.

    Attributes
    ----------
    request : callable
        Takes a stamp; returns finished candles from then on, sorted, without duplicates: the next
        ones available, or those in a window that begins there.
    timeframe : Timeframe
    width : int
        Most candles in such a window.
    end : Timestamp
        Exclusive: no candle that opens then or later is wanted.
    now : callable
        Returns the server's time, as of its last answer.
    """

    request: Request
    timeframe: Timeframe
    width: int
    end: pd.Timestamp
    now: Callable[[], pd.Timestamp]

    def may_have(self, cursor: pd.Timestamp) -> bool:
        """Return whether a wanted candle may have opened by then, and ended."""
        return cursor < self.end and self.timeframe.after(cursor) <= self.now()

    def at(self, cursor: pd.Timestamp) -> pd.DataFrame:
        """Return the candles of one answer."""
        bars = self.request(cursor)
        return bars.loc[cursor : self.end - pd.Timedelta(1, "ns")]

    def beyond(self, cursor: pd.Timestamp) -> pd.DataFrame | None:
        """Return the next candles after an empty answer, None if no window has any.

        Every empty window is requested twice, since a server may briefly be wrong.
        """
        empty, later = [cursor], None
        cursor = self.timeframe.after(cursor, self.width)
        while later is None and self.may_have(cursor):
            bars = self.at(cursor)
            if len(bars):
                later = bars
            else:
                empty.append(cursor)
            cursor = self.timeframe.after(cursor, self.width)
        for cursor in empty:
            bars = self.at(cursor)
            if len(bars):
                return bars
        return later


def pages(pager: Pager, start: pd.Timestamp) -> Iterator[Page]:
    """Yield the history from `start` on in order; the pages cover only final data.

    An empty answer is not the end: the next windows are requested. Time after the last candle
    counts as covered only if it is so old that no candle will appear.

    Parameters
    ----------
    pager : Pager
    start : Timestamp
    """
    cursor, timeframe = start, pager.timeframe
    while pager.may_have(cursor):
        bars = pager.at(cursor)
        if not len(bars):
            found = pager.beyond(cursor)
            if found is None:
                final_until = min(pager.end, pager.now() - FINAL_AFTER - 2 * timeframe.length)
                if final_until > cursor:
                    yield Page(bars, cursor, final_until)
                return
            yield Page(bars, cursor, found.index[0])
            cursor, bars = found.index[0], found
        after = timeframe.after(bars.index[-1])
        yield Page(bars, cursor, after)
        cursor = after
