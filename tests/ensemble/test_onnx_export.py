"""ONNX: what is exported, how close it is, what is refused, and who is asked."""

import pickle
from copy import copy

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble import onnx_export as onnx_members
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.onnx_export import (
    TOLERANCE,
    count_flips,
    export_member,
    export_onnx,
    load_member,
    load_onnx,
)
from bt_fusion.ensemble.trees import read_trees
from bt_fusion.errors import OptionError
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming import ModelStream
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


def test_a_scaler_before_trees_at_large_prices_is_not_exported():
    """What the scaler leaves is cast to float32 by the forest and not by the graph."""
    draw = np.random.default_rng(0)
    moves = 20 * draw.normal(size=(1_500, 3))
    X = (1e7 + moves).astype(np.float32)
    y = (moves[:, 0] + 15 * draw.normal(size=1_500) > 0).astype(int)
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(30, random_state=0))
    ensemble = Ensemble({"scaled": forest, "plain": forest[-1]}).fit(X, y)
    exported = export_onnx(ensemble, X)
    assert exported["scaled"].content is None and exported["scaled"].difference > TOLERANCE
    assert sum(exported["scaled"].flips.values()) > 0
    assert "differs from the original by" in exported["scaled"].reason
    assert exported["plain"].content is not None and exported["plain"].difference < TOLERANCE


def test_the_ensemble_asks_what_was_put_into_onnx_and_maps_it():
    X, y = labelled(2)
    ensemble = Ensemble(("rf", "lgb"), calibration="isotonic").fit(X, y)
    other = fitted("rf", 2, 300)  # so that it shows who was asked
    ensemble.onnx_ = {"rf": load_member(export_member(other, N_FEATURES))}
    predicted = ensemble.onnx_["rf"].predict_proba(X[:50])
    np.testing.assert_allclose(predicted, other.predict_proba(X[:50]), atol=1e-6)
    bare = copy(ensemble)
    bare.calibrators_ = {}
    raw = bare.member_proba(X[:50])
    np.testing.assert_array_equal(raw[:, 0], predicted)
    np.testing.assert_array_equal(raw[:, 1], ensemble.members_["lgb"].predict_proba(X[:50]))
    mapped = ensemble.member_proba(X[:50])
    np.testing.assert_array_equal(mapped[:, 0], ensemble.calibrators_["rf"].transform(predicted))
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
