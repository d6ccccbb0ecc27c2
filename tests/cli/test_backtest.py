"""The command line: its files, its messages, its exit codes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bt_fusion import Direction, Ensemble, SignalModel, read_bars
from bt_fusion.cli import main as cli
from bt_fusion.data.samples import planted_edge

ROOT = Path(cli.__file__).resolve().parents[2]
QUICK = ["--features", "wick_balance,gap", "--members", "lgb", "--train-bars", "400", "--jobs", "1"]
FILES = {
    "summary.json",
    "trades.csv",
    "predictions.parquet",
    "bars.parquet",
    "equity.parquet",
    "comparison.png",
    "report.html",
    "ledger.jsonl",
}
TRADE_COLUMNS = (
    "run,symbol,side,entry_time,entry_price,exit_time,exit_price,size,pnl,commission,bars,"
    "exit_reason"
)
FIGURES = {
    "trades",
    "won",
    "lost",
    "win_rate",
    "profit_factor",
    "expectancy",
    "avg_win",
    "avg_loss",
    "net_profit",
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "max_drawdown",
    "sqn",
    "exposure",
    "commission",
    "final_value",
}


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    planted_edge(1_200, seed=1, auc=0.8).to_csv(path)
    return path


def run(*argv, expect=0):
    with pytest.raises(SystemExit) as ended:
        cli.run_backtest([str(part) for part in argv])
    assert (ended.value.code or 0) == expect
    return ended


def written(folder):
    """Return the names of what a command left in a folder, lock files aside."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def test_a_run_writes_every_file_and_says_what_it_found(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, *QUICK)
    shown = capsys.readouterr()
    assert written(tmp_path) == FILES
    assert shown.err == ""
    for word in ("ML off", "ML on", "Win rate", "Profit factor", "signals by bar", "AUC"):
        assert word in shown.out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["schema"] == 1
    assert set(summary) == {
        "schema",
        "data",
        "window",
        "in_sample",
        "config",
        "model",
        "ml_off",
        "ml_on",
        "signals",
        "funnel",
        "comparison",
        "timing",
        "command",
        "statistics",
    }
    assert summary["data"]["name"] == "edge" and len(summary["data"]["sha256"]) == 64
    assert summary["window"]["bars"] == 800
    assert set(summary["ml_off"]) >= FIGURES and set(summary["ml_on"]) >= FIGURES
    comparison, statistics = summary["comparison"], summary["statistics"]
    assert comparison["verdict"] == "no evidence"
    assert comparison["because"].startswith("no evidence: ")
    assert comparison["because"][13:40] in shown.out
    assert statistics["placebo"]["draws"] == 1_000 and 0 < statistics["placebo"]["p_value"] <= 1
    assert 0 <= statistics["dsr"] <= statistics["psr"] <= 1 and statistics["trials"] == 1
    assert set(summary["comparison"]["win_rate"]) == {"off", "on", "delta", "ci95"}
    assert set(summary["timing"]) == {"predict_s", "off_s", "on_s", "judge_s", "total_s"}
    assert summary["model"]["auc"] > 0.65
    assert summary["model"]["classes"] == [0, 1]
    assert list(summary["model"]["importances"]) == ["wick_balance", "gap"]
    assert sum(summary["model"]["importances"].values()) == pytest.approx(1, abs=1e-5)
    assert "backtrader" in summary["config"]["versions"]


def test_the_tables_agree_with_the_summary(csv, tmp_path):
    run("--data", csv, "--out", tmp_path, "-q", *QUICK)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (tmp_path / "trades.csv").read_text().splitlines()[0] == TRADE_COLUMNS
    trades = pd.read_csv(tmp_path / "trades.csv", parse_dates=["entry_time", "exit_time"])
    for name in ("off", "on"):
        closed = trades[(trades.run == name) & (trades.exit_reason != "open")]
        figures = summary[f"ml_{name}"]
        assert len(closed) == figures["trades"]
        assert (closed.pnl > 0).sum() == figures["won"]
        assert closed.pnl.sum() == pytest.approx(figures["net_profit"])
    assert (trades.entry_time >= summary["window"]["start"]).all()
    predictions = pd.read_parquet(tmp_path / "predictions.parquet")
    assert list(predictions) == [
        "datetime",
        "probability_up",
        "probability_down",
        "signal",
        "confidence",
        "model",
        "trained_until",
    ]
    assert len(predictions) == 800
    assert (predictions.trained_until < predictions.datetime).all()


