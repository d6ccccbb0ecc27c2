"""Commands over a folder or a glob of files: many symbols, or one where one is asked for."""

import json

import pandas as pd
import pytest

from bt_fusion.data.samples import planted_edge
from tests.cli.running import QUICK, command, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two pairs as freqtrade keeps them, and what else lies in its folder."""
    place = tmp_path_factory.mktemp("binance")
    for number, pair in enumerate(("ETH_USDT", "BTC_USDT")):
        bars = planted_edge(900, seed=number, auc=0.8).rename_axis("date").reset_index()
        bars["date"] = pd.to_datetime(bars["date"], utc=True)
        bars.to_feather(place / f"{pair}-1m.feather")
    (place / "BTC_USDT-trades.feather").write_bytes(b"no candles")
    return place


@pytest.mark.slow
def test_a_backtest_and_why_over_a_folder(folder, tmp_path, capsys):
    out = tmp_path / "out"
    run("--data", folder, "--out", out, "--no-report", "--placebo", "none", *QUICK)
    shown = capsys.readouterr().out
    assert shown.count("Skipped    1 of") == 1 and "BTC_USDT-trades.feather" in shown
    summary = json.loads((out / "summary.json").read_text())
    assert list(summary["symbols"]) == ["BTC/USDT", "ETH/USDT"]
    assert summary["config"]["source"]["data"] == {
        f"{base}/USDT": str(folder / f"{base}_USDT-1m.feather") for base in ("BTC", "ETH")
    }
    stamp = pd.read_parquet(out / "bars.parquet").datetime.iloc[-1].isoformat()
    assert command("why", out, "--bar", stamp, "--symbol", "BTC/USDT") == 0
    assert command("why", out, "--bar", stamp, "--symbol", "ETH/USDT", "--data", folder) == 0


def test_a_sweep_and_an_audit_over_a_glob(folder, tmp_path, capsys):
    out, glob = tmp_path / "sweep", f"{folder}/*-1m.feather"
    words = ("--param", "ml_threshold=0.5,0.6", "-q", *QUICK)
    assert command("sweep", "--data", glob, "--out", out, *words) == 0
    found = json.loads((out / "sweep.json").read_text())
    assert set(found["config"]["source"]["data"]) == {"BTC/USDT", "ETH/USDT"}
    file = tmp_path / "audit.json"
    assert command("audit", "--data", glob, "--json", file) == 0
    found = json.loads(file.read_text())["data"]
    assert [each["name"] for each in found] == ["BTC/USDT", "ETH/USDT"]
    capsys.readouterr()
    assert command("audit", "--data", folder, "--png", tmp_path / "a.png") == 2
    assert "--png draws the bars of one symbol" in capsys.readouterr().err


def test_a_command_of_one_symbol_takes_one_file_of_a_folder(folder, tmp_path, capsys):
    out = tmp_path / "model"
    words = ("--features", "wick_balance,gap", "--members", "lr", "--out", out)
    assert command("train", "--data", folder, *words) == 2
    error = capsys.readouterr().err
    assert "holds 2 symbols (BTC/USDT, ETH/USDT) and one is asked for; give one file" in error
    assert command("train", "--data", f"{folder}/E*-1m.feather", *words) == 0
    assert (out / "manifest.json").is_file()
    file = tmp_path / "bars.csv"
    planted_edge(900, seed=1, auc=0.8).to_csv(file)
    glob = f"{tmp_path}/b*.csv"
    assert command("predict", "--model", out, "--data", glob, "--out", file) == 2
    assert "holds the bars that are read" in capsys.readouterr().err


def test_two_timeframes_of_a_pair_are_an_error_with_both_names(folder, capsys):
    other = folder / "BTC_USDT-1h.feather"
    other.write_bytes((folder / "BTC_USDT-1m.feather").read_bytes())
    try:
        assert command("audit", "--data", folder) == 2
    finally:
        other.unlink()
    error = capsys.readouterr().err
    assert "BTC_USDT-1h.feather" in error and "BTC_USDT-1m.feather" in error
    assert "both of BTC/USDT; choose by a glob" in error
