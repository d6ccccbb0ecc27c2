"""ONNX: what is exported, how close it is, what is refused, and who is asked."""

import pickle

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble import onnx_export as onnx_members
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.onnx_export import (
    TOLERANCE,
    count_flips,
    export_member,
    export_onnx,
    load_member,
    load_onnx,
)
from bt_fusion.ensemble.onnx_forms import DEEPEST
from bt_fusion.ensemble.onnx_graph import tree_graph
from bt_fusion.ensemble.trees import Trees, read_trees
from bt_fusion.errors import OptionError
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import ModelStream
from tests.tree_rows import MAKERS, N_FEATURES, fitted, hard_rows, labelled


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", MAKERS)
def test_trees_agree_on_rows_at_their_thresholds(name, n_classes):
    estimator = fitted(name, n_classes)
    rows = hard_rows(read_trees(estimator))
    original = estimator.predict_proba(rows).astype(np.float64)
    exported = load_member(export_member(estimator, N_FEATURES)).predict_proba(rows)
    assert exported.shape == (2_000, n_classes)
    np.testing.assert_allclose(exported, original, atol=1e-6, rtol=0)
    assert sum(count_flips(original, exported).values()) == 0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_an_ensemble_is_exported_but_for_what_has_no_conversion(n_classes):
    X, y = labelled(n_classes)
    ensemble = Ensemble(("rf", "xgb", "lgb", "lr", "svm")).fit(X, y)
    exported = export_onnx(ensemble, X[:300])
    assert [export.member for export in exported.values()] == list(ensemble.members_)
    assert exported["svm"].content is None and "RbfSVM" in exported["svm"].reason
    for name in ("rf", "xgb", "lgb", "lr"):
        assert 0 <= exported[name].difference <= TOLERANCE and not exported[name].reason
        assert set(exported[name].flips) == {0.7, 0.6, 0.5, 0.4, 0.3}
        assert not any(exported[name].flips.values())
    assert set(load_onnx(exported)) == {"rf", "xgb", "lgb", "lr"}


def large_prices():
    """Rows around 10 million, whose differences matter, and their classes."""
    draw = np.random.default_rng(0)
    moves = 20 * draw.normal(size=(1_500, 3))
    X = (1e7 + moves).astype(np.float32)
    return X, (moves[:, 0] + 15 * draw.normal(size=1_500) > 0).astype(int)


def test_a_standardised_forest_at_large_prices_takes_the_same_branches():
    """The forest casts what the scaler leaves to float32, and so does the graph."""
    X, y = large_prices()
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(30, random_state=0))
    ensemble = Ensemble({"scaled": forest}).fit(X, y)
    exported = export_onnx(ensemble, X)["scaled"]
    assert exported.difference < 1e-6 and not any(exported.flips.values())


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scaler", [StandardScaler(), StandardScaler(with_mean=False), None])
def test_a_logistic_regression_agrees_to_the_digits_that_are_kept(scaler, n_classes):
    X, y = labelled(n_classes)
    plain = LogisticRegression(C=0.01)
    made = (plain if scaler is None else make_pipeline(scaler, plain)).fit(X.astype(float), y)
    rows = labelled(2, 300, seed=1)[0].astype(float)
    exported = load_member(export_member(made, N_FEATURES)).predict_proba(rows)
    np.testing.assert_array_equal(exported, made.predict_proba(rows).round(6))


def test_shares_of_a_forest_reach_the_thresholds_they_reach_in_the_library():
    """A hundred trees grown to the end vote in hundredths, and float32 has no 0.60."""
    X, y = labelled(2)
    ensemble = Ensemble({"rf": RandomForestClassifier(100, random_state=0)}).fit(X, y)
    rows = labelled(2, 1_000, seed=1)[0]
    library = ensemble.predict_proba(rows)
    ensemble.onnx_ = load_onnx(export_onnx(ensemble, X[:50]))
    exported = ensemble.predict_proba(rows)
    for level in (0.4, 0.55, 0.6, 0.7):
        assert (library == level).sum() > 5
        np.testing.assert_array_equal(exported >= level, library >= level)


def test_a_scaler_before_lightgbm_has_no_form():
    """LightGBM compares in float64, where a threshold of the graph is float32."""
    X, y = labelled(2)
    made = Ensemble({"scaled": make_pipeline(StandardScaler(), fitted("lgb", 2))}).fit(X, y)
    assert "no conversion of a Pipeline" in export_onnx(made, X[:50])["scaled"].reason


@pytest.mark.parametrize("name", ["lr", "rf"])
def test_a_best_member_is_exported_by_its_winner(name):
    X, y = labelled(2)
    best = BestMember((name,), folds=3).fit(X, y)
    assert export_member(best, N_FEATURES) == export_member(best.estimator_, N_FEATURES)
    exported = export_onnx(Ensemble({"best": BestMember((name,), folds=3)}).fit(X, y), X[:100])
    assert exported["best"].difference <= TOLERANCE


