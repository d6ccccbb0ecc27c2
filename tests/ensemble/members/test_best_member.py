import numpy as np
import pytest
from sklearn import metrics
from sklearn.model_selection import TimeSeriesSplit

from bt_fusion.ensemble.members.best_member import (
    FIGURES,
    BestMember,
    chosen_estimator,
    figures,
)
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.errors import TrainingError


def rows(kind, count=1_200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 8)).astype(np.float32)
    score = X.sum(axis=1) / 3 if kind == "line" else 2 * (X[:, 0] * X[:, 1] > 0) - 1.0
    return X, (score + rng.normal(0, 0.5, count) > 0).astype(int)


@pytest.mark.parametrize(("kind", "winner"), [("line", "lr"), ("cross", "lgb")])
def test_the_better_one_wins(kind, winner):
    X, y = rows(kind)
    best = BestMember(("lr", "lgb"), folds=4).fit(X, y, purge=5)
    assert best.name_ == winner
    out_of_sample, actual = rows(kind, seed=1)
    assert (best.predict(out_of_sample) == actual).mean() > 0.65


def test_scores_are_those_of_a_split_with_a_gap():
    X, y = rows("line", 400)
    best = BestMember(("lr",), folds=3).fit(X, y, purge=9)
    expected = []
    for before, fold in TimeSeriesSplit(3, gap=9).split(X):
        fitted = make_member("lr").fit(X[before].astype(float), y[before])
        predicted = fitted.predict(X[fold].astype(float))
        expected.append([getattr(metrics, f"{name}_score")(y[fold], predicted) for name in FIGURES])
    assert len(before) == 400 - 100 - 9
    assert [list(fold.values()) for fold in best.scores_["lr"]] == [
        pytest.approx(fold) for fold in expected
    ]
    assert list(best.scores_["lr"][0]) == list(FIGURES)


def test_figures_by_hand():
    actual, predicted = np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0, 1, 0])
    found = figures(actual, predicted, 2)
    assert found == pytest.approx(
        {"accuracy": 0.6, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3}
    )
    nothing = figures(np.array([1, 0]), np.array([0, 0]), 2)
    assert nothing == {"accuracy": 0.5, "precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_figures_of_three_classes_are_means_over_classes():
    actual, predicted = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2])
    found = figures(actual, predicted, 3)
    assert found["precision"] == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert found["recall"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["accuracy"] == 0.75


def test_each_candidate_is_judged_by_a_fit_on_the_same_rows():
    X, y = rows("line", 600)
    best = BestMember(("lr", "lgb"), folds=3).fit(X, y, purge=5)
    assert best.test_scores_ == {} and best.test_rows_ == 0
    later, actual = rows("line", 200, seed=1)
    best.evaluate(later, actual)
    assert best.test_rows_ == 200 and list(best.test_scores_) == ["lr", "lgb"]
    for name, given in (("lr", float), ("lgb", np.float32)):
        alone = make_member(name).fit(X.astype(given), y)
        predicted = alone.predict(later.astype(given))
        assert best.test_scores_[name] == figures(actual, predicted, 2)
        np.testing.assert_array_equal(best.fitted_[name].predict(later.astype(given)), predicted)
    assert best.estimator_ is best.fitted_[best.name_]


def test_a_class_that_was_not_learnt_is_never_right():
    X, y = rows("line", 600)
    best = BestMember(("lr",), folds=3).fit(X, y).evaluate(X[:3], np.array([7, 7, 7]))
    assert best.test_scores_["lr"]["accuracy"] == 0.0


def test_the_chosen_estimator_stands_for_it():
    X, y = rows("line", 400)
    best = BestMember(("lr",), folds=3).fit(X, y)
    assert chosen_estimator(best) is best.estimator_
    assert chosen_estimator(best.estimator_) is best.estimator_


def test_too_few_rows_are_refused():
    with pytest.raises(TrainingError, match="too few for 10 folds with 20 rows left out"):
        BestMember().fit(*rows("line", 150), purge=20)
