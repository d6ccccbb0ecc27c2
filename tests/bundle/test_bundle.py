"""Saved models: round trip, what refuses to load and why, and replacing one under SIGKILL."""

import json
import os
import pickle
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.model_selection import TimeSeriesSplit
from sklearn.svm import SVC

from benchmarks.fault_kinds import KINDS, read, reseal
from benchmarks.faults import run_faults, run_kills
from bt_fusion import (
    BundleError,
    Direction,
    Ensemble,
    ModelCompatibilityError,
    OptionError,
    SignalModel,
    TripleBarrier,
    load_model,
)
from bt_fusion.bundle import describe, load_pickle
from bt_fusion.bundle.manifest import feature_digest, with_digest
from bt_fusion.bundle.parts.tree_check import check_tree
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.histogram_forest import HistogramForest
from bt_fusion.report.terminal.model_card import card_table

FEATURES = ["wick_balance", "return_1", "rsi_14"]


@pytest.fixture(scope="module")
def bars():
    return planted_edge(1_500, seed=5, auc=0.75)


@pytest.fixture(scope="module")
def model(bars):
    return SignalModel(FEATURES).fit(bars[:1_000])


@pytest.fixture(scope="module")
def kept(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "model"
    return model.save(folder, symbol="TEST", metrics={"auc": 0.61}, test_rows=400)


@pytest.fixture
def saved(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "model"))


def rewrite(folder: Path, **changes):
    content = read(folder) | changes
    (folder / "manifest.json").write_bytes(with_digest(content))


def assert_same(model, other, bars):
    one, two = (m.predict(bars, allow_in_sample=True) for m in (model, other))
    assert np.nanmax(np.abs(one.votes - two.votes)) <= 1e-12
    np.testing.assert_array_equal(one.signal(), two.signal())
    assert model.predict(bars).known.sum() == other.predict(bars).known.sum() > 0


def test_round_trip_is_exact(model, saved, bars):
    loaded = SignalModel.load(saved)
    assert_same(model, loaded, bars)
    assert loaded.trained_until_ == model.trained_until_
    assert loaded.feature_set_.names == tuple(FEATURES)
    assert loaded.label() == Direction(horizon=5)


@pytest.mark.slow
def test_three_classes_and_majority(bars, tmp_path):
    ensemble = Ensemble(["xgb", "lgb"], voting="majority", vote_threshold=0.5, seed=3)
    model = SignalModel("fusion", TripleBarrier(horizon=6), ensemble).fit(bars[:1_000])
    loaded = load_model(model.save(tmp_path / "model"))
    assert_same(model, loaded, bars)
    assert loaded.features == "fusion"
    assert loaded.label() == TripleBarrier(horizon=6)
    assert loaded.ensemble.get_params() == ensemble.get_params()


def test_own_members(bars, tmp_path):
    svm = CalibratedClassifierCV(SVC(C=0.5), cv=TimeSeriesSplit(2))
    model = SignalModel(FEATURES, ensemble=Ensemble({"svm": svm})).fit(bars[:600])
    loaded = load_model(model.save(tmp_path / "model"))
    assert_same(model, loaded, bars)
    assert loaded.ensemble.members["svm"].estimator.C == 0.5


@pytest.mark.parametrize("label", [Direction(5), TripleBarrier(horizon=6)])
def test_an_own_histogram_forest_keeps_its_parameters(label, bars, tmp_path):
    given = {"n_estimators": 7, "min_samples_leaf": 20, "max_features": 0.5, "random_state": 3}
    ensemble = Ensemble({"mine": HistogramForest(**given), "lr": "lr"})
    model = SignalModel(FEATURES, label, ensemble).fit(bars[:600])
    loaded = load_model(model.save(tmp_path / "model"))
    assert_same(model, loaded, bars)
    assert loaded.ensemble.members["mine"].get_params() == {
        **given,
        "max_samples": 0.26,
        "max_bin": 64,
    }
    assert read(tmp_path / "model")["parts"][0]["kind"] == "histogram_forest"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"n_jobs": 64}, "unknown parameters n_jobs"), ({"random_state": "x"}, "random_state")],
)
def test_other_parameters_of_a_histogram_forest_are_refused(parameters, message, bars, tmp_path):
    ensemble = Ensemble({"mine": HistogramForest(5, min_samples_leaf=20)})
    folder = SignalModel(FEATURES, ensemble=ensemble).fit(bars[:600]).save(tmp_path / "model")
    (part,) = read(folder)["parts"]
    rewrite(folder, parts=[{**part, "parameters": parameters}])
    with pytest.raises(BundleError, match=message):
        load_model(folder)


