"""Pages: every candle once, from servers of either kind, across gaps and wrong empty answers."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bt_fusion.data.online.paging import Pager, pages
from bt_fusion.data.online.spans import joined, missing
from bt_fusion.data.online.timeframe import Timeframe

FIRST = pd.Timestamp("2024-01-01")
HOURS = Timeframe.of("1h")


def at(hour):
    return FIRST + pd.Timedelta(hours=hour)


class Server:
    """Answers with the next candles, or with those of a window; some answers are empty."""

    def __init__(self, hours, width, window, empty=()):
        self.bars = pd.DataFrame({"close": 1.0}, index=pd.DatetimeIndex([at(h) for h in hours]))
        self.width, self.window, self.empty, self.requests = width, window, set(empty), 0

    def request(self, since):
        self.requests += 1
        if self.requests - 1 in self.empty:
            return self.bars.iloc[:0]
        if self.window:
            return self.bars.loc[since : since + (self.width - 1) * HOURS.length]
        return self.bars.loc[since:].iloc[: self.width]


def walked(server, start, end, now):
    pager = Pager(server.request, HOURS, server.width, at(end), lambda: at(now))
    found = list(pages(pager, at(start)))
    stamps = [stamp for page in found for stamp in page.bars.index]
    return stamps, joined((page.start, page.end) for page in found)


@settings(max_examples=200)
@given(
    hours=st.sets(st.integers(0, 120), max_size=80),
    width=st.integers(2, 9),
    window=st.booleans(),
    empty=st.sets(st.integers(0, 40), max_size=1),
    start=st.integers(-20, 60),
    end=st.integers(61, 140),
)
@pytest.mark.slow
def test_every_candle_comes_once_whatever_the_server(hours, width, window, empty, start, end):
    server = Server(sorted(hours), width, window, empty)
    stamps, covered = walked(server, start, end, now=10_000)
    assert stamps == [at(hour) for hour in sorted(hours) if start <= hour < end]
    assert missing(covered, at(start), at(end)) == []  # all so old that no candle will come


def test_what_follows_the_last_candle_may_still_come():
    stamps, covered = walked(Server(range(10), 5, False), 0, 30, now=30)
    assert len(stamps) == 10 and covered == [(at(0), at(10))]
    _, covered = walked(Server(range(10), 5, False), 0, 30, now=48)
    assert covered == [(at(0), at(22))]  # a day and two candles ago


def test_no_question_is_asked_where_no_candle_can_have_ended():
    server = Server(range(10), 20, False)
    stamps, _ = walked(server, 0, 11, now=10)
    assert len(stamps) == 10 and server.requests == 1
    assert walked(server, 10, 11, now=10) == ([], []) and server.requests == 1


@pytest.mark.parametrize("window", [True, False])
def test_the_future_is_not_asked_for(window):
    server = Server(range(10), 5, window)
    stamps, _ = walked(server, 0, 10_000, now=30)
    assert len(stamps) == 10 and server.requests <= 2 + 2 * 4  # windows from 10 to 30, twice
