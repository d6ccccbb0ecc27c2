import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from bt_fusion.ensemble.calibration import ProbabilityMap
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.training import member_proba
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


def said_and_came(n_classes, rows=600, seed=0):
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.ones(n_classes), rows)
    came = np.array([rng.choice(n_classes, p=row**0.5 / (row**0.5).sum()) for row in said])
    return said, came


@pytest.mark.parametrize("n_classes", [2, 3])
def test_isotonic_equals_scikit_learns_around_a_frozen_estimator(n_classes):
    said, came = said_and_came(n_classes)
    theirs = CalibratedClassifierCV(FrozenEstimator(SaysWhatItHears(n_classes)), method="isotonic")
    expected = theirs.fit(said, came).predict_proba(said)
    found = ProbabilityMap("isotonic").fit(said, came).transform(said)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_probabilities_add_up_and_say_what_comes(method, n_classes):
    fitted = ProbabilityMap(method).fit(*said_and_came(n_classes, 3_000))
    said, came = said_and_came(n_classes, 3_000, seed=1)
    mapped = fitted.transform(said)
    assert mapped.sum(axis=1) == pytest.approx(1)
    truth = np.eye(n_classes)[came]
    assert ((mapped - truth) ** 2).mean() < ((said - truth) ** 2).mean()


def test_sigmoid_leaves_good_probabilities_as_they_are():
    rng = np.random.default_rng(0)
    up = rng.uniform(0.02, 0.98, 20_000)
    came = (rng.uniform(size=len(up)) < up).astype(int)
    said = np.column_stack([1 - up, up])
    assert np.abs(ProbabilityMap().fit(said, came).transform(said) - said).max() < 0.02


def test_a_missing_class_and_an_unknown_method_are_named():
    said = np.full((4, 2), 0.5)
    with pytest.raises(TrainingError, match="class number 1 is missing among the 4 rows"):
        ProbabilityMap().fit(said, np.zeros(4, int))
    with pytest.raises(OptionError, match="did you mean 'isotonic'"):
        Ensemble(["lr"], calibration="isotonc").make_members()


def test_reliability_of_hand_worked_rows():
    table = reliability_table(np.array([0, 1, 1, 1]), np.array([0.05, 0.15, 0.19, 1.0]))
    assert table.index.tolist() == [0.0, 0.1, 0.9]
    assert table["mean_predicted"].tolist() == pytest.approx([0.05, 0.17, 1.0])
    assert table["observed"].tolist() == [0, 1, 1]
    assert table["count"].tolist() == [1, 2, 1]


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
    assert fitted.member_proba(X, calibrated=False)[:, 0] == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_the_shift_of_smote(method):
    X, y = training_set(3_000)
    fitted = Ensemble(["lr", "lgb"], resample="smote", calibration=method).fit(X, y)
    out_of_sample, actual = training_set(3_000, seed=9)

    def error(calibrated, number):
        predicted = fitted.member_proba(out_of_sample, calibrated=calibrated)[:, number, 1]
        table = reliability_table(actual == 1, predicted, bins=5)
        return ((table["mean_predicted"] - table["observed"]).abs() * table["count"]).sum()

    for number in range(2):
        assert error(True, number) < 0.5 * error(False, number)


def test_a_class_missing_before_the_last_fifth_is_said():
    X, y = training_set(200)
    y = np.where(np.arange(200) < 180, np.minimum(y, 1), 2)
    with pytest.raises(TrainingError, match="class is missing among the 160 rows before"):
        Ensemble(["lr"], calibration="sigmoid").fit(X, y)
