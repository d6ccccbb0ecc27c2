"""`bt-fusion backtest`: its files, its figures, its messages."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from bt_fusion import Direction, Ensemble, SignalModel, read_bars
from tests.cli.running import FILES, QUICK, run, written

TRADE_COLUMNS = (
    "run,symbol,side,entry_time,entry_price,exit_time,exit_price,size,pnl,commission,bars,"
    "exit_reason,signal_time"
)


FIGURES = {
    "trades",
    "won",
    "lost",
    "win_rate",
    "profit_factor",
    "profit_factor_cash",
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


def test_a_run_writes_every_file_and_says_what_it_found(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, *QUICK)
    shown = capsys.readouterr()
    assert written(tmp_path) == FILES
    assert shown.err == ""
    for word in ("ML off", "ML on", "Win rate", "Profit factor", "signals: ", "AUC"):
        assert word in shown.out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["schema"] == 2
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
        "buy_hold",
        "guard",
        "timing",
        "notes",
        "parameters",
        "command",
        "statistics",
        "audit",
        "fused_vs_technical",
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


@pytest.mark.slow
def test_the_label_placebo_stands_in_table_and_report(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "--placebo", "labels", *QUICK)
    found = json.loads((tmp_path / "summary.json").read_text())["statistics"]["labels"]
    as_good = f"{found['as_good']} of 5"
    assert f"{as_good} models trained on shuffled labels" in capsys.readouterr().out
    profits = [each["net_profit"] for each in found["drawn"]]
    page = (tmp_path / "report.html").read_text()
    for shown in (as_good, f"{min(profits):,.0f} to {max(profits):,.0f} (all)"):
        assert f">{shown}</td>" in page


@pytest.mark.slow
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
        "win",
        "loss",
        "threshold",
    ]
    assert len(predictions) == 800
    assert (predictions.trained_until < predictions.datetime).all()


@pytest.mark.slow
def test_a_fault_in_judging_ends_with_all_files_and_exit_0(csv, tmp_path, capsys, monkeypatch):
    def broken(*args, **options):
        raise IndexError("no such draw")

    monkeypatch.setattr("bt_fusion.backtest.chance.chance_figures.histogram", broken)
    run("--data", csv, "--out", tmp_path, *QUICK)
    shown = capsys.readouterr()
    assert written(tmp_path) == FILES
    assert shown.err.startswith("Warning    the verdict failed: IndexError: no such draw; ")
    assert "Verdict    not judged: IndexError: no such draw" in shown.out
    assert "Note       the verdict failed: IndexError: no such draw" in shown.out


@pytest.mark.slow
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
    columns = ["datetime", "off", "on", "buy_hold", "above_chance", "ranked"]
    assert list(equity) == columns and len(equity) == 800
    assert (equity.datetime == bars.datetime).all()
    for name in ("off", "on"):
        assert equity[name].iloc[-1] == summary[f"ml_{name}"]["final_value"]
        funnel = summary["funnel"][name]
        assert funnel["passed"]["bars"] == 800
        assert funnel["passed"]["filled"] >= summary[f"ml_{name}"]["trades"]


@pytest.mark.slow
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


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("ml", ["off", "on"])
def test_one_side_alone(ml, csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "--ml", ml, *QUICK)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["comparison"] is None
    assert (summary["ml_off"] is None) == (ml == "on")
    assert list(summary["funnel"]) == [ml]
    assert list(pd.read_parquet(tmp_path / "equity.parquet")) == ["datetime", ml, "buy_hold"]
    bars = pd.read_parquet(tmp_path / "bars.parquet")
    assert bars.fused.isna().all() == (ml == "off") and bars.technical.notna().sum() > 700
    shown = capsys.readouterr().out.split("unseen bars")[1].split("└")[0]
    assert "Difference" not in shown and "Buy & hold" in shown
    assert summary["buy_hold"]["max_drawdown"] > 0


@pytest.mark.slow
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
        (["--fromdate", "yesterday-ish"], "is no ISO date"),
        (["--todate", "12/03/2012"], "is no ISO date"),
        (["--timerange", "2020"], "is not START-END"),
        (["--fromdate", "2030-01-01"], "no predicted bar from 2030-01-01 00:00:00 on"),
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_failure_while_writing_leaves_the_old_files(csv, tmp_path, monkeypatch, capsys):
    run("--data", csv, "--out", tmp_path, "-q", *QUICK)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(pd.DataFrame, "to_parquet", broken_half_way)
    run("--data", csv, "--out", tmp_path, "-q", *QUICK, expect=2)
    assert "cannot be written: disk full" in capsys.readouterr().err
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


@pytest.mark.slow
def test_in_sample_bars_are_refused_or_marked(csv, saved, tmp_path, capsys):
    known = tmp_path / "known.csv"
    read_bars(csv)[:700].to_csv(known)
    run("--data", known, "--model", saved, "--out", tmp_path, expect=2)
    assert "none is unseen" in capsys.readouterr().err
    run("--data", known, "--model", saved, "--allow-in-sample", "--out", tmp_path)
    assert "of them IN-SAMPLE" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text())["in_sample"] > 600


def test_a_missing_or_broken_model_ends_with_2(csv, saved, tmp_path, capsys):
    run("--data", csv, "--model", tmp_path / "nowhere", expect=2)
    assert "is not a folder" in capsys.readouterr().err
    broken = tmp_path / "broken"
    shutil.copytree(saved, broken)
    (broken / "manifest.json").write_text("{}")
    run("--data", csv, "--model", broken, "--out", tmp_path / "out", expect=2)
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.slow
def test_plot_draws_backtraders_own_chart(csv, tmp_path):
    run("--data", csv, "--out", tmp_path, "-q", "--plot", "--ml", "on", *QUICK)
    assert (tmp_path / "backtrader.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_allow_in_sample_without_a_saved_model_does_nothing_and_says_so(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "--allow-in-sample", "--ml", "on", *QUICK)
    assert "Note       --allow-in-sample not used: a walk-forward" in capsys.readouterr().out


@pytest.mark.parametrize("ml", ["off", "both"])
@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ml", "ml"),
        ("use_ml_ensemble", "use_ml_ensemble (another name of ml)"),
        ("ml_model_path", "ml_model_path (another name of model)"),
    ],
)
def test_what_tells_the_runs_apart_is_no_parameter(ml, word, name, csv, capsys):
    run("--data", csv, "--ml", ml, "--param", f"{word}=True", *QUICK, expect=2)
    assert f"parameter {name} of FusionStrategy is set for each run" in capsys.readouterr().err


@pytest.mark.slow
def test_a_runs_own_bars_are_not_written_over(csv, tmp_path, capsys):
    run("--data", csv, "--out", tmp_path, "-q", "--ml", "off", *QUICK)
    run("--data", tmp_path / "bars.parquet", "--out", tmp_path, *QUICK, expect=2)
    assert "bars.parquet holds the bars that are read" in capsys.readouterr().err