def test_a_loaded_model_saves_to_the_same_parts(saved, tmp_path):
    again = SignalModel.load(saved).save(tmp_path / "again")
    boosters = set(read(saved)["files"])
    assert len(boosters) == 3 and boosters <= set(read(again)["files"])


def test_an_estimator_that_needs_pickle_is_not_saved(bars, tmp_path):
    class Mine(SVC):
        pass

    kernel = {"gp": CalibratedClassifierCV(GaussianProcessClassifier(), cv=TimeSeriesSplit(2))}
    model = SignalModel(FEATURES, ensemble=Ensemble(kernel)).fit(bars[:200])
    with pytest.raises(BundleError, match="not among the types a saved model may hold"):
        model.save(tmp_path / "gp")
    assert not (tmp_path / "gp").exists()
    model = SignalModel(FEATURES, ensemble=Ensemble({"mine": Mine()}))
    model.fit(bars[:200])
    with pytest.raises(OptionError, match="cannot be saved without pickle"):
        model.save(tmp_path / "mine")


def test_a_folder_with_other_things_is_left_alone(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match=r"holds 'thesis\.txt' and no saved model"):
        model.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_replacing_leaves_only_the_new_files(saved, bars):
    other = SignalModel(FEATURES[:2]).fit(bars[:900])
    other.save(saved)
    assert {path.name for path in saved.iterdir()} == {*read(saved)["files"], "manifest.json"}
    assert_same(other, SignalModel.load(saved), bars)


def test_a_failed_save_keeps_the_old_model(model, saved, bars):
    gp = CalibratedClassifierCV(GaussianProcessClassifier(), cv=TimeSeriesSplit(2))
    bad = SignalModel(FEATURES, ensemble=Ensemble({"gp": gp})).fit(bars[:200])
    with pytest.raises(BundleError):
        bad.save(saved)
    assert_same(model, SignalModel.load(saved), bars)


def test_features_asked_for(saved):
    with pytest.raises(ModelCompatibilityError) as caught:
        SignalModel.load(saved, features=["return_1", "wick_balance", "gap"])
    message = str(caught.value)
    assert "missing: gap; extra: rsi_14; reordered: 'return_1' stands at 2, not 1" in message
    assert SignalModel.load(saved, features=FEATURES).n_rows_ > 0


def test_reordered_features_are_found_by_the_parts(saved):
    content = read(saved)
    content["features"]["names"] = FEATURES[::-1]
    content["features"]["sha256"] = feature_digest(FEATURES[::-1])
    rewrite(saved, features=content["features"])
    with pytest.raises(ModelCompatibilityError, match="reordered: 'rsi_14' stands at 3, not 1"):
        SignalModel.load(saved)


def test_versions_are_named(saved):
    versions = read(saved)["versions"] | {"xgboost": "1.7.3"}
    rewrite(saved, versions=versions)
    with pytest.raises(ModelCompatibilityError, match=r"xgboost 1\.7\.3 when saved, .* here"):
        SignalModel.load(saved)


def test_a_later_schema_asks_for_an_upgrade(saved):
    rewrite(saved, schema=6, novelty=True)
    with pytest.raises(ModelCompatibilityError, match=r"schema 6, .* reads up to 5; upgrade"):
        SignalModel.load(saved)


def test_a_pinned_digest(saved):
    digest = describe(saved)["digest"]
    assert SignalModel.load(saved, digest=digest).n_rows_ > 0
    rewrite(saved, symbol="OTHER")
    with pytest.raises(ModelCompatibilityError, match="asked for"):
        SignalModel.load(saved, digest=digest)


def test_one_changed_byte_of_the_manifest(saved):
    path = saved / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"TEST", b"FAKE", 1))
    for read_it in (SignalModel.load, describe):
        with pytest.raises(BundleError, match="altered after it was written"):
            read_it(saved)


def test_no_model_there(tmp_path):
    with pytest.raises(BundleError, match="not a folder"):
        SignalModel.load(tmp_path / "none")
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        SignalModel.load(tmp_path)


