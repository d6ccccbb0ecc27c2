"""PolledMarket: each finished candle of an exchange, through outages and gaps."""

import pandas as pd
import pytest

from bt_fusion.data.online.candles import Access
from bt_fusion.errors import OptionError
from bt_fusion.live import PolledMarket
from tests.data.online.conftest import own_candles  # noqa: F401

HOUR = pd.Timedelta(hours=1)
NAME = "binance:BTC/USDT:1h@2023-05-30"


@pytest.fixture
def messages():
    return []


@pytest.fixture
def market(exchange, messages, waits):
    """A market whose waiting moves the exchange's clock."""

    def wait(seconds):
        market.waited.append(seconds)
        exchange.clock += pd.Timedelta(seconds=seconds)

    market = PolledMarket(NAME, Access(exchange.host, say=messages.append), wait)
    market.waited = []
    return market


def arrived(market, count):
    """Return the new stamps of so many answers after the history."""
    last, stamps = market.history().index[-1], []
    for _ in range(count):
        found = market.arriving(last)
        assert found.index[0] == last  # as it is now
        last = found.index[-1]
        stamps.append(list(found.index[1:]))
    return stamps


def test_each_candle_arrives_when_it_has_closed(exchange, market):
    first = exchange.right().index[-1]
    assert arrived(market, 3) == [[first + HOUR], [first + 2 * HOUR], [first + 3 * HOUR]]
    assert max(market.waited) == 300 and len(market.waited) < 40


def test_candles_missed_while_the_program_was_busy_come_in_their_order(exchange, market):
    last = market.history().index[-1]
    exchange.clock += 5 * HOUR
    assert list(market.arriving(last).index) == [last + n * HOUR for n in range(6)]


def test_an_outage_is_waited_for_and_nothing_is_lost(exchange, market, messages):
    last = market.history().index[-1]
    exchange.down = True
    exchange.clock += HOUR
    move, tries = market.wait, []

    def wait(seconds):
        move(seconds)
        tries.append(seconds)
        exchange.down = len(tries) < 8

    market.wait = wait
    found = market.arriving(last)
    assert list(found.index) == [last + n * HOUR for n in range(len(found))] and len(found) > 1
    assert sum(line.startswith("No answer") for line in messages) >= 6
    assert max(tries[:7]) <= 300


@pytest.mark.parametrize("fault", ["500", "html", "cut", "empty", "negative", "duplicates"])
def test_a_faulty_answer_is_asked_again(exchange, market, fault):
    last = market.history().index[-1]
    exchange.clock += 2 * HOUR
    exchange.faults = {len(exchange.requests): fault}
    stamps, end = [], last + 3 * HOUR
    while last < end:
        new = market.arriving(last)
        stamps += list(new.index[1:])
        last = new.index[-1]
    assert stamps == [end - 2 * HOUR, end - HOUR, end]


def test_a_candle_the_exchange_does_not_have_is_asked_for_twice_and_reported(
    exchange, market, messages
):
    last = market.history().index[-1]
    exchange.holes = [(last + HOUR, last + 3 * HOUR)]
    assert list(market.arriving(last).index) == [last, last + 3 * HOUR]
    assert messages[-1] == f"Missing    no candle from {last + HOUR} to before {last + 3 * HOUR}"


def test_a_market_that_sleeps_is_asked_less_and_less_often(exchange, market):
    last = market.history().index[-1]
    exchange.holes = [(last + HOUR, last + 12 * HOUR)]
    market.arriving(last)
    assert len(market.waited) < 12 * 20  # an hour has 12 times 300 s
    begun = market.waited.index(4)
    assert market.waited[begun : begun + 5] == [4, 8, 16, 32, 64] and max(market.waited) == 300


def test_a_gap_inside_an_answer_is_asked_for_twice_as_well(exchange, market, messages):
    last = market.history().index[-1]
    exchange.holes = [(last + 2 * HOUR, last + 3 * HOUR)]
    exchange.clock += 4 * HOUR
    assert list(market.arriving(last).index) == [last, last + HOUR]
    before = len(exchange.requests)
    found = market.arriving(last + HOUR)
    assert list(found.index) == [last + HOUR, last + 3 * HOUR, last + 4 * HOUR]
    assert len(exchange.requests) == before + 2
    assert sum(line.startswith("Missing") for line in messages) == 1


def test_a_gap_longer_than_an_answer_is_passed(exchange, market):
    last = market.history().index[-1]
    exchange.holes = [(last + HOUR, last + 1_500 * HOUR)]
    exchange.clock += 1_502 * HOUR
    found = list(market.arriving(last).index)
    assert found == [last, *(last + hours * HOUR for hours in (1_500, 1_501, 1_502))]


def test_a_broken_row_is_left_out_however_often_it_comes(exchange, market):
    last = market.history().index[-1]
    exchange.always = "negative"
    exchange.clock += 2 * HOUR
    assert list(market.arriving(last).index)[-1] > last


def test_the_wait_that_a_server_asks_for_is_kept(exchange, market):
    last = market.history().index[-1]
    exchange.retry_after = "120"
    exchange.clock += HOUR
    exchange.faults = {len(exchange.requests): "429"}
    market.arriving(last)
    assert market.waited[0] == 120


@pytest.mark.slow
def test_at_the_start_a_server_is_asked_until_it_answers(exchange, market, messages):
    exchange.down = True
    move = market.wait

    def wait(seconds):
        move(seconds)
        exchange.down = len(market.waited) < 3

    market.wait = wait
    assert len(market.history()) > 40
    assert sum(line.startswith("No answer") for line in messages) == 3


class Adjusting:
    """A server that adjusts earlier prices, as Yahoo does."""

    adjusted, tolerance, width = True, 1e-6, 1_000

    def __init__(self, bars):
        self.bars = bars

    def request(self, since):
        return self.bars.loc[since:]

    def now(self):
        return self.bars.index[-1] + HOUR


@pytest.mark.parametrize(("factor", "ends"), [(1.0, False), (0.1, True)])
def test_a_split_ends_the_run_before_it_looks_like_a_fall(exchange, market, messages, factor, ends):
    last = market.history().index[-1]
    exchange.clock += HOUR
    bars = exchange.right()
    bars = bars.assign(**{name: bars[name] * factor for name in bars.columns[:4]})
    market._server = Adjusting(bars)
    found = market.arriving(last)
    assert (found is None) == ends and any(
        "a split or a dividend" in line for line in messages
    ) == ends


def test_a_market_that_ends_on_a_day_is_an_error():
    with pytest.raises(OptionError, match="ends on a day"):
        PolledMarket("binance:BTC/USDT:1h@2024-01-01..2024-02-01")


def test_a_text_that_is_no_market_is_an_error():
    with pytest.raises(OptionError, match="does not say how long candles are"):
        PolledMarket("binance:BTC/USDT")
