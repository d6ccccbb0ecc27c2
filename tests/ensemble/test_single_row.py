"""Single rows by walking trees: the numbers of the libraries, and who is left to them."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier as Forest
from sklearn.pipeline import Pipeline

from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.single_row import (
    SingleRowTrees,
    leaves,
    rows_at_thresholds,
    single_row_ensemble,
)
from bt_fusion.ensemble.training import member_proba
from bt_fusion.ensemble.trees import Trees
from bt_fusion.errors import OptionError
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import ModelStream
from tests.tree_rows import MAKERS, fitted, hard_rows, labelled

ONE_SPLIT_AND_A_LEAF = Trees(
    feature=np.array([1, 0, 0, 0]),
    threshold=np.array([0.5, np.inf, np.inf, np.inf], dtype=np.float32),
    left=np.array([2, 1, 2, 3]),
    value=np.array([0.0, 10.0, 1.0, 2.0]),
    n_trees=2,
    depth=1,
    base=np.zeros(1),
    link="logistic",
)


@pytest.mark.parametrize(("value", "leaf"), [(0.4, 2), (0.5, 2), (0.50001, 3)])
def test_leaves_by_hand(value, leaf):
    row = np.array([9.0, value], dtype=np.float32)
    np.testing.assert_array_equal(leaves(ONE_SPLIT_AND_A_LEAF, row), [leaf, 1])


def test_rows_at_thresholds_stand_on_them_or_just_above():
    rows = rows_at_thresholds(ONE_SPLIT_AND_A_LEAF, 3, 40)
    just_above = np.nextafter(np.float32(0.5), np.float32(1))
    assert rows.shape == (40, 3) and set(rows[:, 1]) == {np.float32(0.5), just_above}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", MAKERS)
def test_a_row_gets_the_same_bits_as_from_the_library(name, n_classes):
    estimator = fitted(name, n_classes)
    walked = SingleRowTrees(estimator)
    rows = hard_rows(walked.trees)
    one_by_one = np.concatenate(
        [walked.predict_proba(rows[at : at + 1]) for at in range(len(rows))]
    )
    library = estimator.predict_proba(rows)
    assert one_by_one.shape == (2_000, n_classes) and one_by_one.dtype == library.dtype
    np.testing.assert_array_equal(one_by_one, library)
    np.testing.assert_array_equal(walked.predict_proba(rows), library)


class RandomForestClassifier(Forest):
    """A forest whose probabilities are not the mean of its trees."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


def test_trees_that_fail_the_check_are_left_to_the_library():
    X, y = labelled(2, 400)
    own = RandomForestClassifier(5, random_state=0)
    with pytest.raises(OptionError, match="differ by"):
        SingleRowTrees(own.fit(X, y))
    ensemble = Ensemble({"own": own}).fit(X, y)
    assert single_row_ensemble(ensemble).members_["own"] is ensemble.members_["own"]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_live_ensemble_says_what_the_ensemble_says(n_classes):
    X, y = labelled(n_classes)
    ensemble = Ensemble(("rf", "xgb", "lgb", "lr"), calibration="sigmoid").fit(X, y)
    live = single_row_ensemble(ensemble)
    kinds = {name: type(made) for name, made in live.members_.items()}
    assert all((kind is SingleRowTrees) == (name != "lr") for name, kind in kinds.items())
    assert not any(isinstance(made, SingleRowTrees) for made in ensemble.members_.values())
    for at in range(20):
        here = np.array([at])
        np.testing.assert_array_equal(live.member_proba(X, here), ensemble.member_proba(X, here))
    raw = np.stack([member_proba(made, X[:1]) for made in ensemble.members_.values()], axis=1)
    assert np.abs(live.member_proba(X[:1]) - raw).max() > 1e-3  # the maps are on top


@pytest.mark.parametrize(("name", "kind"), [("rf", SingleRowTrees), ("lr", Pipeline)])
def test_a_best_member_is_taken_for_its_winner(name, kind):
    X, y = labelled(2)
    ensemble = Ensemble({"best": BestMember((name,), folds=3)}).fit(X, y)
    live = single_row_ensemble(ensemble)
    assert isinstance(live.members_["best"], kind)
    for row in X[:20]:
        np.testing.assert_array_equal(
            live.member_proba(row[None]), ensemble.member_proba(row[None])
        )


def test_a_calibrated_member_is_walked_though_it_has_an_onnx_form():
    X, y = labelled(2, 400)
    ensemble = Ensemble(("rf", "lgb"), calibration="sigmoid").fit(X, y)
    del ensemble.calibrators_["lgb"]
    ensemble.onnx_ = {"rf": object(), "lgb": object()}  # neither is asked here
    live = single_row_ensemble(ensemble)
    assert isinstance(live.members_["rf"], SingleRowTrees)
    assert live.members_["lgb"] is ensemble.members_["lgb"]


def test_a_stream_leaves_earlier_predictions_alone():
    bars = random_walk(700, seed=4)
    model = SignalModel("fusion").fit(bars[:500])
    stream = ModelStream(model)
    predicted = []
    for time, *values in bars[450:].itertuples():
        predicted.append(stream.push(time.to_datetime64(), tuple(values)))
    batch = model.predict(bars)[450:]
    known = np.concatenate([one.known for one in predicted])
    np.testing.assert_array_equal(known, batch.known)
    assert known.sum() == 200
    votes = np.concatenate([one.votes for one in predicted])
    np.testing.assert_allclose(votes, batch.votes, atol=1e-6, rtol=0)
    assert [one.index[0] for one in predicted] == list(batch.index)
    np.testing.assert_array_equal(np.concatenate([one.model for one in predicted]), batch.model)
    until = np.concatenate([one.trained_until for one in predicted])
    np.testing.assert_array_equal(until, batch.trained_until)