def test_stray_files_are_never_read(model, saved, bars):
    (saved / "notes.pkl").write_bytes(pickle.dumps("stray"))
    assert_same(model, SignalModel.load(saved), bars)


def test_golden_bars_name_the_feature_that_changed(saved):
    golden = read(saved)["golden"]
    golden["bars"]["low"] = [low * 0.99 for low in golden["bars"]["low"]]
    rewrite(saved, golden=golden)
    with pytest.raises(ModelCompatibilityError, match=r"otherwise .*: wick_balance"):
        SignalModel.load(saved)


def test_swapped_members_are_found_by_their_votes(bars, tmp_path):
    from lightgbm import LGBMClassifier

    pair = {
        "slow": LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1),
        "fast": LGBMClassifier(n_estimators=40, n_jobs=1, verbose=-1),
    }
    folder = SignalModel(FEATURES, ensemble=Ensemble(pair)).fit(bars).save(tmp_path / "pair")
    one, two = (folder / part["file"] for part in read(folder)["parts"])
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    reseal(folder)
    with pytest.raises(BundleError, match="member slow predicts the golden rows otherwise"):
        load_model(folder)


def test_a_training_date_that_is_none_is_reported(saved):
    rewrite(saved, training=read(saved)["training"] | {"trained_until": "2024-02-31 00:00:00"})
    with pytest.raises(BundleError, match="dates are no dates: '2024-02-31"):
        load_model(saved)


def test_tree_of_one_node_and_two_parents():
    nodes = np.array([-1])
    check_tree(nodes, nodes, np.array([0]), nodes >= 0, 1, "stump")
    left, right = np.array([1, -1, -1]), np.array([1, -1, -1])
    with pytest.raises(BundleError, match="two parents"):
        check_tree(left, right, np.zeros(3, int), left >= 0, 1, "knot")


def test_the_card_reads_only_the_manifest(saved):
    for path in saved.iterdir():
        if path.name != "manifest.json":
            path.write_bytes(b"")
    card = describe(saved)
    assert card["model"]["symbol"] == "TEST"
    assert card["model"]["interval"] == "1m"
    assert card["metrics"] == {"auc": 0.61}
    assert card["features"]["names"] == FEATURES
    assert set(card["needs"]) == {"lightgbm", "xgboost"}
    assert json.dumps(card)
    cells = [str(cell) for cell in card_table(card).columns[1].cells]
    assert "direction (horizon 5): Down, Up" in cells


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda found: found["files"][min(found["files"])].update(size=[1]),
            "size is '.1.', not int",
        ),
        (lambda found: found["files"].update({min(found["files"]): 5}), "is '5', not dict"),
        (lambda found: found["ensemble"].update(members=[1]), "members.0. is '1', not str"),
        (lambda found: found["ensemble"].pop("voting"), "voting is 'None', not str"),
    ],
)
def test_a_card_of_other_types_is_refused(change, message, saved):
    content = read(saved)
    change(content)
    (saved / "manifest.json").write_bytes(with_digest(content))
    with pytest.raises(BundleError, match=message):
        describe(saved)


def test_pickles_only_when_trusted(model, tmp_path):
    path = tmp_path / "theirs.joblib"
    joblib.dump(model.ensemble_.members_["rf"], path)
    with pytest.raises(OptionError, match="trust_pickle=True"):
        load_pickle(path)
    assert hasattr(load_pickle(path, trust_pickle=True), "predict_proba")
    joblib.dump("words", path)
    with pytest.raises(BundleError, match="holds a str"):
        load_pickle(path, trust_pickle=True)


def test_saving_follows_a_link_to_the_folder(model, saved, bars, tmp_path):
    os.symlink(saved, tmp_path / "current")
    model.save(tmp_path / "current")
    assert (tmp_path / "current").is_symlink()
    assert_same(model, load_model(tmp_path / "current"), bars)


@pytest.mark.slow
def test_a_hundred_faults_are_our_errors():
    """Six of each kind, loaded in child processes: no crash, no hang, no code run."""
    results = run_faults(range(5_000, 5_000 + 6 * len(KINDS)))
    assert len(results) == 114
    assert [row for row in results if row[2] != "our error"] == []


@pytest.mark.slow
def test_sigkill_while_replacing_leaves_the_old_model_or_the_new():
    outcomes = run_kills(6, seed=1)
    assert sum(outcomes.values()) == 6
    assert set(outcomes) <= {"old model", "new model"}
