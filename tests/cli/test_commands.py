"""`bt-fusion train`, `tune` and `evaluate`, from options to files."""

import json

import pytest

from bt_fusion import SignalModel
from bt_fusion.cli.main import main
from bt_fusion.data.samples import planted_edge


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    planted_edge(600, seed=1, auc=0.8).to_csv(path, index_label="datetime")
    return path


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "edge"
    run("train", data, "--out", out, "--features", "wick_balance,return_1", "--members", "lr")
    return out


def run(*words):
    """Run a command; returns its exit code."""
    command, data, *others = map(str, words)
    with pytest.raises(SystemExit) as end:
        main([command, "--data", data, *others])
    return end.value.code or 0


def test_train_saves_a_model_with_its_figures(trained, capsys):
    model = SignalModel.load(trained)
    manifest = json.loads((trained / "manifest.json").read_text())
    assert model.feature_set().names == ("wick_balance", "return_1")
    assert manifest["training"]["rows"] == model.n_rows_ < 480
    assert manifest["training"]["test_rows"] == 115  # the last fifth, less the horizon
    assert manifest["metrics"]["auc"] > 0.6 and manifest["trials"] == 0
    assert manifest["symbol"] == "edge"


def test_train_tunes_on_the_first_part_and_counts_the_trials(data, tmp_path, capsys):
    out, words = tmp_path / "m", ("--members", "lr", "--features", "wick_balance,return_1")
    options = (*words, "--folds", "2")
    storage = tmp_path / "m.tuning.db"
    assert run("tune", data, *options, "--trials", "2", "--storage", storage, "--json",
               tmp_path / "t.json") == 0  # fmt: skip
    assert run("train", data, *options, "--out", out, "--tune", "3", "--lookahead", "5") == 0
    assert "3 in all" in capsys.readouterr().out  # another label: another study
    assert run("train", data, *options, "--out", out, "--tune", "3") == 0
    assert json.loads((out / "manifest.json").read_text())["trials"] == 3
    found = json.loads((tmp_path / "t.json").read_text())
    assert [line["number"] for line in found["table"]] == [0, 1] and found["trials"] == 2


def test_without_test_rows_a_model_learns_from_all(data, tmp_path):
    words = ("--members", "lr", "--features", "wick_balance", "--test-share", "0", "--quiet")
    assert run("train", data, "--out", tmp_path / "m", *words) == 0
    assert json.loads((tmp_path / "m" / "manifest.json").read_text())["metrics"] == {}
    assert (
        str(SignalModel.load(tmp_path / "m").trained_until_)[:16]
        == (str(planted_edge(600).index[-1]).replace(" ", "T")[:16])
    )


def test_evaluate_writes_tables_and_pictures(data, trained, tmp_path, capsys):
    out, path = tmp_path / "out", tmp_path / "e.json"
    words = ("--feature-importance", "--backtest", "--json", path, "--out", out)
    assert run("evaluate", data, "--model", trained, *words) == 0
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


def test_seen_bars_are_no_evidence(trained, tmp_path, capsys):
    path = tmp_path / "seen.csv"
    planted_edge(600, seed=1, auc=0.8)[:480].to_csv(path, index_label="datetime")
    assert run("evaluate", path, "--model", trained, "--no-cross-validation") == 2
    assert "error: no labelled bar after" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_said(data, tmp_path, capsys):
    assert run("evaluate", data, "--model", tmp_path / "none") == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--preset", "signal", "--label", "gain"), "preset signal settles --label"),
        (("--preset", "signal", "--horizon", "3"), "preset signal settles --horizon"),
        (("--preset", "signl"), "unknown preset 'signl': did you mean 'signal'"),
        (("--lookahead", "5", "--label", "gain"), "--lookahead and --profit-threshold are a label"),
        (("--calibration", "platt"), "unknown calibration 'platt'"),
        (("--optimize", "--tune", "5"), "give --optimize or --tune N, not both"),
        (("--test-share", "1"), "test-share 1.0 must be a fraction from 0 to 0.9"),
    ],
)
def test_what_excludes_what_is_said(words, message, data, tmp_path, capsys):
    assert run("train", data, "--out", tmp_path / "m", *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_an_interruption_says_what_is_kept(data, tmp_path, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bt_fusion.tuning.tuning.fold_proba", interrupted)
    words = ("--members", "lr", "--storage", tmp_path / "t.db")
    assert run("tune", data, *words) == 130
    assert "finished trials are kept" in capsys.readouterr().err
