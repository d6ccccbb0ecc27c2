"""`bt-fusion evaluate`, from options to files."""

import json

import pandas as pd
import pytest

from bt_fusion import Ensemble, SignalModel, evaluate, load_model
from bt_fusion.data.samples import planted_edge
from bt_fusion.labels import make_label
from tests.cli.running import command

BARS = planted_edge(600, seed=1, auc=0.8)


def run(data, *words):
    """Run the command; returns its exit code."""
    return command("evaluate", "--data", data, *words)


@pytest.mark.slow
def test_evaluate_writes_tables_and_pictures(data, trained, tmp_path, capsys):
    out, path = tmp_path / "out", tmp_path / "e.json"
    words = ("--feature-importance", "--backtest", "--json", path, "--out", out)
    assert run(data, "--model", trained, *words) == 0
    found = json.loads(path.read_text())
    assert found == json.loads((out / "evaluation.json").read_text())
    assert found["rows"] == 115 and found["importances"][0]["feature"] == "wick_balance"
    assert found["backtest"]["window"]["bars"] == 120
    assert found["backtest"]["ml_off"]["trades"] > 0
    assert found["cross_validation"]["purged"]["mean"]["auc"] > 0.6
    assert {file.name for file in out.iterdir()} == {
        "evaluation.json",
        "confusion.png",
        "reliability.png",
        "importances.png",
    }
    shown = capsys.readouterr().out
    assert "115 unseen rows" in shown and "ML off" in shown
    assert "Label      Direction(horizon=5)" in shown and "predicted Down" in shown
    counts = found["fused"]["counts"]
    assert f"short on {counts['-1']} bars, none on {counts['0']}, long on {counts['1']}" in shown
    assert shown.splitlines()[-1].startswith(f"Grade      {found['grade']['letter']}: AUC of Up")


def evaluated(tmp_path, data, model, *words):
    """Evaluate without refits; returns the content of --json."""
    path = tmp_path / "e.json"
    assert run(data, "--model", model, "--no-cross-validation", "--json", path, *words) == 0
    found = json.loads(path.read_text())
    found["notes"] = [note for note in found["notes"] if not note.startswith("AUC")]  # high here
    return found


def test_dates_choose_the_rows_that_are_judged(data, trained, tmp_path):
    span = ("--fromdate", "2024-01-01T08:20", "--todate", "2024-01-01T09:00")
    found = evaluated(tmp_path, data, trained, *span)
    assert (found["start"], found["end"]) == ("2024-01-01T08:20:00", "2024-01-01T08:54:00")
    assert found["rows"] == 40 - 5  # the labels of the last five are not known by the end
    assert sum(line["count"] for line in found["quality"] if line["regime"] == "all"
               and line["signals"] == "all") <= 35  # fmt: skip
    same = evaluated(tmp_path, data, trained, "--timerange", "20240101T0820-20240101T0900")
    assert same == found
    of_python = evaluate(load_model(trained), BARS[:540], fromdate=BARS.index[500])
    assert found["figures"] == of_python.to_dict()["figures"]


def test_dates_before_the_end_of_the_training_add_nothing(data, trained, tmp_path):
    early = evaluated(tmp_path, data, trained, "--fromdate", "2024-01-01T02:00")
    all_of_them = evaluated(tmp_path, data, trained)
    left = " bars are left out: the model was trained until 2024-01-01 07:59"
    assert early.pop("notes") == [f"360 of 480{left}"]
    assert all_of_them.pop("notes") == [f"480 of 600{left}"]
    assert early == all_of_them


def test_cross_validation_stays_inside_the_dates(data, trained, tmp_path):
    path = tmp_path / "e.json"
    words = ("--fromdate", "2024-01-01T05:00", "--json", path)
    assert run(data, "--model", trained, *words) == 0
    folds = json.loads(path.read_text())["cross_validation"]["purged"]["folds"]
    assert sum(fold["rows"] for fold in folds) == 300 - 5


