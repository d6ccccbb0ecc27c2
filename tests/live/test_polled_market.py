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
def said():
    return []


@pytest.fixture
def market(exchange, said, waits):
    """A market whose waiting moves the exchange's clock."""

    def wait(seconds):
        market.waited.append(seconds)
        exchange.clock += pd.Timedelta(seconds=seconds)

    market = PolledMarket(NAME, Access(exchange.host, repair=True, say=said.append), wait)
    market.waited = []
    return market


def arrived(market, count):
    """Return the stamps of so many answers after the history."""
    last, stamps = market.history().index[-1], []
    for _ in range(count):
        new = market.arriving(last)
        last = new.index[-1]
        stamps.append(list(new.index))
    return stamps


def test_each_candle_arrives_when_it_has_closed(exchange, market):
    first = exchange.right().index[-1]
    assert arrived(market, 3) == [[first + HOUR], [first + 2 * HOUR], [first + 3 * HOUR]]
    assert len(market.waited) == 3 and max(market.waited) <= 3_602


def test_candles_missed_while_the_program_was_busy_come_in_their_order(exchange, market):
    last = market.history().index[-1]
    exchange.clock += 5 * HOUR
    assert list(market.arriving(last).index) == [last + n * HOUR for n in range(1, 6)]


def test_an_outage_is_waited_for_and_nothing_is_lost(exchange, market, said):
    last = market.history().index[-1]
    exchange.down = True
    move, tries = market.wait, []

    def wait(seconds):
        move(seconds)
        tries.append(seconds)
        exchange.down = len(tries) < 8

    market.wait = wait
    found = market.arriving(last)
    assert list(found.index) == [last + n * HOUR for n in range(1, len(found) + 1)]
    assert sum(line.startswith("No answer") for line in said) >= 6
    assert max(tries[:7]) <= 300


@pytest.mark.parametrize("fault", ["500", "html", "cut", "empty", "negative", "duplicates"])
def test_a_faulty_answer_is_asked_again(exchange, market, fault):
    last = market.history().index[-1]
    exchange.clock += HOUR
    exchange.faults = {len(exchange.asked): fault}
    stamps = []
    while len(stamps) < 2:
        new = market.arriving(last)
        stamps += sorted(set(new.index))
        last = stamps[-1]
    assert stamps[1] - stamps[0] == HOUR


def test_a_candle_the_exchange_does_not_have_is_asked_for_twice_and_said(exchange, market, said):
    last = market.history().index[-1]
    exchange.holes = [(last + HOUR, last + 3 * HOUR)]
    assert list(market.arriving(last).index) == [last + 3 * HOUR]
    assert said[-1] == f"Missing    no candle from {last + HOUR} to before {last + 3 * HOUR}"


def test_a_market_that_sleeps_is_asked_less_and_less_often(exchange, market):
    last = market.history().index[-1]
    exchange.holes = [(last + HOUR, last + 48 * HOUR)]
    market.arriving(last)
    assert len(market.waited) < 48 * 20  # an hour has 12 times 300 s
    assert market.waited[1:6] == [4, 8, 16, 32, 64] and max(market.waited[1:]) == 300


def test_a_text_that_is_no_market_is_an_error():
    with pytest.raises(OptionError, match="does not say how long candles are"):
        PolledMarket("binance:BTC/USDT")
