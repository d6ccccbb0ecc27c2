"""`bt-fusion download`, and --data with a market: against an exchange on the loopback address."""

import json
import os
import signal
import subprocess
import sys
from time import sleep

import pandas as pd
import pytest

from benchmarks.loopback_exchange import LoopbackExchange
from bt_fusion.data.readers import read_bars
from bt_fusion.data.samples import load_sample
from tests.cli.running import MINE, QUICK, ROOT, command
from tests.data.online.loopback_yahoo import LoopbackYahoo

BTC = ["--exchange", "binance", "--symbol", "BTC/USDT", "--since", "2023-03-01"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a cache of its own."""
    pytest.importorskip("ccxt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("bt_fusion.data.online.retries.sleep", lambda seconds: None)
    return tmp_path


@pytest.fixture
def exchange(here, monkeypatch):
    with LoopbackExchange() as served:
        monkeypatch.setenv("BT_FUSION_HOST", served.host)
        yield served


def test_a_download_is_a_file_and_an_audit(exchange, here, capsys):
    assert command("download", *BTC, "--out", "btc.parquet") == 0
    found = read_bars(here / "btc.parquet")
    pd.testing.assert_frame_equal(found, exchange.right()["2023-03-01":], check_freq=False)
    shown = capsys.readouterr()
    assert "binance:BTC/USDT:1h: 2,220 bars, 2023-03-01 to 2023-06-01 11:00" in shown.out
    assert "nothing found" in shown.out and "Files      btc.parquet" in shown.out
    assert shown.err == ""


def test_a_file_of_other_candles_is_kept(here, capsys):
    made = ["--source", "random-walk:300", "--out", "made.csv"]
    assert command("download", *made) == 0 == command("download", *made)
    before = (here / "made.csv").read_bytes()
    capsys.readouterr()
    assert command("download", *made, "--seed", "1") == 2
    assert "--overwrite to replace it" in capsys.readouterr().err
    assert (here / "made.csv").read_bytes() == before
    assert command("download", *made, "--seed", "1", "--overwrite") == 0
    assert (here / "made.csv").read_bytes() != before


def test_what_the_audit_finds_is_shown(exchange, capsys):
    exchange.holes = [(pd.Timestamp("2023-04-01 05:00"), pd.Timestamp("2023-04-01 09:00"))]
    assert command("download", *BTC, "--out", "btc.csv") == 0
    audited = capsys.readouterr().out
    assert command("audit", "--data", "btc.csv") == 0
    same = capsys.readouterr().out.replace("btc:", "binance:BTC/USDT:1h:")
    assert "gap" in audited and audited.splitlines()[1:-1] == same.splitlines()[1:]


def test_quiet_says_nothing(exchange, here, capsys):
    assert command("download", *BTC, "--out", "btc.feather", "--quiet") == 0
    assert capsys.readouterr() == ("", "") and (here / "btc.feather").is_file()


def test_a_host_is_an_option_too(exchange, monkeypatch):
    monkeypatch.delenv("BT_FUSION_HOST")
    assert command("download", *BTC, "--host", exchange.host, "--out", "btc.csv") == 0
    assert len(exchange.requests) == 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("451", "refuses requests from this place (HTTP 451)"),
        ("500", "binance answers HTTP 500"),
        ("text", "rows that are not candles"),
    ],
)
def test_a_fault_is_one_line_and_no_file(fault, message, exchange, here, capsys):
    (here / "btc.csv").write_text("older")
    exchange.always = fault
    assert command("download", *BTC, "--out", "btc.csv") == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.startswith("error: binance") and shown.count("\n") == 1
    assert (here / "btc.csv").read_text() == "older"


@pytest.mark.parametrize("name", ["random-walk", "planted-edge", "garch", "garch:500"])
def test_made_up_candles_are_those_of_the_sample(name, here, capsys):
    assert command("download", "--source", name, "--seed", "7", "--out", "made.parquet") == 0
    found = read_bars(here / "made.parquet")
    pd.testing.assert_frame_equal(found, load_sample(name, 7), check_freq=False)
    assert f"{name}: {len(found):,} bars" in capsys.readouterr().out


def test_yahoo_by_days(here, monkeypatch, capsys):
    pytest.importorskip("yfinance")
    with LoopbackYahoo() as yahoo:
        monkeypatch.setenv("BT_FUSION_HOST", yahoo.host)
        words = ["--source", "yahoo", "--symbol", "SPY", "--days", "180", "--out", "spy.csv"]
        assert command("download", *words) == 0
        found = read_bars(here / "spy.csv")
        assert 120 < len(found) < 130
        assert "yahoo:SPY:1d" in capsys.readouterr().out
        assert command("audit", "--data", "yahoo:SPY:1d", "--json", "audit.json") == 0
    found = json.loads((here / "audit.json").read_text())["data"]
    assert found["bars"] > 250 and found["findings"] == []


def test_made_up_candles_have_the_length_asked_for(here, capsys):
    made = ["--source", "random-walk:300", "--seed", "3"]
    assert command("download", *made, "--out", "minutes.csv") == 0
    assert command("download", *made, "--timeframe", "1h", "--out", "hours.csv") == 0
    minutes, hours = read_bars(here / "minutes.csv"), read_bars(here / "hours.csv")
    assert set(minutes.index.diff()[1:]) == {pd.Timedelta("1min")}
    assert set(hours.index.diff()[1:]) == {pd.Timedelta("1h")}
    assert (hours.to_numpy() == minutes.to_numpy()).all() and len(hours) == 300


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give one of --exchange NAME, --source yahoo and a made-up --source"),
        (["--exchange", "binance", "--source", "yahoo"], "give one of --exchange NAME"),
        (["--exchange", "binance"], "--symbol is missing, e.g. BTC/USDT of an exchange"),
        (["--source", "garhc"], "unknown source 'garhc': did you mean 'garch'"),
        (["--source", "sp500"], "unknown source 'sp500'"),
        (["--source", "garch", "--symbol", "SPY"], "--symbol is of an exchange or of Yahoo"),
        (["--source", "garch", "--days", "5"], "--days is of an exchange or of Yahoo"),
        ([*BTC, "--days", "5"], "give either --days or --since"),
        ([*BTC, "--until", "2023-01-01"], "since 2023-03-01 00:00:00 is not before until"),
        ([*BTC, "--timeframe", "hour"], "timeframe 'hour' is unknown; write 15m, 1h"),
        ([*BTC, "--out", "btc.xlsx"], "out btc.xlsx is not one of .parquet, .pq, .csv, .feather"),
    ],
)
def test_what_does_not_go_together_is_reported(words, message, here, capsys):
    assert command("download", "--out", "made.csv", *words) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1
    assert not (here / "made.csv").exists()


@pytest.mark.slow
def test_a_market_is_data_of_a_backtest_and_of_why(exchange, here, capsys):
    (here / "mine.py").write_text(MINE)
    words = ["--strategy", "mine.py:Reversal", *QUICK, "--no-report"]
    data = ["--data", "binance:BTC/USDT:1h@2023-03-01"]
    assert command("backtest", *data, *words, "--out", "run") == 0
    summary = json.loads((here / "run" / "summary.json").read_text())
    assert summary["data"]["name"] == "binance:BTC/USDT:1h" and summary["data"]["bars"] == 2_220
    before = len(exchange.requests)
    exchange.clock += pd.Timedelta(days=2)
    assert command("audit", "--data", data[1], "--max-age", "0") == 0
    assert len(exchange.requests) == before + 1
    exchange.down = True
    assert command("why", "run", "--trade", "1") == 0  # of the bars that the run had
    assert "trade 1" in capsys.readouterr().out.lower()


@pytest.mark.slow
def test_two_processes_at_once_fetch_it_once(exchange):
    words = [sys.executable, "-m", "bt_fusion", "audit", "--data", "binance:BTC/USDT:1h@2023-03-01"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pair = [
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert len(exchange.requests) == 3 and sum("Fetching" in each for each in outputs) == 1


def test_two_markets_are_two_symbols(exchange, capsys):
    pairs = ["BTC=binance:BTC/USDT:1d", "ETH=binance:ETH/USDT:1d"]
    assert command("audit", "--data", pairs[0], "--data", pairs[1]) == 0
    shown = capsys.readouterr().out
    assert "BTC: 151 bars" in shown and "ETH: 151 bars" in shown


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_keeps_what_is_finished(exchange, here):
    words = ["--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m"]
    start = [sys.executable, "-m", "bt_fusion", "download", *words, "--since", "2023-05-20"]
    process = subprocess.Popen(
        [*start, "--out", "btc.parquet"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while len(exchange.requests) < 5:
        sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (
        message == "interrupted; finished candles are kept: run the same command again to go on\n"
    )
    exchange.requests.clear()
    assert command("download", *words, "--since", "2023-05-20", "--out", "btc.parquet") == 0
    right = exchange.right("BTCUSDT", "1m")["2023-05-20":]
    pd.testing.assert_frame_equal(read_bars(here / "btc.parquet"), right, check_freq=False)
    first = pd.to_datetime(int(exchange.requests[0]["startTime"]), unit="ms")
    assert first > pd.Timestamp("2023-05-21 12:00")