def test_the_backtest_stays_inside_the_dates(data, trained, tmp_path):
    found = evaluated(tmp_path, data, trained, "--backtest", "--fromdate", "2024-01-01T08:20")
    window = found["backtest"]["window"]
    assert (window["start"], window["bars"]) == ("2024-01-01T08:20:00", 100)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("label", "strategy"),
    [
        ("direction", "fusion"),
        ("gain(threshold=0.01)", "hybrid"),
        ("profit_before_stop(horizon=5)", "discovery"),
        ("triple_barrier(horizon=5)", "fusion"),
    ],
)
def test_the_backtest_trades_the_strategy_of_the_label(label, strategy, data, tmp_path, capsys):
    model = SignalModel(["wick_balance", "gap"], label, Ensemble(["lr"])).fit(BARS[:300])
    saved = model.save(tmp_path / "m")
    found = evaluated(tmp_path, data, saved, "--backtest")["backtest"]["config"]
    assert found["strategy"] == strategy
    assert f"Strategy   {strategy}, for the label {make_label(label)}" in capsys.readouterr().out


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("strategy", ["fusion", "hybrid", "{mine}:Reversal"])
def test_another_strategy_may_trade(strategy, data, mine, trained, tmp_path, capsys):
    words = ("--backtest", "--strategy", strategy.format(mine=mine))
    found = evaluated(tmp_path, data, trained, *words)["backtest"]["config"]
    assert found["strategy"] == words[-1]
    assert "Strategy  " not in capsys.readouterr().out


def test_bars_of_another_length_are_reported(trained, tmp_path, capsys):
    late = BARS.set_axis(BARS.index + (BARS.index - BARS.index[0]) * 59 + pd.Timedelta(days=1))
    late.to_csv(tmp_path / "hourly.csv")
    note = "the model was trained on bars of 1m, these are bars of 1h"
    assert evaluated(tmp_path, tmp_path / "hourly.csv", trained)["notes"] == [note]
    assert capsys.readouterr().out.count(f"Note       {note}\n") == 1
    evaluated(tmp_path, tmp_path / "hourly.csv", trained, "--backtest")
    assert capsys.readouterr().out.count(f"Note       {note}\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--strategy", "hybrid"), "--strategy hybrid is what --backtest trades: give both"),
        (("--fromdate", "2030-01-01"), "no bar from 2030-01-01 00:00:00 to the last; the bars run"),
        (("--todate", "2020-01-01"), "no bar from the first to 2020-01-01 00:00:00; the bars run"),
        (("--todate", "2024-01-01T05:00"), "no labelled bar after 2024-01-01 07:59:00"),
        (("--backtest", "--strategy", "hybird"), "did you mean 'hybrid'"),
    ],
)
def test_what_cannot_be_is_one_line(words, message, data, trained, capsys):
    assert run(data, "--model", trained, "--no-cross-validation", *words) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown


def test_seen_bars_are_no_evidence(trained, tmp_path, capsys):
    path = tmp_path / "seen.csv"
    planted_edge(600, seed=1, auc=0.8)[:480].to_csv(path, index_label="datetime")
    assert run(path, "--model", trained, "--no-cross-validation") == 2
    assert "error: no labelled bar after" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_reported(data, tmp_path, capsys):
    assert run(data, "--model", tmp_path / "none") == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_since_judges_the_drift_of_a_model(data, trained, tmp_path, capsys):
    out = tmp_path / "drift"
    found = evaluated(tmp_path, data, trained, "--since", "2024-01-01", "--out", out)
    assert found["drift"]["alarm"] is None and found["drift"]["bars"] == 120
    assert found["drift"]["level"] == 0.05 and (out / "drift.png").stat().st_size > 1_000
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Drift      ") and "train on more bars" in found["drift"]["promise"]


def test_a_date_that_is_none_is_refused(data, trained, capsys):
    assert run(data, "--model", trained, "--since", "yesterday") == 2
    assert "since" in capsys.readouterr().err
