"""Trees as arrays: thresholds, numbering, what is read and what is refused."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from bt_fusion.ensemble.trees import read_trees, round_down
from bt_fusion.errors import OptionError
from tests.tree_rows import fitted, labelled


def test_round_down_parts_float32_values_as_the_float64_does():
    thresholds = np.array([0.1, 0.5, -0.1, 1e-45, 1e30, -1e-60, 16_777_217.0])
    rounded = round_down(thresholds)
    assert rounded.dtype == np.float32
    for threshold, below in zip(thresholds, rounded, strict=True):
        above = np.nextafter(below, np.float32(np.inf))
        assert float(below) <= threshold < float(above)
    assert round_down(np.array([1e300]))[0] == np.finfo(np.float32).max


def test_a_forest_of_one_split_by_hand():
    """One feature, parted at 1.5: below it nine in ten of class 0, above it all of class 1."""
    forest = fitted("forest", 2)
    X = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)
    tree = DecisionTreeClassifier().fit(X, [0, 0, 1, 1])
    forest.estimators_, forest.n_features_in_ = [tree, tree], 1
    trees = read_trees(forest)
    np.testing.assert_array_equal(trees.feature, 0)
    np.testing.assert_array_equal(trees.threshold, np.float32([1.5, 1.5] + [np.inf] * 4))
    np.testing.assert_array_equal(trees.left, [2, 4, 2, 3, 4, 5])
    np.testing.assert_array_equal(trees.value[2:], [[1, 0], [0, 1]] * 2)
    assert (trees.n_trees, trees.depth, trees.link, len(trees)) == (2, 1, "mean", 6)


def test_xgboost_sends_a_value_at_the_threshold_to_the_right():
    X = np.array([[0.0], [1.0]] * 50, dtype=np.float32)
    model = XGBClassifier(n_estimators=1, max_depth=1, n_jobs=1).fit(X, [0, 1] * 50)
    trees = read_trees(model)
    split = float(model.get_booster().trees_to_dataframe()["Split"][0])
    assert trees.threshold[0] < split == np.nextafter(trees.threshold[0], np.float32(np.inf))


def test_early_stopping_leaves_the_later_trees_out():
    X, y = labelled(2)
    model = XGBClassifier(n_estimators=200, learning_rate=0.5, early_stopping_rounds=2, n_jobs=1)
    model.fit(X[:1_000], y[:1_000], eval_set=[(X[1_000:], y[1_000:])], verbose=False)
    assert (
        read_trees(model).n_trees
        == model.best_iteration + 1
        < model.get_booster().num_boosted_rounds()
    )


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        XGBClassifier(booster="dart", n_estimators=2),
        XGBClassifier(num_parallel_tree=2, n_estimators=2),
        XGBClassifier(objective="binary:hinge", n_estimators=2),
        LGBMClassifier(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, verbose=-1),
        LGBMClassifier(linear_tree=True, n_estimators=2, verbose=-1),
        LGBMClassifier(zero_as_missing=True, n_estimators=2, verbose=-1),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_what_is_not_a_plain_sum_of_trees_is_refused(estimator):
    with pytest.raises(OptionError, match="read"):
        read_trees(estimator.fit(*labelled(2)))
