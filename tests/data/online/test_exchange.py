"""The real client of ccxt against an exchange on the loopback address: each fault of it."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.online import exchange as exchange_module
from bt_fusion.data.online.candles import Access, fetch_candles
from bt_fusion.data.online.market import Market
from bt_fusion.errors import BarsError, DownloadError, OptionError

HOURS = Market.of("binance:BTC/USDT:1h@2023-01-01")
REQUESTS = 4  # 3,636 finished candles, 1,000 a request
BROKEN_ROWS = ["short row", "text", "null", "no time", "negative"]
PASSING = [
    "429",
    "418",
    "500",
    "502",
    "503",
    "html",
    "empty",
    "another shape",
    "cut",
    "half",
    "closed",
]


def same(found, right):
    pd.testing.assert_frame_equal(found, right, check_freq=False)


@pytest.mark.slow
def test_pages_are_put_together_without_the_unfinished_candle(exchange, access, messages):
    found = fetch_candles(HOURS, access)
    same(found, exchange.right())
    assert found.index[-1] == pd.Timestamp("2023-06-01 11:00")  # it is 12:34
    assert len(exchange.requests) == REQUESTS and messages == []


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "4h", "1d"])
def test_each_length_of_candles(timeframe, exchange, access):
    market = Market.of(f"binance:ETH/USDT:{timeframe}@2023-05-30")
    right = exchange.right("ETHUSDT", timeframe).loc["2023-05-30":]
    same(fetch_candles(market, access), right)


def test_a_clock_that_is_fast_does_not_finish_a_candle(exchange, access, monkeypatch):
    late = exchange.clock + pd.Timedelta(hours=2)
    monkeypatch.setattr(exchange_module, "clock", lambda: late)
    same(fetch_candles(HOURS, access), exchange.right())


def test_a_clock_that_is_slow_leaves_the_last_ones_for_later(exchange, access, monkeypatch):
    early = exchange.clock - pd.Timedelta(hours=2)
    monkeypatch.setattr(exchange_module, "clock", lambda: early)
    same(fetch_candles(HOURS, access), exchange.right()[:-2])


@pytest.mark.parametrize("request_number", [0, 1, REQUESTS - 1])
@pytest.mark.parametrize("fault", [*PASSING, *BROKEN_ROWS, "duplicates", "disorder"])
def test_a_passing_fault_costs_no_candle(fault, request_number, exchange, access, waits):
    exchange.faults = {request_number: fault}
    same(fetch_candles(HOURS, access), exchange.right())
    assert (len(waits) == 0) == (fault in ("empty", "duplicates", "disorder"))


def test_faults_one_after_the_other_cost_no_candle(exchange, access, waits):
    exchange.faults = dict(enumerate(["closed", "503", "429", "half", "cut"], start=1))
    same(fetch_candles(HOURS, access), exchange.right())
    assert len(waits) == 5 and len(exchange.requests) == REQUESTS + 5


@pytest.mark.parametrize("fault", ["duplicates", "disorder"])
def test_an_order_of_its_own_costs_no_candle(fault, exchange, access, waits):
    exchange.always = fault
    same(fetch_candles(HOURS, access), exchange.right())
    assert waits == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("429", r"binance answers HTTP 429: .*Too much request weight.* \(8 tries\)"),
        ("418", r"binance answers HTTP 418: .* \(8 tries\)"),
        ("500", r"binance answers HTTP 500: .*unknown error.* \(8 tries\)"),
        ("502", r"binance answers HTTP 502: .*Bad Gateway.* \(8 tries\)"),
        ("503", r"binance answers HTTP 503: .* \(8 tries\)"),
        ("html", r"binance answers with no JSON: '<html>.*Just a moment.* \(8 tries\)"),
        ("another shape", r"binance sends what cannot be read.* \(8 tries\)"),
        ("cut", r"binance cannot be reached: .* \(8 tries\)"),
        ("half", r"binance answers with no JSON: .* \(8 tries\)"),
        ("closed", r"binance cannot be reached: .* \(8 tries\)"),
    ],
)
def test_a_fault_that_stays_is_an_error_that_says_it(fault, message, exchange, access, waits):
    exchange.always = fault
    with pytest.raises(DownloadError, match=message):
        fetch_candles(HOURS, access)
    assert len(waits) == 7


@pytest.mark.parametrize("status", ["451", "403"])
def test_a_place_that_is_refused_is_reported_at_once(status, exchange, access, waits):
    exchange.always = status
    message = (
        rf"binance refuses requests from this place \(HTTP {status}\).*another exchange, .*--host"
    )
    with pytest.raises(DownloadError, match=message):
        fetch_candles(HOURS, access)
    assert waits == [] and len(exchange.requests) == 1


def test_an_exchange_that_is_not_there_is_reported(exchange, access, waits):
    exchange.down = True
    with pytest.raises(DownloadError, match=r"binance cannot be reached: .* \(8 tries\)"):
        fetch_candles(HOURS, access)


@pytest.mark.parametrize("status", ["429", "418"])
def test_it_waits_as_long_as_it_is_asked_to(status, exchange, access, waits, messages):
    exchange.faults, exchange.retry_after = {1: status}, "17"
    same(fetch_candles(HOURS, access), exchange.right())
    assert waits == [17.0] and messages[0].startswith(
        f"Waiting    17 s: binance answers HTTP {status}"
    )


def test_a_ban_of_hours_is_an_error(exchange, access, waits):
    exchange.faults, exchange.retry_after = {1: "418"}, "7200"
    with pytest.raises(DownloadError, match=r"HTTP 418.*it asks to wait 7,200 s"):
        fetch_candles(HOURS, access)
    assert waits == []


@pytest.mark.parametrize("fault", BROKEN_ROWS)
def test_rows_that_stay_broken_are_refused_or_left_out(fault, exchange, access, waits, messages):
    exchange.faults = dict.fromkeys((1, 2, 3), fault)  # the second page, three times
    message = r"binance sends rows that are not candles: .* in row 500 .*--repair \(3 tries\)"
    with pytest.raises(BarsError, match=message):
        fetch_candles(HOURS, access)
    exchange.faults = {len(exchange.requests) + 1: fault}
    right = exchange.right()
    found = fetch_candles(
        HOURS, Access(exchange.host, repair=True, say=messages.append), refetch=True
    )
    gone = right.index.difference(found.index)
    assert [stamp for stamp in gone] == [right.index[1_500]]
    same(found, right.drop(gone))
    assert messages[-1].startswith("Repaired   binance: dropped ")


HOLES = {
    "inside a page": [("2023-02-01 05:00", "2023-02-02")],
    "longer than a page": [("2023-02-01", "2023-04-01")],
    "at the beginning": [("2023-01-01", "2023-03-15")],
    "at the end": [("2023-06-01 05:00", "2023-06-02")],
    "two": [("2023-02-11 15:00", "2023-02-11 17:00"), ("2023-03-25", "2023-05-30")],
}


@pytest.mark.parametrize("name", HOLES)
def test_downtime_of_the_exchange_is_a_gap(name, exchange, access):
    exchange.holes = [(pd.Timestamp(start), pd.Timestamp(end)) for start, end in HOLES[name]]
    found = fetch_candles(HOURS, access)
    same(found, exchange.right())
    assert len(found) < 3_636
    for start, end in exchange.holes:
        assert not len(found.loc[start : end - pd.Timedelta(1, "ns")])


@pytest.mark.parametrize("seed", range(8))
def test_an_unsteady_exchange_costs_no_candle(seed, exchange, access, waits):
    rng = np.random.default_rng(seed)
    exchange.faults = {
        number: str(rng.choice(PASSING)) for number in range(30) if rng.random() < 0.3
    }
    fetched = fetch_candles(HOURS, access)
    assert fetched.index.is_unique and fetched.index.is_monotonic_increasing
    same(fetched, exchange.right())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("binanse:BTC/USDT:1h", "ccxt knows no exchange 'binanse'; did you mean .*binance"),
        ("binance:BTC/USD:1h", "binance has no symbol 'BTC/USD' among 2; did you mean BTC/USDT"),
        ("binance:btc/usdt:1h", "has no symbol 'btc/usdt' among 2; did you mean BTC/USDT"),
        ("binance:BTC/USDT:7h", "unknown timeframe of binance '7h'"),
    ],
)
def test_what_the_exchange_does_not_have_is_reported(text, message, exchange, access):
    with pytest.raises(OptionError, match=message):
        fetch_candles(Market.of(text), access)
    assert exchange.requests == []


def test_the_exchange_s_own_name_of_a_symbol_will_do(exchange, access):
    found = fetch_candles(Market.of("binance:BTCUSDT:1d@2023-05-01"), access)
    same(found, exchange.right("BTCUSDT", "1d").loc["2023-05-01":])


def test_a_host_that_is_no_address_is_refused(access):
    with pytest.raises(
        OptionError, match="host 'localhost:8080' is not an address; write https://name"
    ):
        fetch_candles(HOURS, Access("localhost:8080"))


def test_without_ccxt_the_remedy_is_reported(monkeypatch, access):
    monkeypatch.setitem(__import__("sys").modules, "ccxt", None)
    with pytest.raises(OptionError, match=r"need ccxt, .*pip install 'bt-fusion\[data\]'"):
        fetch_candles(HOURS, access)


@pytest.mark.parametrize("name", ["binance", "kraken", "coinbase", "bybit", "okx", "mexc", "htx"])
def test_every_address_of_an_exchange_is_moved(name):
    client = exchange_module.open_client(name, "http://127.0.0.1:9")
    flat = [client.urls["api"]]
    while any(isinstance(each, dict) for each in flat):
        flat = [u for each in flat for u in (each.values() if isinstance(each, dict) else [each])]
    assert flat and all(u.startswith("http://127.0.0.1:9") for u in flat if isinstance(u, str))
