"""What is kept: only what is missing is fetched, and nothing is lost, torn or twice there."""

import os
import signal
import subprocess
import sys
from threading import Thread
from time import sleep

import pandas as pd
import pytest

from bt_fusion.data.online import candles as candles_module
from bt_fusion.data.online import update as update_module
from bt_fusion.data.online.candles import Access, fetch_candles, load_market
from bt_fusion.data.online.market import Market
from bt_fusion.errors import BarsError, BtFusionWarning, DownloadError
from tests.cli.running import ROOT

HOURS = Market.of("binance:BTC/USDT:1h@2023-03-01")


def same(found, right):
    pd.testing.assert_frame_equal(found, right, check_freq=False)


def starts(exchange):
    """Return the first stamp of each request for candles, and forget them."""
    found = [pd.to_datetime(int(each["startTime"]), unit="ms") for each in exchange.requests]
    exchange.requests.clear()
    return found


@pytest.fixture
def later(monkeypatch):
    """Move the clock of this computer, by minutes, as far as ages go."""

    def move(minutes):
        now = update_module.clock() + pd.Timedelta(minutes=minutes)
        for module in (update_module, candles_module):
            monkeypatch.setattr(module, "clock", lambda: now)

    return move


def test_a_file_is_trusted_for_half_an_hour(exchange, access, later):
    same(load_market(HOURS, access=access), exchange.right().loc["2023-03-01":])
    assert len(starts(exchange)) == 3
    before = exchange.right()
    exchange.clock += pd.Timedelta(hours=2)
    later(29)
    same(load_market(HOURS, access=access), before.loc["2023-03-01":])
    assert starts(exchange) == []
    later(2)
    same(load_market(HOURS, access=access), exchange.right().loc["2023-03-01":])
    assert len(starts(exchange)) == 1


def test_max_age_is_minutes(exchange, access, later):
    load_market(HOURS, access=access)
    starts(exchange)
    later(5)
    load_market(HOURS, 10.0, access)
    assert starts(exchange) == []
    load_market(HOURS, 4.0, access)
    assert len(starts(exchange)) == 1
    load_market(HOURS, 0.0, access)
    assert len(starts(exchange)) == 1


def test_only_what_is_missing_is_fetched(exchange, access):
    load_market(Market.of("binance:BTC/USDT:1h@2023-05-25"), access=access)
    starts(exchange)
    load_market(Market.of("binance:BTC/USDT:1h@2023-05-27"), access=access)
    assert starts(exchange) == []
    same(
        load_market(Market.of("binance:BTC/USDT:1h@2023-05-20"), access=access),
        exchange.right().loc["2023-05-20":],
    )
    assert starts(exchange) == [pd.Timestamp("2023-05-20")]


def test_two_spans_and_what_lies_between(exchange, access):
    right = exchange.right()
    for text in ("2023-02-01..2023-02-05", "2023-02-20..2023-02-22", "2023-01-30..2023-02-25"):
        market = Market.of(f"binance:BTC/USDT:1h@{text}")
        part = right.loc[market.since : market.until - pd.Timedelta(hours=1)]
        same(load_market(market, access=access), part)
    firsts = [stamp.date().isoformat() for stamp in starts(exchange)]
    assert firsts[:2] == ["2023-02-01", "2023-02-20"] and firsts[2] == "2023-01-30"
    market = Market.of("binance:BTC/USDT:1h@2023-01-30..2023-02-25")
    same(load_market(market, access=access), right.loc["2023-01-30":"2023-02-24"])
    assert starts(exchange) == []


def test_a_late_correction_is_noticed_and_the_newer_one_used(exchange, access, messages):
    load_market(HOURS, access=access)
    exchange.corrections = {
        pd.Timestamp("2023-06-01 03:00"): 1.02,
        pd.Timestamp("2023-05-31"): 0.99,
    }
    exchange.clock += pd.Timedelta(hours=1)
    same(load_market(HOURS, 0.0, access), exchange.right().loc["2023-03-01":])
    line = messages[-1]
    assert line == (
        "Corrected  binance has changed 2 candles that were kept, the first of "
        "2023-05-31 00:00:00; the newer values are used"
    )
    del messages[:]
    load_market(HOURS, 0.0, access)
    assert messages == ["Fetching   binance:BTC/USDT:1h"]


def test_an_old_correction_is_noticed_by_a_refetch(exchange, access, messages):
    fetch_candles(HOURS, access)
    exchange.corrections = {pd.Timestamp("2023-03-05 03:00"): 1.02}
    before = fetch_candles(HOURS, access)
    assert messages == [] and len(before) == len(exchange.right().loc["2023-03-01":])
    same(fetch_candles(HOURS, access, refetch=True), exchange.right().loc["2023-03-01":])
    assert messages[0].startswith(
        "Corrected  binance has changed a candle that was kept, the first of"
    )


def test_offline_it_goes_on_with_what_is_there_and_says_how_old_it_is(
    exchange, access, waits, later
):
    found = load_market(HOURS, access=access)
    exchange.down = True
    later(3 * 24 * 60 + 30)
    message = r"1h: binance cannot be reached: .*Kept candles are used: fetched 3 days ago"
    with pytest.warns(BtFusionWarning, match=message):
        same(load_market(HOURS, access=access), found)
    assert len(waits) == 2  # it does not keep its user waiting


def test_offline_and_refused_are_alike_where_candles_are_kept(exchange, access, later):
    found = load_market(HOURS, access=access)
    later(60)
    exchange.always = "451"
    with pytest.warns(BtFusionWarning, match=r"HTTP 451.*fetched 60 minutes ago"):
        same(load_market(HOURS, access=access), found)


