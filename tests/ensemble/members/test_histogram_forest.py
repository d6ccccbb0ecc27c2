"""The default member `rf`: shares in leaves, whatever the threads, weights and classes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.histogram_forest import HistogramForest, shares
from bt_fusion.ensemble.members.registry import SKLEARN_FOREST, make_member
from bt_fusion.evaluation.classification import log_loss_of
from bt_fusion.models.presets import make_preset
from tests.tree_rows import labelled


def test_one_split_by_hand():
    """Every row in one tree: nine in ten of the left leaf are of class 0, all of the right of 1."""
    X = np.repeat(np.float32([[0.0], [1.0]]), 10, axis=0)
    y = np.array([0] * 9 + [1] * 11)
    forest = HistogramForest(1, 5, max_features=1.0, max_samples=1.0).fit(X, y)
    np.testing.assert_allclose(forest.predict_proba([[0], [1]]), [[0.9, 0.1], [0, 1]], atol=1e-6)
    assert forest.predict([[0], [1]]).tolist() == [0, 1]
    assert forest.feature_importances_.tolist() == [1.0]


def test_leaves_hold_at_least_so_many_rows_at_any_scale_of_the_weights():
    X, y = labelled(2, 900)
    trees = {
        scale: HistogramForest(5, 60).fit(X, y, np.full(900, scale)) for scale in (0.01, 1.0, 100.0)
    }
    tables = {scale: made.forest_.trees_to_dataframe() for scale, made in trees.items()}
    leaves = tables[1.0][tables[1.0].Feature == "Leaf"]
    assert len(leaves) > 5 and leaves.Cover.min() >= 60
    for scale in (0.01, 100.0):
        np.testing.assert_allclose(tables[scale].Split, tables[1.0].Split)
        np.testing.assert_allclose(
            trees[scale].predict_proba(X), trees[1.0].predict_proba(X), atol=1e-5
        )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_window_too_short_to_split_gives_the_shares_of_the_classes(n_classes):
    X, y = labelled(n_classes, 60)
    proba = HistogramForest().fit(X, y).predict_proba(X)
    expected = np.bincount(y) / 60
    np.testing.assert_allclose(proba, np.tile(expected, (60, 1)), atol=0.02)


def test_a_weight_is_a_number_of_rows():
    X, y = labelled(2, 200)
    weight = np.where(y == 1, 3.0, 1.0)
    proba = HistogramForest(20).fit(X, y, weight).predict_proba(X)[:, 1]
    assert proba.mean() == pytest.approx(weight[y == 1].sum() / weight.sum(), abs=0.02)


@pytest.mark.parametrize("threshold", [2.0, 3.0])
def test_rare_classes_get_probabilities_as_good_as_scikit_learns(threshold):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(12_000, 6)).astype(np.float32)
    y = (X[:, 0] + draw.normal(size=12_000) > threshold).astype(int)
    ours, theirs = (
        made.fit(X[:6_000], y[:6_000]).predict_proba(X[6_000:])
        for made in (HistogramForest(), SKLEARN_FOREST.make(0))
    )
    losses = [log_loss_of(y[6_000:], proba, (0, 1)) for proba in (ours, theirs)]
    assert losses[0] < losses[1] * 1.05
    assert ours[:, 1].mean() == pytest.approx(y[:6_000].mean(), rel=0.1)


def test_three_classes_add_up_to_one_and_keep_their_order():
    X, y = labelled(3)
    names = np.array([5, -1, 2])
    forest = HistogramForest(20).fit(X, names[y])
    assert forest.classes_.tolist() == [-1, 2, 5]
    proba = forest.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert (forest.predict(X) == names[y]).mean() > 0.5
    top = proba[X[:, 0] > 1].mean(axis=0)  # mostly of the last class, named 2
    assert top.argmax() == 1 and top[1] > 0.4


def test_shares_never_leave_0_to_1():
    found = shares(np.float32([[-1e-8, 0.0, 0.5], [0.0, 0.0, 0.0]]))
    assert found.min() > 0 and found[0, 2] == pytest.approx(1)
    np.testing.assert_allclose(found[1], 1 / 3)
    assert shares(np.float32([[-1e-8], [1.0000001]])).tolist() == [[1, 0], [0, 1]]


def test_the_same_numbers_beside_other_fits():
    X, y = labelled(2)
    alone = [HistogramForest(random_state=seed).fit(X, y).predict_proba(X) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda seed: HistogramForest(random_state=seed).fit(X, y), range(4)))
    for one, other in zip(alone, made, strict=True):
        np.testing.assert_array_equal(one, other.predict_proba(X))
    assert np.abs(alone[0] - alone[1]).max() > 0.001


def test_it_is_the_member_rf_and_copies_train_alike():
    made = make_member("rf", 4)
    assert made.get_params() == {
        "n_estimators": 100,
        "min_samples_leaf": 100,
        "max_features": 0.3,
        "max_samples": 0.26,
        "max_bin": 64,
        "random_state": 4,
    }
    X, y = labelled(2)
    one, two = (each.fit(X, y).predict_proba(X) for each in (made, clone(made)))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "options",
    [
        {"class_weight": "balanced"},
        {"sample_weights": "uniqueness"},
        {"resample": "smote"},
        {"calibration": "sigmoid"},
        {"calibration": "isotonic"},
    ],
    ids=lambda options: next(iter(options.values())),
)
def test_every_option_of_the_ensemble_works_with_it(options):
    X, y = labelled(3)
    ensemble = Ensemble(["rf"], **options).fit(X, y, classes=(0, 1, 2), purge=5)
    proba = ensemble.predict_proba(X)
    assert np.isfinite(proba).all() and proba.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (proba.argmax(axis=1) == y).mean() > 0.5


def test_systems_a_and_d_keep_scikit_learns_forest():
    forest = make_preset("fusion").new_ensemble().make_members()["rf"]
    assert type(forest[-1]).__name__ == "RandomForestClassifier"
    best = make_preset("generator").new_ensemble().make_members()["best"]
    X, y = labelled(2)
    fitted = best.set_params(folds=2).fit(X, y).fitted_
    assert type(fitted["rf"]).__name__ == "RandomForestClassifier"
