"""`bt-fusion train` and `tune`, from options to files."""

import importlib.util
import json

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel, TripleBarrier, load_model
from bt_fusion.data.samples import planted_edge
from tests.cli.running import command

ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "skl2onnx"))


def run(name, data, *words):
    """Run a command; returns its exit code."""
    return command(name, "--data", data, *words)


def test_train_saves_a_model_with_its_figures(trained, capsys):
    model = SignalModel.load(trained)
    manifest = json.loads((trained / "manifest.json").read_text())
    assert model.feature_set().names == ("wick_balance", "return_1")
    assert manifest["training"]["rows"] == model.n_rows_ < 480
    assert manifest["training"]["test_rows"] == 115  # the last fifth, less the horizon
    assert manifest["metrics"]["auc"] > 0.6 and manifest["trials"] == 0
    assert manifest["symbol"] == "edge"


def test_train_prints_labels_before_and_figures_after_the_fit(data, tmp_path, capsys):
    words = ("--members", "lr", "--features", "wick_balance,rsi_14", "--label", "triple_barrier")
    assert run("train", data, "--out", tmp_path / "m", *words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Label      TripleBarrier(target=1.5")
    starts = [line.split(maxsplit=1)[0] for line in lines[-6:]]
    assert starts == ["Grade", "Model", "Parity", "Parity", "Parity", "Test"]
    assert "last 120 of 600 bars (20 %)" in lines[-1] and lines[-1].endswith("--test-share 0")
    assert lines[-4].startswith("Parity     bar by bar: agrees on 216 training bars; ")
    shown = " ".join(" ".join(lines).split())
    assert "patterns │ 1" in shown and "Part ┃ Rows ┃ Short ┃ No trade ┃ Long" in shown
    training = json.loads((tmp_path / "m" / "manifest.json").read_text())["training"]
    assert f"training │ {training['rows']} │" in shown
    assert f"test │ {training['test_rows']} │" in shown


@pytest.mark.slow
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


def test_without_test_rows_the_labels_are_printed_all_the_same(data, tmp_path, capsys):
    words = ("--members", "lr", "--features", "wick_balance", "--test-share", "0")
    assert run("train", data, "--out", tmp_path / "m", *words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "test │ 0 │ 0 (-) │ 0 (-)" in shown and "Grade" not in shown and "Test part" not in shown


@pytest.mark.slow
def test_dates_choose_the_bars_that_are_used(data, tmp_path, capsys):
    words = ("--members", "lr", "--features", "wick_balance")
    span = ("--fromdate", "2024-01-01T02:00", "--todate", "2024-01-01T07:00")
    assert run("train", data, "--out", tmp_path / "m", *words, *span) == 0
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    assert manifest["training"]["start"] == "2024-01-01 02:00:00"
    assert manifest["training"]["trained_until"] == "2024-01-01 05:59:00"  # four of five hours
    assert manifest["training"]["test_rows"] == 60 - 5
    bars = planted_edge(600, seed=1, auc=0.8)[120:360]
    model = SignalModel(("wick_balance",), ensemble=Ensemble(("lr",))).fit(bars)
    expected = model.predict(bars, allow_in_sample=True).probability_up
    found = load_model(tmp_path / "m").predict(bars, allow_in_sample=True).probability_up
    np.testing.assert_allclose(found, expected)
    studies = set()
    for dates in ((), span, ("--timerange", "20240101T0200-20240101T0700")):
        tuning = ("--trials", "1", "--folds", "2", "--storage", tmp_path / "t.db")
        assert run("tune", data, *words, *tuning, *dates, "--json", tmp_path / "t.json") == 0
        studies.add(json.loads((tmp_path / "t.json").read_text())["study"])
    assert len(studies) == 2  # the last two are of the same bars


@pytest.mark.parametrize("command_name", ["train", "tune"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--fromdate", "2030-01-01"), "no bar from 2030-01-01 00:00:00 to the last; the bars run"),
        (("--fromdate", "soon"), "fromdate 'soon' is no ISO date; write 2020-01-31"),
        (("--timerange", "20240101"), "timerange '20240101' is not START-END"),
        (("--fromdate", "2024-01-02", "--todate", "2024-01-01"), "is not before todate"),
    ],
)
def test_dates_that_cannot_be_are_reported(command_name, words, message, data, tmp_path, capsys):
    out = ("--out", tmp_path / "m") if command_name == "train" else ()
    assert run(command_name, data, *out, *words) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_preset_is_reported_with_the_parts_that_are_given(data, tmp_path, capsys):
    words = ("--preset", "signal", "--features", "wick_balance,gap", "--horizon", "3")
    assert run("train", data, "--out", tmp_path / "m", *words, "--voting", "soft") == 0
    line = "preset signal; features wick_balance,gap, horizon 3, voting soft as given"
    assert f"Model      {line}\n" in capsys.readouterr().out
    model = load_model(tmp_path / "m")
    assert model.label() == TripleBarrier(1.5, 1.5, 3)
    assert (model.ensemble.voting, model.ensemble.calibration) == ("soft", "sigmoid")


def test_without_test_rows_a_model_learns_from_all(data, tmp_path):
    words = ("--members", "lr", "--features", "wick_balance", "--test-share", "0", "--quiet")
    assert run("train", data, "--out", tmp_path / "m", *words) == 0
    assert json.loads((tmp_path / "m" / "manifest.json").read_text())["metrics"] == {}
    assert (
        str(SignalModel.load(tmp_path / "m").trained_until_)[:16]
        == (str(planted_edge(600).index[-1]).replace(" ", "T")[:16])
    )


@pytest.mark.slow
def test_the_generator_prints_and_keeps_the_table_of_its_candidates(data, tmp_path, capsys):
    assert run("train", data, "--preset", "generator", "--out", tmp_path / "m") == 0
    trained = capsys.readouterr().out
    assert command("show", tmp_path / "m") == 0
    shown = capsys.readouterr().out
    table = trained[trained.index("Candidates of best") : trained.rindex("Model  ")]
    assert table in shown and "10 folds in time order and 119 test rows" in table
    (choice,) = json.loads((tmp_path / "m" / "manifest.json").read_text())["choices"]
    metrics = json.loads((tmp_path / "m" / "manifest.json").read_text())["metrics"]
    chosen = next(each for each in choice["candidates"] if each["name"] == choice["chosen"])
    assert choice["test_rows"] == 119
    for name in ("accuracy", "precision", "recall", "f1"):
        assert chosen["test"][name] == pytest.approx(metrics[name])
        assert f"{chosen['test'][name]:.3f}" in table
        assert f"{chosen['cross_validation']['mean'][name]:.3f}" in table


@pytest.mark.slow
def test_without_test_rows_the_table_has_the_folds_alone(data, tmp_path, capsys):
    words = ("--preset", "generator", "--test-share", "0")
    assert run("train", data, *words, "--out", tmp_path / "m") == 0
    printed = capsys.readouterr().out
    assert "10 folds in time order: " in printed and "│  test │" not in printed


@pytest.mark.skipif(not ONNX, reason="needs the extra onnx")
def test_onnx_forms_are_told_of_and_saved(data, tmp_path, capsys):
    words = ("--features", "wick_balance,return_1", "--members", "lr,lgb,svm", "--onnx")
    assert run("train", data, *words, "--out", tmp_path / "m") == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    for name in ("lr", "lgb"):
        (line,) = (
            line for line in lines if line.strip("│ ").startswith(f"{name} ") and "predicts" in line
        )
        (path,) = (tmp_path / "m").glob(f"onnx-{name}.*.onnx")
        assert f"{path.stat().st_size:,}" in line and "e-" in line
    assert "not exported: no" in shown and "RbfSVM" in shown
    model = SignalModel.load(tmp_path / "m")
    assert set(model.ensemble_.onnx_) == {"lr", "lgb"}


@pytest.mark.skipif(not ONNX, reason="needs the extra onnx")
def test_calibrated_members_keep_their_onnx_forms_and_predict_themselves(data, tmp_path, capsys):
    words = ("--features", "wick_balance", "--members", "lr", "--calibration", "sigmoid", "--onnx")
    assert run("train", data, *words, "--out", tmp_path / "m") == 0
    assert "kept; the calibrated member predicts" in capsys.readouterr().out
    assert set(SignalModel.load(tmp_path / "m").ensemble_.onnx_) == {"lr"}


def test_onnx_without_the_extra_ends_before_training(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bt_fusion.ensemble.onnx_export.find_spec", lambda name: None)
    assert run("train", data, "--members", "lr", "--onnx", "--out", tmp_path / "m") == 2
    assert "pip install 'bt-fusion[onnx]'" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--label", "gain(horizon=3)", "--horizon", "3"), "horizon of label gain is given twice"),
        (("--label", "gain(horizont=3)"), "'horizont': did you mean 'horizon'? Known: horizon, th"),
        (("--preset", "signl"), "unknown preset 'signl': did you mean 'signal'"),
        (("--lookahead", "5", "--label", "gain"), "--lookahead and --profit-threshold are a label"),
        (("--calibration", "platt"), "unknown calibration 'platt'"),
        (("--optimize", "--tune", "5"), "give --optimize or --tune N, not both"),
        (("--test-share", "1"), "test-share 1.0 must be a fraction from 0 to 0.9"),
    ],
)
def test_what_excludes_what_is_reported(words, message, data, tmp_path, capsys):
    assert run("train", data, "--out", tmp_path / "m", *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("place", ["{data}/model", "/proc/model", "/sys/model"])
def test_a_folder_that_cannot_be_written_is_reported_before_the_fit(place, data, capsys):
    assert run("train", data, "--out", place.format(data=data)) == 2
    printed = capsys.readouterr()
    assert "model cannot be written: " in printed.err and not printed.out


def test_a_folder_of_other_things_is_reported_before_the_fit(data, tmp_path, capsys):
    (tmp_path / "notes.txt").touch()
    assert run("train", data, "--out", tmp_path) == 2
    printed = capsys.readouterr()
    assert "holds 'notes.txt' and no saved model" in printed.err and not printed.out


def test_an_interruption_says_what_is_kept(data, tmp_path, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bt_fusion.tuning.tuning.fold_proba", interrupted)
    words = ("--members", "lr", "--storage", tmp_path / "t.db")
    assert run("tune", data, *words) == 130
    assert "finished trials are kept" in capsys.readouterr().err
