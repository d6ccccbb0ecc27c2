from copy import copy

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from bt_fusion.ensemble.calibration import ProbabilityMap, fit_maps
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.training import Preparation, TrainingRows, member_proba
from bt_fusion.errors import OptionError, TrainingError
from bt_fusion.evaluation.reliability import reliability_table


class SaysWhatItHears(ClassifierMixin, BaseEstimator):
    """Takes rows for probabilities."""

    def __init__(self, n_classes=2):
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


def proba_and_classes(n_classes, rows=600, seed=0):
    rng = np.random.default_rng(seed)
    predicted = rng.dirichlet(np.ones(n_classes), rows)
    actual = np.array([rng.choice(n_classes, p=row**0.5 / (row**0.5).sum()) for row in predicted])
    return predicted, actual


@pytest.mark.parametrize("n_classes", [2, 3])
def test_isotonic_equals_scikit_learns_around_a_frozen_estimator(n_classes):
    predicted, actual = proba_and_classes(n_classes)
    theirs = CalibratedClassifierCV(FrozenEstimator(SaysWhatItHears(n_classes)), method="isotonic")
    expected = theirs.fit(predicted, actual).predict_proba(predicted)
    found = ProbabilityMap("isotonic").fit(predicted, actual).transform(predicted)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_probabilities_add_up_and_say_what_comes(method, n_classes):
    fitted = ProbabilityMap(method).fit(*proba_and_classes(n_classes, 3_000))
    predicted, actual = proba_and_classes(n_classes, 3_000, seed=1)
    mapped = fitted.transform(predicted)
    assert mapped.sum(axis=1) == pytest.approx(1)
    truth = np.eye(n_classes)[actual]
    assert ((mapped - truth) ** 2).mean() < ((predicted - truth) ** 2).mean()


def test_sigmoid_leaves_good_probabilities_as_they_are():
    rng = np.random.default_rng(0)
    up = rng.uniform(0.02, 0.98, 20_000)
    actual = (rng.uniform(size=len(up)) < up).astype(int)
    predicted = np.column_stack([1 - up, up])
    assert (
        np.abs(ProbabilityMap().fit(predicted, actual).transform(predicted) - predicted).max()
        < 0.02
    )


def test_a_missing_class_and_an_unknown_method_are_named():
    predicted = np.full((4, 2), 0.5)
    with pytest.raises(TrainingError, match="class number 1 is missing among the 4 rows"):
        ProbabilityMap().fit(predicted, np.zeros(4, int))
    with pytest.raises(OptionError, match="did you mean 'isotonic'"):
        Ensemble(["lr"], calibration="isotonc").make_members()


def test_reliability_of_hand_worked_rows():
    table = reliability_table(np.array([0, 1, 1, 1]), np.array([0.05, 0.15, 0.19, 1.0]))
    assert table.index.tolist() == [0.0, 0.1, 0.9]
    assert table["mean_predicted"].tolist() == pytest.approx([0.05, 0.17, 1.0])
    assert table["observed"].tolist() == [0, 1, 1]
    assert table["count"].tolist() == [1, 2, 1]


def uncalibrated(ensemble):
    bare = copy(ensemble)
    bare.calibrators_ = {}
    return bare


def training_set(rows=1_500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4)).astype(np.float32)
    return X, (X[:, 0] + rng.normal(size=rows) > 0.8).astype(int)


def test_the_map_is_learnt_from_a_fit_on_the_first_rows_and_put_on_one_on_all():
    X, y = training_set()
    fitted = Ensemble(["lgb"], calibration="sigmoid").fit(X, y, purge=7)
    early = make_member("lgb").fit(X[: 1_200 - 7], y[: 1_200 - 7])
    expected = ProbabilityMap().fit(member_proba(early, X[1_200:]), y[1_200:])
    whole = member_proba(make_member("lgb").fit(X, y), X)
    assert fitted.member_proba(X)[:, 0] == pytest.approx(expected.transform(whole), abs=1e-12)
    assert uncalibrated(fitted).member_proba(X)[:, 0] == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_the_shift_of_smote(method):
    X, y = training_set(3_000)
    fitted = Ensemble(["lr", "lgb"], resample="smote", calibration=method).fit(X, y)
    out_of_sample, actual = training_set(3_000, seed=9)
    before = uncalibrated(fitted).member_proba(out_of_sample)[:, :, 1]
    after = fitted.member_proba(out_of_sample)[:, :, 1]
    for member in range(2):
        assert error(actual, after[:, member]) < 0.5 * error(actual, before[:, member])


def error(actual, proba):
    """Expected calibration error over five bins."""
    table = reliability_table(actual == 1, proba, bins=5)
    return ((table["mean_predicted"] - table["observed"]).abs() * table["count"]).sum()


def test_a_class_missing_before_the_last_fifth_is_reported():
    X, y = training_set(200)
    y = np.where(np.arange(200) < 180, np.minimum(y, 1), 2)
    with pytest.raises(TrainingError, match="class is missing among the 160 rows before"):
        Ensemble(["lr"], calibration="sigmoid").fit(X, y)


class CountsRows(SaysWhatItHears):
    """Says how often each class came, and remembers the rows."""

    def fit(self, X, y):
        self.X_, self.classes_ = X, np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def test_outliers_before_the_map_are_those_of_the_rows_before_it():
    """Over all rows the value 2.6 would lie inside the fences; the rows of the map widen them."""
    value = np.concatenate([[2.6], np.linspace(0, 1, 799), np.full(200, 2.5)])
    codes = np.arange(1_000) % 2
    training = TrainingRows(value[:, None], np.arange(1_000), codes, np.arange(1_000), purge=0)
    member = CountsRows()
    fit_maps({"m": member}, training, Preparation(outliers="iqr"), "isotonic")
    assert len(member.X_) == 799 and member.X_.max() == 1
    assert len(Preparation(outliers="iqr")(training)) == 1_000