def test_a_port_that_nobody_listens_at_is_offline_too(exchange, access, waits):
    found = load_market(HOURS, access=access)
    exchange.server.shutdown()
    exchange.server.server_close()
    with pytest.warns(BtFusionWarning, match="binance cannot be reached: .*refused"):
        same(load_market(HOURS, 0.0, access), found)


def test_offline_with_nothing_kept_is_an_error(exchange, access, waits):
    exchange.down = True
    with pytest.raises(DownloadError, match="binance cannot be reached"):
        load_market(HOURS, access=access)


def test_a_download_does_not_take_old_candles_for_new_ones(exchange, access, waits):
    fetch_candles(HOURS, access)
    exchange.down = True
    with pytest.raises(DownloadError, match="binance cannot be reached"):
        fetch_candles(HOURS, access)


def test_a_span_that_is_kept_whole_needs_no_exchange(exchange, access):
    market = Market.of("binance:BTC/USDT:1h@2023-03-01..2023-04-01")
    found = fetch_candles(market, access)
    exchange.down = True
    same(fetch_candles(market, access), found)
    same(load_market(market, access=access), found)


def test_what_came_before_an_error_is_kept(exchange, access, waits):
    exchange.faults = dict.fromkeys(range(2, 20), "500")
    with pytest.raises(DownloadError, match="HTTP 500"):
        fetch_candles(HOURS, access)
    starts(exchange)
    exchange.faults = {}
    same(fetch_candles(HOURS, access), exchange.right().loc["2023-03-01":])
    first, *_ = starts(exchange)
    assert first == exchange.right().loc["2023-03-01":].index[2_000 - update_module.OVERLAP]


def test_a_torn_file_is_fetched_again(exchange, access, tmp_path):
    fetch_candles(HOURS, access)
    (file,) = (tmp_path / "cache").rglob("candles.parquet")
    file.write_bytes(file.read_bytes()[:-1_000])
    with pytest.warns(BtFusionWarning, match=r"candles.parquet cannot be read .*fetched again"):
        same(fetch_candles(HOURS, access), exchange.right().loc["2023-03-01":])
    same(fetch_candles(HOURS, access), exchange.right().loc["2023-03-01":])


def test_nothing_is_left_beside_the_file(exchange, access, tmp_path):
    fetch_candles(HOURS, access)
    names = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert names <= {"candles.parquet", "lock"} and "candles.parquet" in names


def test_a_folder_that_cannot_be_written_is_reported(exchange, access, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot be written"):
        fetch_candles(HOURS, access)


def test_another_host_and_another_length_are_kept_apart(exchange, access):
    fetch_candles(HOURS, access)
    starts(exchange)
    fetch_candles(HOURS, Access(exchange.host.replace("127.0.0.1", "localhost")))
    assert len(starts(exchange)) == 3
    fetch_candles(Market.of("binance:BTC/USDT:4h@2023-03-01"), access)
    assert len(starts(exchange)) == 1


def test_two_at_once_fetch_it_once(exchange, access):
    found = []

    def load():
        found.append(load_market(HOURS, access=access))

    threads = [Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(found[0], found[1])
    assert len(exchange.requests) == 3


def test_progress_is_told_in_candles(exchange, access):
    progress = []
    market = Market.of("binance:BTC/USDT:15m@2023-03-01..2023-04-01")
    fetch_candles(market, access, advance=lambda done, total: progress.append((done, total)))
    assert progress == [(1_000, 2_976), (2_000, 2_976), (2_976, 2_976)]


def test_where_history_begins_late_it_is_reported(exchange, access, messages):
    found = load_market(Market.of("binance:BTC/USDT:1h@2022-12-01"), access=access)
    same(found, exchange.right())
    assert messages[1:] == [
        "Begins     binance:BTC/USDT:1h has no candle from 2022-12-01 00:00:00 to before "
        "2023-01-01 00:00:00"
    ]


def test_without_a_first_day_it_is_the_default_history(exchange, access, monkeypatch):
    monkeypatch.setattr(candles_module, "clock", lambda: exchange.clock)
    found = load_market(Market.of("binance:BTC/USDT:5m"), access=access)
    same(found, exchange.right("BTCUSDT", "5m").loc["2023-03-01":])
    assert len(found) >= 20_000


def test_the_default_history_ends_where_it_is_asked_to(exchange, access):
    market = Market.of("binance:BTC/USDT:5m").within(None, pd.Timestamp("2023-04-20"))
    found = fetch_candles(market, access)
    same(found, exchange.right("BTCUSDT", "5m").loc["2023-02-01":"2023-04-19"])


def test_a_span_without_a_candle_is_an_error(exchange, access):
    message = r"binance has no 1h candle of BTC/USDT from 2019-01-01 00:00:00 to 2019-02-01"
    with pytest.raises(BarsError, match=message):
        load_market(Market.of("binance:BTC/USDT:1h@2019-01-01..2019-02-01"), access=access)


INTERRUPTED = """
import sys
from bt_fusion.data.online.candles import Access, fetch_candles
from bt_fusion.data.online.market import Market
print("ready", flush=True)
fetch_candles(Market.of(sys.argv[1]), Access(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_after_a_kill_it_goes_on_from_what_is_there(exchange, access):
    market = "binance:BTC/USDT:1m@2023-05-20"
    words = [sys.executable, "-c", INTERRUPTED, market, exchange.host]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    while len(exchange.requests) < 6:
        sleep(0.01)
    process.kill()
    process.wait()
    starts(exchange)
    same(fetch_candles(Market.of(market), access), exchange.right("BTCUSDT", "1m")["2023-05-20":])
    assert starts(exchange)[0] >= pd.Timestamp("2023-05-22")