def test_bars_and_equity_redraw_the_run(csv, tmp_path):
    run("--data", csv, "--out", tmp_path, "-q", "--no-report", *QUICK)
    summary = json.loads((tmp_path / "summary.json").read_text())
    bars = pd.read_parquet(tmp_path / "bars.parquet")
    prices = ["open", "high", "low", "close", "volume"]
    assert list(bars) == ["datetime", *prices, "label", "technical", "fused"]
    given = read_bars(csv)
    pd.testing.assert_frame_equal(
        bars.set_index("datetime")[prices], given[400:], check_names=False, check_freq=False
    )
    up = given.close.shift(-5) > given.close  # known five bars later, not in the last five
    assert (bars.label[:-5] == up[400:-5].to_numpy()).all() and bars.label[-5:].isna().all()
    for name, column in (("technical", bars.technical), ("fused", bars.fused)):
        counts = summary["signals"][name]
        assert {value: (column == int(value)).sum() for value in counts} == counts
    equity = pd.read_parquet(tmp_path / "equity.parquet")
    assert list(equity) == ["datetime", "off", "on"] and len(equity) == 800
    assert (equity.datetime == bars.datetime).all()
    for name in ("off", "on"):
        assert equity[name].iloc[-1] == summary[f"ml_{name}"]["final_value"]
        funnel = summary["funnel"][name]
        assert funnel["passed"]["bars"] == 800
        assert funnel["passed"]["filled"] >= summary[f"ml_{name}"]["trades"]


def test_twice_the_same_figures(csv, tmp_path):
    summaries = []
    for folder, cache in (
        ("one", tmp_path / "cache"),
        ("two", tmp_path / "cache"),
        ("three", "none"),
    ):
        run("--data", csv, "--out", tmp_path / folder, "--cache", cache, "-q", *QUICK)
        summary = json.loads((tmp_path / folder / "summary.json").read_text())
        summary.pop("timing"), summary.pop("command"), summary["model"].pop("cached")
        summaries.append(summary)
        trades = (tmp_path / folder / "trades.csv").read_bytes()
        assert trades == (tmp_path / "one" / "trades.csv").read_bytes()
    assert summaries[0] == summaries[1] == summaries[2]


def test_quiet_says_nothing_and_no_report_draws_nothing(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "-q", "--no-report", *QUICK)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
    assert written(tmp_path) == FILES - {"comparison.png", "report.html"}


@pytest.mark.parametrize("ml", ["off", "on"])
def test_one_side_alone(ml, csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "--ml", ml, *QUICK)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["comparison"] is None
    assert (summary["ml_off"] is None) == (ml == "on")
    assert list(summary["funnel"]) == [ml]
    assert list(pd.read_parquet(tmp_path / "equity.parquet")) == ["datetime", ml]
    bars = pd.read_parquet(tmp_path / "bars.parquet")
    assert bars.fused.isna().all() == (ml == "off") and bars.technical.notna().sum() > 700
    assert "Difference" not in capsys.readouterr().out


