"""`--horizon auto` on the command line: backtest, why and sweep, and where it cannot be."""

import json

import pandas as pd
import pytest

from bt_fusion.why.why import explain_entry
from tests.cli.running import QUICK, command, run


def horizon_of(path):
    config = json.loads(path.read_text())["config"]
    assert config["source"]["horizon"]["asked"] == "auto"
    bars = config["source"]["horizon"]["bars"]
    assert config["label_parameters"] == {"horizon": bars}
    return bars


def test_it_is_reported_recorded_and_explained(csv, mine, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--strategy", f"{mine}:Reversal", "--horizon", "auto", "--param", "ml_threshold=0.5"]
    run("--data", csv, "--out", out, "--no-report", *QUICK, *options)
    bars = horizon_of(out / "summary.json")
    shown = capsys.readouterr().out
    assert f"Note       horizon auto: {bars} bars, the median holding time of " in shown
    assert explain_entry(out, trade=1).model.same
    trades = pd.read_csv(out / "trades.csv")
    assert len(trades) > 10


def test_a_sweep_has_one_horizon_for_all(csv, mine, tmp_path, capsys):
    out = tmp_path / "out"
    options = [
        "--strategy",
        f"{mine}:Reversal",
        "--horizon",
        "auto",
        "--param",
        "ml_threshold=auto,0.5",
    ]
    command("sweep", "--data", csv, "--out", out, "--no-report", *QUICK, *options)
    shown, bars = capsys.readouterr().out, horizon_of(out / "sweep.json")
    assert f"horizon auto: {bars} bars" in shown and f"give horizon {bars}" in shown
    assert pd.read_parquet(out / "sweep.parquet").ml_threshold.astype(str).tolist() == [
        "auto",
        "0.5",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "the exits of FusionStrategy follow the label's horizon"),
        (
            ["--strategy", "{mine}:Reversal", "--model", "m"],
            "a saved model has the horizon it was trained",
        ),
        (
            ["--strategy", "{mine}:Reversal", "--train-bars", "14"],
            "trades in the first 14 bars, and 10 are",
        ),
    ],
)
def test_where_it_cannot_be(options, message, csv, mine, tmp_path, capsys):
    words = [word.format(mine=mine) for word in options]
    given = ["--data", csv, "--out", tmp_path / "out", *QUICK, "--horizon", "auto", *words]
    run(*given, expect=2)
    assert message in " ".join(capsys.readouterr().err.split())


def test_another_command_and_another_word(csv, tmp_path, capsys):
    words = ("train", "--data", csv, "--out", tmp_path / "m", "--horizon")
    assert command(*words, "auto") == 2
    assert "backtest and sweep know it" in capsys.readouterr().err
    assert command(*words, "long") == 2
    assert "horizon 'long' must be a whole number of bars, or auto" in capsys.readouterr().err
