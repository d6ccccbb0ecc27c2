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


def test_what_is_neither_file_nor_sample_is_reported():
    with pytest.raises(OptionError, match="did you mean 'random-walk'"):
        load("random-wlk:30", 0, False)
    with pytest.raises(BarsError, match=r"no file walks/random:30; give a CSV, Parquet"):
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


def test_a_folder_stands_for_its_files(tmp_path):
    for name in ("BTC_USDT-1h.csv", "ETH_USDT-1h.csv", "a=b.csv", "notes.md"):
        random_walk(30).to_csv(tmp_path / name)
    messages = []
    found = sources([f"{tmp_path}/", "SPX=sp500"], messages.append)
    assert list(found) == ["BTC/USDT", "ETH/USDT", "a=b", "SPX"]
    assert found["a=b"] == str(tmp_path / "a=b.csv") and found["SPX"] == "sp500"
    assert messages == [f"Skipped    1 of {tmp_path}/, no candles: notes.md"]
    loaded = load_each(found, 0, False)
    assert list(loaded) == list(found) and len(loaded["BTC/USDT"]) == 30
    only = sources([f"{tmp_path}/B*"])
    assert only == {"BTC/USDT": str(tmp_path / "BTC_USDT-1h.csv")}
    assert list(load_each(only, 0, False)) == ["BTC/USDT"]


def test_a_folder_beside_others_needs_names_and_no_twins(tmp_path):
    for name in ("A.csv", "B.csv"):
        random_walk(30).to_csv(tmp_path / name)
    with pytest.raises(OptionError, match="'sp500' has no symbol beside others; name it: --data"):
        sources([str(tmp_path), "sp500"])
    with pytest.raises(OptionError, match="symbol 'A' is given twice"):
        sources([str(tmp_path), "A=sp500"])
    with pytest.raises(OptionError, match="symbol 'A' is given twice"):
        sources([f"{tmp_path}/*.csv", f"{tmp_path}/A*"])


def test_one_symbol_of_a_folder_is_asked_for(tmp_path):
    for name in ("A-1h.csv", "B-1h.csv"):
        random_walk(30).to_csv(tmp_path / name)
    with pytest.raises(
        OptionError, match=r"2 symbols \(A, B\) and one is asked for; give one file"
    ):
        load(str(tmp_path), 0, False)
    bars, name = load(f"{tmp_path}/A*", 0, False)
    assert len(bars) == 30 and name == "A-1h"


def test_what_was_assumed_and_repaired_is_reported(tmp_path):
    path = tmp_path / "EURUSD60.csv"
    path.write_text("2024.01.31,00:00,1,2,1,2,5\n2024.01.31,01:00,1,2,3,2,5\n")
    messages = []
    assert len(load(str(path), 0, True, messages.append)[0]) == 1
    assert [line.split()[0] for line in messages] == ["Read", "Repaired"]
    assert (
        "columns are taken as date, time, open, high" in messages[0]
        and "high below low" in messages[1]
    )
    load_each({"EUR": str(path)}, 0, True, messages.append)
    assert [line.endswith(" (EUR)") for line in messages] == [False, False, True, True]
