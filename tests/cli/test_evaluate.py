"""`bt-fusion evaluate`, from options to files."""

import json

from bt_fusion.data.samples import planted_edge
from tests.cli.running import command


def run(data, *words):
    """Run the command; returns its exit code."""
    return command("evaluate", "--data", data, *words)


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
    assert f"120 unseen bars  -1: {counts['-1']}, 0: {counts['0']}, +1: {counts['1']}" in shown
    assert shown.splitlines()[-1].startswith(f"Grade      {found['grade']['letter']}: AUC of Up")


def test_seen_bars_are_no_evidence(trained, tmp_path, capsys):
    path = tmp_path / "seen.csv"
    planted_edge(600, seed=1, auc=0.8)[:480].to_csv(path, index_label="datetime")
    assert run(path, "--model", trained, "--no-cross-validation") == 2
    assert "error: no labelled bar after" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_said(data, tmp_path, capsys):
    assert run(data, "--model", tmp_path / "none") == 2
    assert capsys.readouterr().err.startswith("error: ")
