"""Where the model comes from: a strategy's preset, options, saved models, a recipe."""

import json

import pandas as pd
import pytest

from bt_fusion import Direction, Ensemble, Gain, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members import registry
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.tuning.search_space import apply_parameters
from bt_fusion.why.why import explain_entry
from tests.cli.running import command, run

QUICK = ["--train-bars", "500", "--refit-bars", "700", "--jobs", "1", "--no-report"]
BARS = planted_edge(1_200, seed=1, auc=0.8)


def summary_of(out):
    return json.loads((out / "summary.json").read_text())


def notes_in(shown):
    lines = [line[11:] for line in shown.splitlines() if line.startswith("Note  ")]
    return besides_auc(lines)


def besides_auc(notes):
    """Return the notes without those on the AUC, which is high on planted edges."""
    return [note for note in notes if not note.startswith("AUC") and ": AUC" not in note]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model trained on the first 700 bars, its LightGBM with settings of its own."""
    ensemble = apply_parameters(Ensemble(["lgb", "lr"], seed=7), {"lgb.num_leaves": 5})
    model = SignalModel(["wick_balance", "gap"], Direction(3), ensemble)
    folder = tmp_path_factory.mktemp("models") / "own"
    return model.fit(BARS[:700]).save(folder, trials=12)


def test_a_strategy_brings_its_model_and_options_override_parts(csv, tmp_path, capsys):
    options = ["--strategy", "hybrid", "--members", "lgb,lr", "--features", "wick_balance,gap"]
    run("--data", csv, "--out", tmp_path, *QUICK, *options)
    shown = capsys.readouterr()
    assert shown.err == ""
    line = "preset hybrid, as the strategy asks; features wick_balance,gap, members lgb,lr as given"
    assert f"Model      {line}\n" in shown.out
    config = summary_of(tmp_path)["config"]
    assert config["label"] == "Gain" and config["ensemble"]["resample"] == "smote"
    assert config["ensemble"]["members"] == ["lgb", "lr"]
    assert config["source"]["preset"] == "hybrid"


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", [["--strategy", "fusion"], ["--strategy", "{mine}:Reversal"]])
def test_other_strategies_keep_the_default_model(options, csv, mine, tmp_path, capsys):
    words = [word.format(mine=mine) for word in options]
    run("--data", csv, "--out", tmp_path, *QUICK, *words, "--features", "fusion")
    config = summary_of(tmp_path)["config"]
    assert (config["label"], config["ensemble"]["members"]) == ("Direction", ["rf", "xgb", "lgb"])
    assert "as the strategy asks" not in capsys.readouterr().out


@pytest.mark.slow
def test_thresholds_and_models_under_their_other_names(csv, tmp_path, capsys):
    gain = SignalModel(["gap", "wick_balance"], Gain(5), Ensemble(["lr"])).fit(BARS[:600])
    options = ["--ml-model-path", gain.save(tmp_path / "m"), "--ml-entry-threshold", "0.55"]
    words = ["--data", csv, "--strategy", "hybrid", "--no-report", "--out", tmp_path / "out"]
    run(*words, *options)
    config = summary_of(tmp_path / "out")["config"]
    assert config["params"] == {"ml_entry_threshold": 0.55}
    assert config["source"]["model"] == str(tmp_path / "m")
    note = "which --strategy hybrid trades; this run trades fusion"
    assert note not in capsys.readouterr().out
    default = [word for word in words if word not in ("--strategy", "hybrid")]
    run(*default, *options)
    assert note in capsys.readouterr().out
    run(*words, *options, "--param", "ml_entry_threshold=0.6", expect=2)
    assert "ml_entry_threshold is given by --ml-entry-threshold" in capsys.readouterr().err
    sweep = ["--param", "ml_entry_threshold=0.5,0.6"]
    assert command("sweep", *words, *options, *sweep) == 2
    assert "ml_entry_threshold is given by --ml-entry-threshold" in capsys.readouterr().err


def test_hybrid_without_torch_goes_on_and_says_so_once(csv, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda module: None)
    features = ["--features", "wick_balance,gap"]
    run("--data", csv, "--out", tmp_path, "-q", *QUICK, "--strategy", "hybrid", *features)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Warning    preset hybrid leaves out lstm: torch and")
    assert summary_of(tmp_path)["model"]["members"] == ["xgb", "rf", "svm", "lr"]


def test_a_label_with_parameters(csv, tmp_path):
    label = "triple_barrier(target=2, stop=1, horizon=4)"
    words = ["--label", label, "--members", "lr", "--features", "gap"]
    run("--data", csv, "--out", tmp_path, "-q", *QUICK, *words)
    config = summary_of(tmp_path)["config"]
    assert config["label"] == "TripleBarrier"
    expected = {"target": 2, "stop": 1, "horizon": 4, "atr_period": 14}
    assert config["label_parameters"] == expected


@pytest.mark.slow
def test_what_a_saved_model_makes_of_no_effect_is_reported(csv, saved, tmp_path, capsys):
    options = ["--members", "rf", "--label", "gain", "--train-bars", "300", "--window", "expanding"]
    run("--data", csv, "--model", saved, "--out", tmp_path, *options)
    expected = [
        "--label, --members, --train-bars, --window not used: a saved model keeps what it was "
        "trained with",
        "700 of 1,200 bars are left out: the model was trained until 2024-01-01 11:39",
    ]
    summary = summary_of(tmp_path)
    assert besides_auc(summary["notes"]) == notes_in(capsys.readouterr().out) == expected
    assert summary["config"]["ensemble"]["seed"] == 7
    page = (tmp_path / "report.html").read_text()
    assert "not used: a saved model keeps" in page and "700 of 1,200 bars are left out" in page


@pytest.mark.slow
@pytest.mark.parametrize("key", ["model", "ml-model-path", "ml_model_path"])
def test_a_config_file_names_one_model_or_one_each(key, csv, saved, tmp_path):
    config = tmp_path / "job.toml"
    for value, expected in (
        (f'"{saved}"', str(saved)),
        (f'["edge={saved}"]', {"edge": str(saved)}),
    ):
        config.write_text(f'{key} = {value}\ndata = "{csv}"\nno-report = true\nplacebo = "none"\n')
        run("--config", config, "--out", tmp_path / "out", "-q")
        assert summary_of(tmp_path / "out")["config"]["source"]["model"] == expected


@pytest.mark.slow
def test_bars_of_another_length_are_reported(saved, tmp_path, capsys):
    later = BARS.set_axis(BARS.index + pd.Timedelta(days=1) + (BARS.index - BARS.index[0]) * 59)
    later.to_csv(tmp_path / "hourly.csv")
    run("--data", tmp_path / "hourly.csv", "--ml-model-path", saved, "--out", tmp_path / "out")
    assert notes_in(capsys.readouterr().out) == [
        "the model was trained on bars of 1m, these are bars of 1h"
    ]


@pytest.fixture(scope="module")
def each(saved, tmp_path_factory):
    """Bars of two symbols, and the options that name them and a saved model for each."""
    folder = tmp_path_factory.mktemp("each")
    other = planted_edge(1_200, seed=2, auc=0.8)
    model = SignalModel(["wick_balance", "return_1"], Direction(3), Ensemble(["rf", "lr"]))
    words = []
    for symbol, bars, where in (
        ("A", BARS, saved),
        ("B", other, model.fit(other[:900]).save(folder / "b")),
    ):
        bars.to_csv(folder / f"{symbol}.csv")
        words += ["--data", f"{symbol}={folder / symbol}.csv", "--model", f"{symbol}={where}"]
    return words


@pytest.mark.slow
def test_each_symbol_has_a_saved_model_of_its_own(each, tmp_path, capsys):
    run(*each, "--out", tmp_path, "--param", "ml_threshold=0.55")
    summary = summary_of(tmp_path)
    config, parts = summary["config"], summary["symbols"]
    assert config["trained_until"] == {"A": "2024-01-01T11:39:00", "B": "2024-01-01T14:59:00"}
    assert config["tuning_trials"] == {"A": 12, "B": 0}
    assert set(config["source"]["model"]) == {"A", "B"}
    assert {symbol: part["window"]["bars"] for symbol, part in parts.items()} == {
        "A": 500,
        "B": 300,
    }
    assert parts["A"]["model"]["members"] == ["lgb", "lr"]
    assert parts["B"]["model"]["members"] == ["rf", "lr"]
    assert summary["model"]["members"] == ["lgb", "lr", "rf"]
    assert summary["model"]["features"] == 3
    assert notes_in(capsys.readouterr().out) == besides_auc(summary["notes"]) == [
        "A: 700 of 1,200 bars are left out: the model was trained until 2024-01-01 11:39",
        "B: 900 of 1,200 bars are left out: the model was trained until 2024-01-01 14:59",
    ]  # fmt: skip
    assert summary["statistics"]["trials"] == 13  # tuning trials of both, and this run
    assert [f"--model {word}" in summary["command"] for word in each[3::4]] == [True, True]
    assert "2024-01-01 11:39 (A), 2024-01-01 14:59 (B)" in (tmp_path / "report.html").read_text()
    trades = pd.read_csv(tmp_path / "trades.csv")
    for symbol, rows in (("A", 560), ("B", 360)):
        listed = trades[(trades.run == "on")].reset_index(drop=True)
        number = int(listed.index[listed.symbol == symbol][0]) + 1
        found = explain_entry(tmp_path, trade=number)
        assert found.symbol == symbol and found.model.same
        assert list(found.model.votes) == parts[symbol]["model"]["members"]
        assert found.model.rows > rows


@pytest.mark.slow
def test_models_by_symbol_are_swept(each, tmp_path, capsys):
    words = ["--param", "ml_threshold=0.55,0.6", "--jobs", "1", "--out", tmp_path, "--no-report"]
    assert command("sweep", *each, *words) == 0
    found = json.loads((tmp_path / "sweep.json").read_text())
    assert (
        set(found["config"]["trained_until"]) == {"A", "B"}
        and len(besides_auc(found["notes"])) == 2
    )
    assert notes_in(capsys.readouterr().out) == besides_auc(found["notes"])


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "{one}"], None),
        (["--model", "A={one}"], "no model is given for B, only for A; add --model B=DIR"),
        (["--model", "A={one}", "--model", "C={one}"], "no model is given for B, only for A, C"),
        (
            ["--model", "A={one}", "--model", "B={one}", "--model", "C={one}"],
            "C has a model and no bars; the symbols of the data are A, B",
        ),
        (["--model", "A={one}", "--model", "{one}"], "is one of 2 and has no symbol"),
        (["--model", "A={one}", "--model", "B={gain}"], "the models predict different labels"),
        (["--model", "A={one}", "--model", "B=nowhere"], "nowhere is not a folder"),
        (["--model", "{one}", "--preset", "fusion"], "both say what predicts; give one of them"),
        (["--model", "{one}", "--recipe", "{one}"], "both say what predicts; give one of them"),
        (["--preset", "fusion", "--recipe", "{one}"], "both say which model is fitted; give one"),
    ],
)
def test_models_that_cannot_be_are_one_line(words, message, each, saved, tmp_path, capsys):
    gain = SignalModel(["gap"], Gain(3), Ensemble(["lr"])).fit(BARS[:300]).save(tmp_path / "gain")
    data = [word for k in (0, 4) for word in each[k : k + 2]]
    filled = [word.format(one=saved, gain=gain) for word in words]
    options = [*data, *filled, "--out", tmp_path / "out", "--no-report"]
    run(*options, expect=0 if message is None else 2)
    if message is not None:
        shown = capsys.readouterr().err
        assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown


@pytest.mark.slow
def test_a_recipe_is_refitted_with_its_settings(csv, saved, tmp_path, capsys):
    options = ["--recipe", saved, "--param", "ml_threshold=0.55"]
    run("--data", csv, "--out", tmp_path, *QUICK, *options)
    shown = capsys.readouterr().out
    assert f"Model      recipe of {saved}\n" in shown
    summary = summary_of(tmp_path)
    config = summary["config"]
    assert (config["features"], config["label_parameters"]) == (
        ["wick_balance", "gap"],
        {"horizon": 3},
    )
    assert "num_leaves=5" in config["ensemble"]["members"]["lgb"]
    assert config["train_bars"] == 500 and summary["model"]["refits"] == 1
    assert config["tuning_trials"] == 12 and summary["statistics"]["trials"] == 13
    assert notes_in(shown) == besides_auc(summary["notes"]) == [
        "200 of 700 traded bars lie before the end of the recipe's tuning, 2024-01-01 11:39: its "
        "settings were chosen on them"
    ]  # fmt: skip
    assert explain_entry(tmp_path, trade=1).model.same


def test_parts_of_a_recipe_are_overridden(csv, saved, tmp_path):
    options = ["--recipe", saved, "--members", "lgb,rf", "--horizon", "5"]
    options += ["--param", "ml_threshold=0.5"]
    run("--data", csv, "--out", tmp_path, "-q", *QUICK, *options)
    config = summary_of(tmp_path)["config"]
    assert config["label_parameters"] == {"horizon": 5}
    members = config["ensemble"]["members"]
    assert "num_leaves=5" in members["lgb"] and members["rf"] == str(make_member("rf", 7))
    assert explain_entry(tmp_path, trade=1).model.same


@pytest.mark.slow
def test_a_recipe_that_was_replaced_is_reported(csv, saved, tmp_path, capsys):
    other = SignalModel.load(saved)
    mine = other.save(tmp_path / "mine")
    run("--data", csv, "--out", tmp_path / "out", "-q", *QUICK, "--recipe", mine)
    ensemble = apply_parameters(other.new_ensemble(), {"lgb.num_leaves": 9})
    SignalModel(other.features, other.labels, ensemble).fit(BARS[:600]).save(mine)
    assert command("why", tmp_path / "out", "--trade", "1") == 2
    assert "has other members now than the recipe of the run" in capsys.readouterr().err


def test_a_recipe_is_swept(csv, saved, tmp_path):
    words = ["--param", "ml_threshold=0.55,0.6", "--out", tmp_path, "-q", *QUICK]
    assert command("sweep", "--data", csv, "--recipe", saved, *words) == 0
    found = json.loads((tmp_path / "sweep.json").read_text())
    assert "num_leaves=5" in found["config"]["ensemble"]["members"]["lgb"]
    assert found["trials"] == 2 + 12