def test_dates_params_and_costs_reach_the_run(csv, tmp_path):
    options = [
        "--timerange",
        "20240101T0800-20240101T1200",
        "--param",
        "ml_threshold=0.55",
        "--param",
        "exit=both",
        "--long-only",
        "--fee",
        "0.001",
        "--cash",
        "5000",
        "--label",
        "direction",
        "--horizon",
        "3",
    ]
    run("--data", csv, "--out", tmp_path, "-q", *QUICK, *options)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["window"]["start"] == "2024-01-01T08:00:00"
    assert summary["window"]["end"] == "2024-01-01T11:59:00"
    assert summary["config"]["params"] == {"ml_threshold": 0.55, "exit": "both", "long_only": True}
    assert summary["config"]["account"]["commission"] == 0.001
    assert summary["config"]["label_parameters"] == {"horizon": 3}
    trades = pd.read_csv(tmp_path / "trades.csv")
    assert set(trades.side) == {"long"} and trades.bars.max() <= 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere.csv"], "no file nowhere.csv"),
        (["--data", "sp50"], "unknown sample 'sp50': did you mean 'sp500'?"),
        (["--strategy", "fusoin"], "did you mean 'fusion'?"),
        (["--members", "rf,xgboost"], "did you mean 'xgb'?"),
        (["--voting", "majorty"], "did you mean 'majority'?"),
        (["--label", "directon"], "did you mean 'direction'?"),
        (["--features", "defualt"], "did you mean 'default'?"),
        (["--features", "rsi_14,retrun_1"], "did you mean 'return_1'?"),
        (["--window", "rollin"], "did you mean 'rolling'?"),
        (["--param", "ml_treshold=0.7"], "did you mean 'ml_threshold'?"),
        (["--param", "ml_threshold"], "is not KEY=VALUE"),
        (["--horizon", "0"], "horizon 0 must be a whole number of bars"),
        (["--fromdate", "yesterday-ish"], "is no date"),
        (["--timerange", "2020"], "is not START-END"),
        (["--fromdate", "2030-01-01"], "no predicted bar between"),
        (["--fromdate", "2020-01-01", "--todate", "2019-01-01"], "is not before todate"),
        (["--train-bars", "6000"], "end before the first refit"),
        (["--train-bars", "20"], "leaves no training row"),
        (["--commission", "5"], "are fractions"),
        (["--cash", "0"], "must be above 0"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(options, message, tmp_path, capsys):
    out = tmp_path / "out"
    run("--out", out, "--members", "lgb", "--features", "fusion", *options, expect=2)
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert message in shown.err
    assert not out.exists()


def test_broken_columns_name_the_row_and_repair_mends_them(csv, tmp_path, capsys):
    bars = pd.read_csv(csv)
    bars.loc[5, "close"] = None
    bars.loc[9, "high"] = 1.0
    path = tmp_path / "broken.csv"
    bars.to_csv(path, index=False)
    run("--data", path, "--out", tmp_path / "out", *QUICK, expect=2)
    assert re.search(r"NaN in column close in row 5 .*--repair", capsys.readouterr().err)
    run("--data", path, "--out", tmp_path / "out", "--repair", *QUICK)
    shown = capsys.readouterr().out
    assert "Repaired   dropped NaN in column close in row 5" in shown
    assert "Repaired   dropped high below low" in shown
    bars.drop(columns="close").to_csv(path, index=False)
    run("--data", path, "--out", tmp_path / "out", *QUICK, expect=2)
    assert "lack the column(s) close" in capsys.readouterr().err


def test_a_failure_while_writing_leaves_the_old_files(csv, tmp_path, monkeypatch):
    run("--data", csv, "--out", tmp_path, "-q", *QUICK)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(pd.DataFrame, "to_parquet", broken_half_way)
    with pytest.raises(OSError, match="disk full"):
        cli.run_backtest(["--data", str(csv), "--out", str(tmp_path), "-q", *QUICK])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def broken_half_way(self, path, **options):
    Path(path).write_bytes(b"PAR1 half a file")
    raise OSError("disk full")


@pytest.fixture(scope="module")
def saved(csv, tmp_path_factory):
    """A model trained on the first 700 of the 1,200 bars."""
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    return model.fit(read_bars(csv)[:700]).save(tmp_path_factory.mktemp("models") / "edge")


def test_a_saved_model_trades_the_bars_it_has_not_seen(csv, saved, tmp_path, capsys):
    run("--data", csv, "--model", saved, "--out", tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["window"]["bars"] == 500 and summary["in_sample"] == 0
    assert summary["model"]["refits"] == 0 and summary["model"]["auc"] > 0.65
    assert summary["model"]["importances"]["wick_balance"] > 0.5
    assert summary["config"]["trained_until"] == "2024-01-01T11:39:00"
    assert "500 unseen bars" in capsys.readouterr().out


def test_in_sample_bars_are_refused_or_marked(csv, saved, tmp_path, capsys):
    known = tmp_path / "known.csv"
    read_bars(csv)[:700].to_csv(known)
    run("--data", known, "--model", saved, "--out", tmp_path, expect=2)
    assert "none is unseen" in capsys.readouterr().err
    run("--data", known, "--model", saved, "--allow-in-sample", "--out", tmp_path)
    assert "IN-SAMPLE bars" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text())["in_sample"] > 600


def test_a_missing_or_broken_model_ends_with_2(csv, saved, tmp_path, capsys):
    run("--data", csv, "--model", tmp_path / "nowhere", expect=2)
    assert "is not a folder" in capsys.readouterr().err
    broken = tmp_path / "broken"
    shutil.copytree(saved, broken)
    (broken / "manifest.json").write_text("{}")
    run("--data", csv, "--model", broken, "--out", tmp_path / "out", expect=2)
    assert capsys.readouterr().err.startswith("error: ")


def test_plot_draws_backtraders_own_chart(csv, tmp_path):
    run("--data", csv, "--out", tmp_path, "-q", "--plot", "--ml", "on", *QUICK)
    assert (tmp_path / "backtrader.png").read_bytes().startswith(b"\x89PNG")


def test_a_config_file_gives_defaults_and_the_command_line_wins(csv, tmp_path, capsys):
    config = tmp_path / "job.toml"
    config.write_text(
        f'data = "{csv}"\nfeatures = "gap,wick_balance"\nmembers = "lgb"\ntrain-bars = 500\n'
        'param = ["ml_threshold=0.55"]\nlong-only = true\n'
    )
    run("--config", config, "--out", tmp_path, "-q", "--train-bars", "600")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["config"]["train_bars"] == 600
    assert summary["config"]["params"] == {"ml_threshold": 0.55, "long_only": True}
    config.write_text("trian-bars = 3")
    run("--config", config, expect=2)
    assert "did you mean 'train-bars'?" in capsys.readouterr().err
    config.write_text("train-bars = = 3")
    run("--config", config, expect=2)
    assert "is no TOML file" in capsys.readouterr().err


def test_unknown_options_and_help(capsys):
    run("--trian-bars", "3", expect=2)
    assert "--train-bars" in capsys.readouterr().err
    run("--help")
    assert "--ml" in capsys.readouterr().out


def in_a_process(*argv, cwd, **environment):
    return subprocess.run(
        [sys.executable, *argv],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_script_runs_from_any_folder_without_a_warning(csv, tmp_path):
    argv = [str(ROOT / "run_backtest.py"), "--data", str(csv), *QUICK]
    done = in_a_process("-W", "error::UserWarning", *argv, cwd=tmp_path, MPLBACKEND="TkAgg")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(tmp_path / "results") == FILES


def test_ctrl_c_ends_with_130(csv, tmp_path):
    code = (
        "import bt_fusion.models.refit as w\n"
        "def stop(*parts): raise KeyboardInterrupt\n"
        "w.fit_copy = stop\n"
        "from bt_fusion.cli.main import run_backtest\n"
        f"run_backtest(['--data', {str(csv)!r}, '--jobs', '1', '--cache', 'none'])\n"
    )
    done = in_a_process("-c", code, cwd=tmp_path)
    assert done.returncode == 130
    assert done.stderr == "interrupted; finished refits are kept in the cache\n"
    assert not (tmp_path / "results").exists()


def test_importing_the_package_is_light(tmp_path):
    code = (
        "import sys, bt_fusion\n"
        "heavy = {'sklearn', 'backtrader', 'xgboost', 'lightgbm', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert in_a_process("-c", code, cwd=tmp_path).stdout == "[]\n"


def test_help_comes_at_once(tmp_path):
    code = (
        "import sys, time\n"
        "start = time.perf_counter()\n"
        "from bt_fusion.cli.main import run_backtest\n"
        "try:\n    run_backtest(['--help'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'backtrader'}\n"
        "print(sorted(heavy & set(sys.modules)), time.perf_counter() - start < 1)"
    )
    assert in_a_process("-c", code, cwd=tmp_path).stdout.endswith("\n[] True\n")


MINE = """
import backtrader as bt


class Reversal(bt.Strategy):
    params = (("period", 5), ("fail_at", None))

    def __init__(self):
        self.average = bt.ind.SMA(period=self.p.period)

    def next(self):
        if len(self) == self.p.fail_at:
            raise ValueError("no such luck")
        side = 1 if self.data.close[0] < self.average[0] else -1
        if side * self.position.size < 0:
            self.close()
        if side * self.position.size <= 0:
            (self.buy if side > 0 else self.sell)()


class Tenth(bt.Sizer):
    def _getsizing(self, comminfo, cash, data, isbuy):
        return cash / 10 / data.close[0]
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_strategy_of_ones_own_with_ml_off_and_on(csv, mine, tmp_path, capsys):
    out, options = tmp_path / "out", ["--param", "period=7", "--param", "ml_threshold=0.55"]
    run("--data", csv, "--out", out, "--strategy", f"{mine}:Reversal", *options, *QUICK)
    shown = capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())
    assert written(out) == FILES
    assert summary["signals"] == summary["funnel"] == {} and "signals by bar" not in shown
    assert pd.read_parquet(out / "bars.parquet")[["technical", "fused"]].isna().all(axis=None)
    assert summary["config"]["params"] == {"period": 7, "ml_threshold": 0.55}
    counts, vetoes = summary["comparison"]["trades"], summary["vetoes"]
    assert vetoes["entries"] == vetoes["long"] + vetoes["short"] > 50
    assert f"Vetoed     {vetoes['entries']:,} entries the strategy asked for" in shown
    assert counts["retimed"] == 0 and counts["kept"] > 10 and counts["vetoed"] > 20
    trades = pd.read_csv(out / "trades.csv")
    matched = sum(counts[name] for name in ("kept", "resized", "open"))
    assert counts["vetoed"] + matched >= (trades.run == "off").sum()
    on = {(row.entry_time, row.side) for row in trades[trades.run == "on"].itertuples()}
    off = {(row.entry_time, row.side) for row in trades[trades.run == "off"].itertuples()}
    assert len(on & off) >= counts["kept"]


def test_a_sizer_of_ones_own_and_a_share(csv, mine, tmp_path):
    base = ["--data", csv, "-q", "--no-report", "--ml", "off", *QUICK]
    for sizer in ("0.1", f"{mine}:Tenth"):
        run(*base, "--out", tmp_path / sizer[-3:], "--sizer", sizer)
    trades = [pd.read_csv(tmp_path / name / "trades.csv") for name in ("0.1", "nth")]
    assert trades[0]["size"][0] == pytest.approx(trades[1]["size"][0])
    account = json.loads((tmp_path / "nth" / "summary.json").read_text())["config"]["account"]
    assert account["sizer"].endswith(":Tenth")
    config = tmp_path / "job.toml"
    config.write_text("share = 0.1\nfee = 0.0005\n")
    run("--config", config, *base, "--out", tmp_path / "toml")
    assert pd.read_csv(tmp_path / "toml" / "trades.csv").equals(trades[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strategy", "{mine}:Revesal"], "did you mean 'Reversal'?"),
        (["--strategy", "{mine}"], "add one of :Reversal"),
        (["--strategy", "{mine}:Reversal", "--param", "preiod=3"], "did you mean 'period'?"),
        (["--strategy", "{mine}:Reversal", "--param", "ml_treshold=3"], "'ml_threshold'?"),
        (["--strategy", "{mine}:Reversal", "--param", "period=5000"], "are fewer than"),
        (
            ["--strategy", "{mine}:Reversal", "--param", "fail_at=30"],
            "mine.py, line 13, in next: ValueError: no such luck",
        ),
        (["--sizer", "{mine}:Tent"], "did you mean 'Tenth'?"),
        (["--sizer", "1.5"], "share 1.5 must be above 0"),
        (["--sizer", "half"], "is no share of the account such as 0.95"),
    ],
)
def test_a_fault_in_what_is_ones_own_is_one_line(options, message, csv, mine, tmp_path, capsys):
    filled = [part.format(mine=mine) for part in options]
    run("--data", csv, "--out", tmp_path / "out", *QUICK, *filled, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
