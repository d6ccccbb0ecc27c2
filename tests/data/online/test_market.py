"""Markets: which texts mean one, and what they say."""

import pandas as pd
import pytest

from bt_fusion.data.online.market import Market, default_since, is_market
from bt_fusion.data.online.timeframe import Timeframe
from bt_fusion.errors import OptionError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("binance:BTC/USDT:1h", ("binance", "BTC/USDT", "1h")),
        ("binance:BTC/USDT:USDT:4h", ("binance", "BTC/USDT:USDT", "4h")),
        ("kraken:BTC/EUR:1d@2020-01-01", ("kraken", "BTC/EUR", "1d")),
        ("yahoo:SPY:1d", ("yahoo", "SPY", "1d")),
        ("yahoo:EURUSD=X:1wk", ("yahoo", "EURUSD=X", "1w")),
        ("yahoo:^GSPC:1mo", ("yahoo", "^GSPC", "1M")),
    ],
)
def test_a_text_says_provider_symbol_and_length(text, parts):
    assert is_market(text)
    market = Market.of(text)
    assert (market.provider, market.symbol, str(market.timeframe)) == parts
    assert Market.of(str(market)) == market


def test_a_span_stands_behind_an_at():
    market = Market.of("binance:BTC/USDT:1h@2020-01-01..2021-06-01T12:00+02:00")
    assert market.since == pd.Timestamp("2020-01-01")
    assert market.until == pd.Timestamp("2021-06-01 10:00")
    assert Market.of(str(market)) == market
    assert Market.of("binance:BTC/USDT:1h@2020-01-01").until is None


@pytest.mark.parametrize(
    "text",
    [
        *("candles.csv", "data/candles.csv", "sp500", "random-walk:500", "random-wlk:500"),
        *("C:/data/candles.csv", r"C:\data\candles.csv", "https://a.example/candles.csv"),
        *("BTC=binance:BTC/USDT:1h", "sp50:500"),
    ],
)
def test_files_samples_and_pairs_are_none(text):
    assert not is_market(text)


def test_a_file_of_that_name_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yahoo:SPY:1d").write_text("")
    assert not is_market("yahoo:SPY:1d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yahoo:SPY", "'yahoo:SPY' does not say how long candles are; e.g. binance:BTC/USDT:1h"),
        ("binance:BTC/USDT", "does not say how long candles are"),
        ("binance:BTC/USDT:hour", "timeframe 'hour' is unknown"),
        ("binance:BTC/USDT:1h@", "has no date after its @"),
        ("binance:BTC/USDT:1h@soon", "since 'soon' is no ISO date"),
        ("binance:BTC/USDT:1h@2021-01-01..2020-01-01", "since 2021-01-01 00:00:00 is not before"),
    ],
)
def test_what_is_missing_is_reported(text, message):
    assert is_market(text)
    with pytest.raises(OptionError, match=message):
        Market.of(text)


@pytest.mark.parametrize(
    ("provider", "timeframe", "since"),
    [
        ("binance", "1h", "2024-02-01"),
        ("binance", "1m", "2026-05-01"),
        ("binance", "1d", "2010-01-01"),
        ("yahoo", "1d", "1900-01-01"),
        ("yahoo", "1h", "2024-02-01"),
    ],
)
def test_the_default_history_begins_with_a_month(provider, timeframe, since):
    now = pd.Timestamp("2026-05-20 07:30")
    found = default_since(provider, Timeframe.of(timeframe), now)
    assert found == pd.Timestamp(since)
    assert (now - found) // Timeframe.of(timeframe).length >= 5_000