def test_trees_too_deep_for_the_runtime_are_not_written():
    count = DEEPEST + 1
    left = np.arange(2 * count + 1)
    left[::2][:-1] += 1  # each right child splits again
    none = np.zeros(len(left))
    deep = Trees(left * 0, none, left, none, 1, count, np.zeros(1), "logistic")
    with pytest.raises(OptionError, match="trees of 1,001 levels; at most 1,000"):
        tree_graph(deep, 1)


def test_another_scaler_before_trees_at_large_prices_is_not_exported():
    """skl2onnx leaves out the cast to float32 between a scaler and a forest."""
    X, y = large_prices()
    forest = make_pipeline(RobustScaler(), RandomForestClassifier(30, random_state=0))
    ensemble = Ensemble({"scaled": forest, "plain": forest[-1]}).fit(X, y)
    exported = export_onnx(ensemble, X)
    assert exported["scaled"].content is None and exported["scaled"].difference > TOLERANCE
    assert sum(exported["scaled"].flips.values()) > 0
    assert "differs from the original by" in exported["scaled"].reason
    assert exported["plain"].content is not None and exported["plain"].difference < TOLERANCE


def test_calibrated_comes_before_onnx_and_onnx_before_the_library():
    X, y = labelled(2)
    ensemble = Ensemble(("rf", "lgb", "xgb"), calibration="isotonic").fit(X, y)
    raw = {name: made.predict_proba(X[:50]) for name, made in ensemble.members_.items()}
    other = fitted("rf", 2, 300)  # so that it shows who was asked
    exported = load_member(export_member(other, N_FEATURES))
    ensemble.onnx_ = {"rf": exported, "xgb": exported}
    del ensemble.calibrators_["xgb"], ensemble.calibrators_["lgb"]
    votes = ensemble.member_proba(X[:50])
    mapped = ensemble.calibrators_["rf"].transform(ensemble.members_["rf"].predict_proba(X[:50]))
    np.testing.assert_allclose(votes[:, 0], mapped, atol=1e-12)
    np.testing.assert_array_equal(votes[:, 1], raw["lgb"])
    np.testing.assert_array_equal(votes[:, 2], exported.predict_proba(X[:50]))
    np.testing.assert_allclose(votes[:, 2], other.predict_proba(X[:50]), atol=1e-6)
    in_onnx = [ensemble.predicts_in_onnx(name) for name in ensemble.members_]
    assert in_onnx == [False, False, True]
    assert ensemble.fit(X, y).onnx_ == {}


def test_calibration_changes_no_export():
    X, y = labelled(2)
    plain, mapped = (Ensemble(("lgb",), calibration=how).fit(X, y) for how in (None, "sigmoid"))
    one, other = (export_onnx(made, X[:50])["lgb"].content for made in (plain, mapped))
    assert one == other


def test_an_exported_member_is_the_same_in_another_process_and_on_every_run():
    content = export_member(fitted("xgb", 3), N_FEATURES)
    assert export_member(fitted("xgb", 3), N_FEATURES) == content
    member = load_member(content)
    again = pickle.loads(pickle.dumps(member))
    rows = labelled(2, 200, seed=2)[0]
    whole = member.predict_proba(rows)
    np.testing.assert_array_equal(again.predict_proba(rows), whole)
    one_by_one = np.concatenate([member.predict_proba(row[None]) for row in rows])
    np.testing.assert_allclose(one_by_one, whole, atol=1e-12, rtol=0)


def test_a_stream_asks_onnx_as_the_batch_does():
    bars = random_walk(700, seed=4)
    model = SignalModel("fusion").fit(bars[:500])
    rows = model.feature_set_.transform(bars)[100:400]
    model.ensemble_.onnx_ = load_onnx(export_onnx(model.ensemble_, rows))
    stream = ModelStream(model)
    predicted = [stream.push(time.to_datetime64(), tuple(v)) for time, *v in bars.itertuples()]
    votes = np.concatenate([one.votes for one in predicted])
    batch = model.predict(bars).votes
    assert np.isfinite(batch[:, 0, 0]).sum() == 200
    np.testing.assert_allclose(votes, batch, atol=1e-7, rtol=0)


def test_content_that_is_no_model_is_an_error_of_ours():
    content = export_member(fitted("rf", 2), N_FEATURES)
    with pytest.raises(OptionError, match="no ONNX model that can be run"):
        load_member(content[: len(content) // 2])


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(onnx_members, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"onnx and onnxruntime and skl2onnx.*bt-fusion\[onnx\]"):
        export_member(fitted("rf", 2), N_FEATURES)
