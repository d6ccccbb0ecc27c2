"""Longer timeframes and other markets on the command line: from training to why."""

import json

import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.cli.running import command, run

SMALL = ("--members", "lgb", "--features", "wick_balance,return_1", "--timeframes", "5m,15m")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Bars of two markets, and a model trained on both."""
    folder = tmp_path_factory.mktemp("views")
    for name, seed in (("btc", 1), ("eth", 2)):
        planted_edge(1_600, seed=seed, auc=0.75).to_parquet(folder / f"{name}.parquet")
    markets = ("--data", folder / "btc.parquet", "--other", f"ETH={folder / 'eth.parquet'}")
    assert command("train", *markets, *SMALL, "--out", folder / "model") == 0
    return folder


@pytest.mark.slow
def test_a_saved_model_is_shown_judged_and_predicts(folder, capsys):
    data = ("--data", folder / "btc.parquet", "--model", folder / "model")
    other = ("--other", f"ETH={folder / 'eth.parquet'}")
    assert command("show", folder / "model") == 0
    output = capsys.readouterr().out
    assert "5m, 15m" in output and "ETH" in output
    assert command("show", folder / "model", "--verify") == 0
    for verb in ("evaluate", "predict", "audit"):
        assert command(verb, *data, *other) == 0
        capsys.readouterr()
        assert command(verb, *data) == 2
        assert "--other ETH=PATH" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("given", [(), ("--model",), ("--recipe",)])
def test_a_backtest_is_made_and_explained(given, folder, tmp_path, capsys):
    words = ("--data", folder / "btc.parquet", "--other", f"ETH={folder / 'eth.parquet'}")
    chosen = (given[0], folder / "model") if given else SMALL
    short = ("--train-bars", 800, "--refit-bars", 400) if "--model" not in given else ()
    run(*words, *chosen, *short, "--out", tmp_path / "run", "--cache", "none")
    config = json.loads((tmp_path / "run" / "summary.json").read_text())["config"]
    assert config["features"][2:] == [
        "wick_balance@5m",
        "return_1@5m",
        "wick_balance@15m",
        "return_1@15m",
        "wick_balance:ETH",
        "return_1:ETH",
    ]
    assert config["others"]["ETH"]["bars"] == 1_600
    assert SavedRun.read(tmp_path / "run").summary["config"] == config
    assert command("why", tmp_path / "run", "--trade", 1) == 0
    assert "return_1" in capsys.readouterr().out


@pytest.mark.slow
def test_why_says_when_the_other_market_has_changed(folder, tmp_path, capsys):
    other = tmp_path / "eth.parquet"
    planted_edge(1_600, seed=2, auc=0.75).to_parquet(other)
    words = ("--data", folder / "btc.parquet", "--other", f"ETH={other}", *SMALL)
    run(*words, "--train-bars", 800, "--refit-bars", 400, "--out", tmp_path / "run")
    planted_edge(1_600, seed=3, auc=0.75).to_parquet(other)
    capsys.readouterr()
    assert command("why", tmp_path / "run", "--trade", 1) == 2
    assert "these are other bars of ETH than the run was made of" in capsys.readouterr().err


def test_what_no_model_sees_is_reported(folder, capsys):
    data = ("--data", folder / "btc.parquet", "--model", folder / "model")
    others = ("--other", f"ETH={folder / 'eth.parquet'}", "--other", "SOL=random-walk:50")
    assert command("predict", *data, *others, "--last") == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "--other SOL not used: the model has no feature of it, it sees ETH" in output


@pytest.mark.slow
def test_synthetic_and_repaired_markets_are_made_again(folder, tmp_path, capsys):
    other = planted_edge(1_600, seed=2, auc=0.75)
    other.iloc[::-1].to_csv(tmp_path / "eth.csv")
    words = ("--data", "random-walk:1600", "--repair", "--seed", 5, "--members", "lgb")
    words += ("--features", "fusion", "--train-bars", 800, "--refit-bars", 400)
    markets = ("--other", f"ETH={tmp_path / 'eth.csv'}", "--other", "X=random-walk:1600")
    run(*words, *markets, "--out", tmp_path / "run")
    assert command("why", tmp_path / "run", "--trade", 1) == 0
    config = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert config["config"]["others"]["X"]["sha256"] != config["data"]["sha256"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--other", "eth.csv"), "other 'eth.csv' has no name; give --other ETH=eth.csv"),
        (("--other", "ETH=none.csv"), "ETH: no file none.csv"),
        (("--timeframes", "4x"), "timeframe '4x' is not a length"),
        (("--timeframes", "1h,30s"), "timeframe 30s is no"),
    ],
)
def test_what_cannot_be_is_reported(words, message, folder, tmp_path, capsys):
    data = ("--data", folder / "btc.parquet", "--members", "lgb", "--out", tmp_path / "model")
    assert command("train", *data, *words) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "model").exists()
