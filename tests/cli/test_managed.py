"""`--preset managed` and `--strategy managed`: trained, shown, judged and traded."""

import json

import numpy as np
import pandas as pd
import pytest

from bt_fusion import load_model, make_preset, read_bars
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.runner import run_strategy
from bt_fusion.labels import TripleBarrier
from bt_fusion.models.model_spec import ModelSpec
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.risk_model import RISK_FEATURES
from tests.cli.running import command

BARS = 1_500
WORDS = ("--features", "wick_balance,return_1", "--members", "lgb")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    planted_edge(BARS, seed=2, auc=0.8).to_csv(path, index_label="datetime")
    return path


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "managed"
    words = ("--data", data, "--out", out, "--preset", "managed", *WORDS)
    assert command("train", *words) == 0
    return out


def test_the_preset_has_system_es_signal():
    for model in (make_preset("managed", seed=4), ModelSpec(preset="managed", seed=4).build()):
        assert type(model) is ManagedModel and model.features == "default"
        ensemble = model.ensemble
        assert tuple(ensemble.members) == ("rf", "xgb", "lgb")
        assert (ensemble.voting, ensemble.vote_threshold) == ("majority", 0.633)
        assert (ensemble.calibration, ensemble.seed) == ("sigmoid", 4)
        assert model.label() == TripleBarrier(target=1.5, stop=1.5, horizon=12)


def test_train_fits_and_saves_all_four(trained):
    model = load_model(trained)
    assert type(model) is ManagedModel and model.ensemble_.calibrators_.keys() == {"lgb"}
    models = model.trade_models_
    assert models.position.n_rows_ > models.trades >= 50 and models.stops is not None


def test_show_prints_four_cards(trained, capsys):
    assert command("show", trained) == 0
    shown = capsys.readouterr().out
    titles = ["Model card", "Position model", "Stop model", "Risk model"]
    assert sorted(titles, key=shown.index) == titles
    models = load_model(trained).trade_models_
    rows = f"{models.position.n_rows_:,} rows, {models.trades:,} out-of-sample trades"
    for text in (rows, "exit margin │ 0.75", "rf, xgb, lgb, majority vote", "stop, target"):
        assert text in " ".join(shown.split())
    assert command("show", trained, "--verify") == 0
    assert "risk: regressor result" in capsys.readouterr().out or models.risk is None


def test_show_prints_them_as_json(trained, capsys):
    assert command("show", trained, "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card["model"]["kind"] == "managed"
    position, stops, risk = card["later"]
    assert position["facts"]["trades"] == load_model(trained).trade_models_.trades
    assert (stops["options"]["quantile"], stops["libraries"]) == (0.75, ["lightgbm"])
    assert risk["columns"] == [*RISK_FEATURES] and risk["options"]["min_trades"] == 50


def test_a_neutral_card_says_what_stands_in(tmp_path, capsys):
    bars = planted_edge(700, seed=2, auc=0.8)
    model = ManagedModel(["wick_balance"], ensemble=load_members("lr"), min_trades=5_000)
    model.fit(bars).save(tmp_path / "model")
    assert command("show", tmp_path / "model") == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "out-of-sample trades are too few: every position is held" in shown
    assert "out-of-sample trades are too few: every size is 1" in shown


def load_members(*names):
    return ModelSpec(members=",".join(names)).build().ensemble


def test_predict_writes_a_row_a_bar(trained, data, tmp_path):
    out = tmp_path / "predictions.csv"
    assert command("predict", "--model", trained, "--data", data, "--out", out) == 0
    table = pd.read_csv(out)
    assert len(table) == BARS and table["prob_long"].notna().sum() > 200


@pytest.mark.slow
def test_evaluate_trades_by_the_strategy_of_a_managed_model(trained, data, tmp_path, capsys):
    words = ("--model", trained, "--data", data, "--no-cross-validation", "--backtest")
    assert command("evaluate", *words, "--json", tmp_path / "found.json") == 0
    assert "Strategy   managed, for the label TripleBarrier" in capsys.readouterr().out
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["backtest"]["config"]["strategy"] == "managed"


def trades_of(out):
    table = pd.read_csv(out / "trades.csv")
    return table[table["run"] == "on"]


@pytest.mark.slow
def test_backtest_with_a_saved_model_follows_its_plan(trained, data, tmp_path):
    words = ("--data", data, "--model", trained, "--placebo", "none")
    out = tmp_path / "run"
    assert command("backtest", "--strategy", "managed", *words, "--out", out) == 0
    found, model = trades_of(out), load_model(trained)
    bars = read_bars(data)
    unseen = bars[bars.index > model.trained_until_]
    expected = run_strategy(unseen, ManagedStrategy, model=model.predict(bars)).trades
    assert len(found) > 5 and {*found["exit_reason"]} & {"stop", "target", "advice"}
    for column in ("entry_price", "exit_price", "size"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-9)


@pytest.mark.slow
def test_backtest_without_one_walks_forward_with_the_preset(data, tmp_path):
    out = tmp_path / "run"
    words = ("--strategy", "managed", "--train-bars", 600, "--refit-bars", 300, *WORDS)
    quick = ("--placebo", "none", "--cache", "none")
    assert command("backtest", "--data", data, *words, *quick, "--out", out) == 0
    config = json.loads((out / "summary.json").read_text())["config"]
    assert (config["strategy"], config["source"]["preset"]) == ("managed", "managed")
    assert (config["label"], config["ensemble"]["vote_threshold"]) == ("TripleBarrier", 0.633)
    assert len(trades_of(out)) > 5


@pytest.mark.slow
def test_another_strategy_trades_its_signal_and_says_so(trained, data, tmp_path, capsys):
    words = ("--data", data, "--model", trained, "--placebo", "none", "--out", tmp_path / "run")
    assert command("backtest", *words) == 0
    assert "which --strategy managed trades; this run trades fusion" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_label_with_one_side_cannot_be_managed(data, tmp_path, capsys):
    words = ("--data", data, "--preset", "managed", "--label", "gain", *WORDS)
    assert command("train", *words, "--out", tmp_path / "model") == 2
    assert "has one side: a managed trade is long or short" in capsys.readouterr().err
