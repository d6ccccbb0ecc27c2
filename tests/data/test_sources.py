"""What --data asks for: files and samples, alone or by symbol."""

import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.data.sources import bars_within, load, load_each, of_span, sources
from bt_fusion.errors import BarsError, OptionError


def test_a_sample_with_a_size_goes_by_the_whole_name():
    bars, name = load("random-walk:30", seed=3, repair=False)
    assert name == "random-walk:30" and bars.equals(random_walk(30, seed=3))
    given = sources(["A=random-walk:30", "B=random-walk:30"])
    found = load_each(given, seed=3, repair=False)
    assert found["A"].equals(bars) and found["B"].equals(random_walk(30, seed=4))


def test_what_is_neither_file_nor_sample_is_said():
    with pytest.raises(OptionError, match="did you mean 'random-walk'"):
        load("random-wlk:30", 0, False)
    with pytest.raises(BarsError, match=r"no file walks/random:30; give a CSV or Parquet file"):
        load("walks/random:30", 0, False)


def test_a_market_is_no_pair_even_with_an_equals_sign_in_its_name():
    assert sources(["yahoo:EURUSD=X:1d"]) == {"": "yahoo:EURUSD=X:1d"}
    pair = ["EUR=yahoo:EURUSD=X:1d", "BTC=binance:BTC/USDT:1h@2020-01-01"]
    assert sources(pair) == {
        "EUR": "yahoo:EURUSD=X:1d",
        "BTC": "binance:BTC/USDT:1h@2020-01-01",
    }


def test_of_a_span_only_a_market_has_another_text():
    start, end = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02 03:00")
    assert of_span("candles.csv", start, end) == "candles.csv"
    assert of_span("random-walk:50", start, end) == "random-walk:50"
    pinned = of_span("yahoo:SPY:1h@2020-01-01", start, end)
    assert pinned == "yahoo:SPY:1h@2024-01-01T00:00:00..2024-01-02T03:00:01"
    assert of_span(pinned, start, end) == pinned


def test_bars_within_dates_have_the_first_and_not_the_last():
    bars = random_walk(10)
    start, end = bars.index[2], bars.index[5]
    assert bars_within(bars, start, end).equals(bars[2:5])
    assert bars_within(bars, start).equals(bars[2:]) and bars_within(bars).equals(bars)
    between = end - pd.Timedelta(seconds=1)
    assert bars_within(bars, None, between).equals(bars[:5])
    with pytest.raises(BarsError, match="no bar from 2030-01-01 00:00:00 to the last; the bars"):
        bars_within(bars, pd.Timestamp("2030"))
