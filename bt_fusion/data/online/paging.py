"""History page by page: every candle once, across gaps and empty pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from bt_fusion.data.online.timeframe import Timeframe

__all__ = ["Page", "Pager", "pages"]

Ask = Callable[[pd.Timestamp], pd.DataFrame]
SETTLED = pd.Timedelta(days=1)  # after which a candle that is not there will not come any more


@dataclass(frozen=True, eq=False)
class Page:
    """Candles, and the span in which there are no others.

    Attributes
    ----------
    bars : DataFrame
        Perhaps none.
    start, end : Timestamp
        From the first to before the second.
    """

    bars: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp


@dataclass(frozen=True)
class Pager:
    """How candles are asked for, the same from page to page.

    Attributes
    ----------
    ask : callable
        Takes a stamp; returns finished candles from then on, sorted, each once: the next ones
        wherever they are, or those of a window that begins there.
    timeframe : Timeframe
    width : int
        Candles that such a window may hold.
    end : Timestamp
        No candle that opens from then on is wanted.
    now : callable
        Returns the time by the server's clock, as of its last answer.
    """

    ask: Ask
    timeframe: Timeframe
    width: int
    end: pd.Timestamp
    now: Callable[[], pd.Timestamp]

    def may_have(self, cursor: pd.Timestamp) -> bool:
        """Tell whether a candle that is wanted may have opened by then, and ended."""
        return cursor < self.end and self.timeframe.after(cursor) <= self.now()

    def at(self, cursor: pd.Timestamp) -> pd.DataFrame:
        """Return the candles of one answer."""
        bars = self.ask(cursor)
        return bars.loc[cursor : self.end - pd.Timedelta(1, "ns")]

    def beyond(self, cursor: pd.Timestamp) -> pd.DataFrame | None:
        """Return the next candles after an empty answer, None where no window has any.

        Every window that is empty is asked for twice, since a server may be wrong for a moment.
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
    """Yield the history from `start` on in order; the pages cover what is known for good.

    An empty answer is not the end: the windows after it are asked for. What follows the last
    candle is covered only where it is so old that none will come.

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
                settled = min(pager.end, pager.now() - SETTLED - 2 * timeframe.length)
                if settled > cursor:
                    yield Page(bars, cursor, settled)
                return
            yield Page(bars, cursor, found.index[0])
            cursor, bars = found.index[0], found
        after = timeframe.after(bars.index[-1])
        yield Page(bars, cursor, after)
        cursor = after
