"""The command line with several symbols, --breakdown and --preset."""

import json

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Direction, Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.models.presets import PRESETS
from tests.cli.running import MINE, QUICK, run

SPAN = {"A": (0, 1_100), "B": (300, 1_200), "C": (150, 900)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three symbols of different starts, lengths and, for B, gaps."""
    folder = tmp_path_factory.mktemp("symbols")
    rng = np.random.default_rng(0)
    for number, (symbol, (start, stop)) in enumerate(SPAN.items()):
        bars = planted_edge(1_200, seed=number, auc=0.8)[start:stop]
        if symbol == "B":
            bars = bars[rng.random(len(bars)) > 0.2]
        bars.to_csv(folder / f"{symbol}.csv")
    return folder


def data(files, *symbols):
    return [part for s in symbols or SPAN for part in ("--data", f"{s}={files / s}.csv")]


def summary_of(out):
    return json.loads((out / "summary.json").read_text())


@pytest.fixture(scope="module")
def several(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("several")
    options = ["--breakdown", "day", "--breakdown", "week", "--param", "exit=both"]
    run(*data(files), "--out", out, "-q", *options, *QUICK)
    return out


def test_each_symbol_has_its_part_and_the_parts_add_up(several):
    summary = summary_of(several)
    parts = summary["symbols"]
    assert list(parts) == list(SPAN) and summary["data"]["name"] == "A, B, C"
    for name in ("data", "window"):
        assert summary[name]["bars"] == sum(part[name]["bars"] for part in parts.values())
    assert [part["window"]["bars"] for part in parts.values()][::2] == [700, 350]
    assert parts["B"]["data"]["bars"] < 800  # the gaps
    for run_name in ("ml_off", "ml_on"):
        for key in ("trades", "won", "lost", "net_profit", "commission"):
            total = sum(part[run_name][key] for part in parts.values())
            assert summary[run_name][key] == pytest.approx(total), key
    assert summary["model"]["rows"] == sum(part["model"]["rows"] for part in parts.values())
    assert summary["model"]["refits"] == sum(part["model"]["refits"] for part in parts.values())
    for side in ("-1", "0", "1"):
        fused = sum(part["signals"]["fused"][side] for part in parts.values())
        assert summary["signals"]["fused"][side] == fused
    assert summary["config"]["train_bars"] == dict.fromkeys(SPAN, 400)
    assert all(part["model"]["auc"] > 0.6 for part in parts.values())


def test_tables_keep_the_symbols_apart(several):
    trades = pd.read_csv(several / "trades.csv", parse_dates=["entry_time", "exit_time"])
    assert set(trades.symbol) == set(SPAN)
    for name, columns in (("predictions", 11), ("bars", 10)):
        frame = pd.read_parquet(several / f"{name}.parquet")
        assert list(frame)[:2] == ["datetime", "symbol"] and frame.shape[1] == columns
        bars = {
            symbol: part["window"]["bars"]
            for symbol, part in summary_of(several)["symbols"].items()
        }
        assert frame.groupby("symbol").size().to_dict() == bars
    predictions = pd.read_parquet(several / "predictions.parquet")
    assert (predictions.trained_until < predictions.datetime).all()
    equity = pd.read_parquet(several / "equity.parquet")
    assert equity.datetime.is_unique and equity.datetime.is_monotonic_increasing
    assert set(equity.datetime) == set(predictions.datetime)


def test_a_symbol_is_predicted_as_it_would_be_alone(files, several, tmp_path):
    run(*data(files, "B"), "--out", tmp_path, "-q", "--no-report", *QUICK)
    alone = pd.read_parquet(tmp_path / "predictions.parquet")
    together = pd.read_parquet(several / "predictions.parquet")
    own = together[together.symbol == "B"].drop(columns="symbol").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone)
    summary = summary_of(tmp_path)
    assert "symbols" not in summary and summary["data"]["name"] == "B"
    assert set(pd.read_csv(tmp_path / "trades.csv").symbol) == {"B"}


def test_periods_add_up_to_the_whole(several):
    summary = summary_of(several)
    assert list(summary["breakdown"]) == ["day", "week"]
    for rows in summary["breakdown"].values():
        for name in ("ml_off", "ml_on"):
            for key in ("trades", "won", "net_profit"):
                assert sum(row[name][key] for row in rows) == pytest.approx(summary[name][key])


@pytest.mark.slow
def test_tables_come_by_symbol_reason_period_and_whole(files, tmp_path, capsys):
    options = ["--breakdown", "day", "--param", "exit=both", *QUICK]
    run(*data(files), "--out", tmp_path, *options)
    shown = capsys.readouterr().out
    places = [
        shown.index(text) for text in ("Symbols", "Exit reasons", "By day of exit", "A, B, C:")
    ]
    assert places == sorted(places)
    assert "TOTAL" in shown and "flip" in shown
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_one_exit_reason_is_shown_only_on_request(files, tmp_path, capsys):
    only = ["--param", "exit=horizon"]
    run(*data(files, "A"), "--out", tmp_path, "--no-report", *only, *QUICK)
    assert "Exit reasons" not in capsys.readouterr().out
    run(*data(files, "A"), "--out", tmp_path, "--no-report", "-v", *only, *QUICK)
    assert "Exit reasons" in capsys.readouterr().out


def test_one_saved_model_predicts_every_symbol(files, tmp_path):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    saved = model.fit(planted_edge(1_200, seed=9, auc=0.8)[:500]).save(tmp_path / "model")
    run(*data(files), "--model", saved, "--out", tmp_path / "out", "-q", "--no-report")
    summary = summary_of(tmp_path / "out")
    out_of_sample = {"A": 600, "C": 400}
    windows = {symbol: part["window"]["bars"] for symbol, part in summary["symbols"].items()}
    assert out_of_sample.items() <= windows.items()
    assert all(part["model"]["auc"] > 0.6 for part in summary["symbols"].values())
    known = tmp_path / "known.csv"
    planted_edge(1_200, seed=9, auc=0.8)[:450].to_csv(known)
    argv = ["--data", f"A={files / 'A.csv'}", "--data", f"OLD={known}", "--model", saved]
    run(*argv, "--out", tmp_path / "no", expect=2)


def test_a_strategy_of_ones_own_on_several_symbols(files, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    options = ["--strategy", f"{mine}:Reversal", "--no-report", "-q"]
    run(*data(files), "--out", tmp_path / "out", *options, *QUICK)
    trades = pd.read_csv(tmp_path / "out" / "trades.csv")
    assert set(trades.symbol) == {"A"}  # it trades the first feed alone
    summary = summary_of(tmp_path / "out")
    assert summary["vetoes"]["entries"] > 20 and summary["signals"] == {}
    assert summary["symbols"]["C"]["ml_on"]["trades"] == 0


def test_windows_inside_the_dates(files, tmp_path):
    options = ["--fromdate", "2024-01-01T14:00", "--todate", "2024-01-01T14:30"]
    run(*data(files, "A", "C"), "--out", tmp_path, "-q", "--no-report", *options, *QUICK)
    windows = [part["window"] for part in summary_of(tmp_path)["symbols"].values()]
    assert {window["start"] for window in windows} == {"2024-01-01T14:00:00"}
    assert {window["bars"] for window in windows} == {30}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "sp500", "--data", "nasdaq"], "name each: --data SPX=sp500 --data NDX=nasdaq"),
        (["--data", "A=sp500", "--data", "nasdaq"], "'nasdaq' is one of 2 and has no symbol"),
        (["--data", "A=sp500", "--data", "A=nasdaq"], "symbol 'A' is given twice"),
        (["--data", "=sp500"], "is not SYMBOL=PATH"),
        (["--data", "A="], "is not SYMBOL=PATH"),
        (["--data", "A=sp500", "--data", "B=sp50"], "B: unknown sample 'sp50': did you mean"),
        (["--data", "A=sp500", "--data", "B=nowhere.csv"], "B: no file nowhere.csv"),
        (
            ["--data", "A=sp500", "--data", "B=random-walk", "--train-bars", "6000"],
            "A: 5031 bars end",
        ),
        (
            ["--data", "A=sp500", "--data", "B=random-walk", "--timerange", "20150101-20160101"],
            "B: no predicted bar between",
        ),
        (["--breakdown", "monht"], "unknown breakdown 'monht': did you mean 'month'?"),
        (["--preset", "fusoin"], "unknown preset 'fusoin': did you mean 'fusion'?"),
        (["--preset", "fusion", "--model", "auto"], "both say what predicts"),
    ],
)
def test_bad_input_is_one_clear_line(options, message, tmp_path, capsys):
    quick = [] if "--preset" in options else ["--features", "return_1", "--members", "lr"]
    run("--out", tmp_path / "out", "--cache", "none", "--jobs", "1", *quick, *options, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
    assert not (tmp_path / "out").exists()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", [["--preset", "discovery"], ["--strategy", "discovery"]])
def test_a_preset_is_walked_forward(options, files, tmp_path):
    schedule = ["--train-bars", "900", "--refit-bars", "200"]
    run(*data(files, "A"), "--out", tmp_path, "-q", "--no-report", *options, *schedule)
    config, model = (summary_of(tmp_path)[key] for key in ("config", "model"))
    preset = PRESETS["discovery"]()
    assert config["label"] == type(preset.label()).__name__ == "ProfitBeforeStop"
    assert config["features"] == "mar" and model["members"] == ["xgb"]
    assert config["train_bars"] == 900 and model["refits"] == 1


def test_a_config_file_names_several_symbols(files, tmp_path):
    config = tmp_path / "job.toml"
    sources = [f"{symbol}={files / symbol}.csv" for symbol in ("A", "C")]
    config.write_text(f'data = {sources}\nbreakdown = "month"\nno-report = true\n')
    run("--config", config, "--out", tmp_path / "out", "-q", *QUICK)
    summary = summary_of(tmp_path / "out")
    assert list(summary["symbols"]) == ["A", "C"]
    assert [row["start"] for row in summary["breakdown"]["month"]] == ["2024-01"]
