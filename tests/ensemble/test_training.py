import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.training import Preparation, TrainingRows, fit_member, time_split
from bt_fusion.errors import OptionError, TrainingError


def rows_of(n_bars=60, rare=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_bars, 2)).astype(np.float32)
    at = np.arange(5, n_bars)
    codes = np.zeros(len(at), int)
    codes[:rare] = 1
    return TrainingRows(X, at, rng.permutation(codes), at + 3, purge=3)


@given(st.integers(2, 300), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_early_labels_are_known_before_the_first_late_row(n_rows, purge, seed):
    steps = np.random.default_rng(seed).integers(1, 4, n_rows)
    at = np.cumsum(steps)
    try:
        early, late = time_split(n_rows, purge)
    except TrainingError:
        assert n_rows - max(1, round(n_rows * 0.2)) <= purge
        return
    assert at[early].max() + purge < at[late].min()
    assert len(at[late]) == max(1, round(n_rows * 0.2))


def test_balanced_classes_count_the_same():
    training = rows_of()
    weight = Preparation(class_weight="balanced")(training).weight
    assert [weight[training.codes == k].sum() for k in range(2)] == pytest.approx([27.5, 27.5])


def test_weights_multiply():
    training = rows_of()
    both = Preparation(class_weight="balanced", sample_weights="uniqueness")(training)
    balanced = Preparation(class_weight="balanced")(training).weight
    one = Preparation(sample_weights="uniqueness")(training)
    assert both.weight == pytest.approx(one.weight * balanced)


def test_by_default_rows_pass_unweighted():
    prepared = Preparation()(rows_of())
    assert prepared.weight is None and prepared.synthetic is None


def test_outliers_leave_with_their_positions():
    training = rows_of()
    training.X[20] = 1_000
    prepared = Preparation(outliers="iqr")(training)
    assert 20 not in prepared.rows and len(prepared) == len(training) - 1
    assert len(prepared.codes) == len(prepared.t1) == len(prepared)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": "balance"}, "did you mean 'balanced'"),
        ({"sample_weights": "age"}, "unknown sample_weights 'age'"),
        ({"resample": "adasyn"}, "unknown resample"),
        ({"outliers": "zscore"}, "unknown outliers"),
        ({"resample": "smote", "sample_weights": "decay"}, "goes with neither"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        Preparation(**options)
    with pytest.raises(OptionError, match=message):
        Ensemble(["lr"], **options).make_members()


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it is fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, y, sample_weight
        return self


class TimeRecorder(Recorder):
    in_time_order = True

    def fit(self, X, y, sample_weight=None, purge=None):
        self.purge_ = purge
        return super().fit(X, y, sample_weight)


class ContextRecorder(Recorder):
    in_time_order = True
    needs_context = True

    def fit(self, X, y, sample_weight=None, purge=None, rows=None):
        self.rows_ = rows
        return super().fit(X, y, sample_weight)


def test_synthetic_rows_reach_only_members_that_take_any_row():
    training = rows_of()
    prepared = Preparation(resample="smote")(training)
    plain, timed, context = (
        fit_member(kind(), prepared) for kind in (Recorder, TimeRecorder, ContextRecorder)
    )
    assert np.bincount(plain.y_).tolist() == [43, 43] and plain.weight_ is None
    assert plain.X_[:55].tobytes() == training.matrix.tobytes()
    assert len(timed.y_) == 55 and timed.purge_ == 3
    assert timed.weight_ == pytest.approx(np.where(training.codes, 55 / 24, 55 / 86))
    assert context.X_ is training.X and context.rows_.tolist() == list(range(5, 60))
    assert len(context.y_) == 55


def test_weights_reach_the_last_step_of_a_pipeline():
    training = rows_of(rare=5)
    fitted = fit_member(
        make_pipeline(StandardScaler(), LogisticRegression()),
        Preparation(class_weight="balanced")(training),
    )
    bare = LogisticRegression(class_weight="balanced").fit(
        StandardScaler().fit_transform(training.matrix.astype(float)), training.codes
    )
    assert fitted[-1].coef_ == pytest.approx(bare.coef_, abs=1e-6)


def test_a_member_without_weights_is_named():
    with pytest.raises(OptionError, match="KNeighborsClassifier takes no sample weights"):
        fit_member(KNeighborsClassifier(), Preparation(class_weight="balanced")(rows_of()))


def test_a_class_lost_with_the_outliers_is_reported():
    training = rows_of(rare=1)
    training.X[training.rows[training.codes == 1]] = 1e6
    with pytest.raises(TrainingError, match="without outliers hold a single class"):
        Preparation(outliers="iqr")(training)


class Reversed(ClassifierMixin, BaseEstimator):
    """A logistic regression whose classes stand in the other order."""

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_[::-1]
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, ::-1]


@pytest.mark.parametrize("steps", [(), (StandardScaler(),)])
def test_columns_follow_the_classes_of_a_member(steps):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.tile([0, 1], 30)
    plain, turned = (
        Ensemble({"m": make_pipeline(*steps, each) if steps else each}).fit(X, y).predict_proba(X)
        for each in (LogisticRegression(), Reversed())
    )
    assert np.array_equal(plain, turned)


def test_as_many_rows_as_are_left_out_leave_nothing_to_learn_from():
    assert time_split(10, purge=7) == (slice(0, 1), slice(8, 10))
    with pytest.raises(TrainingError, match="10 training rows cannot be split"):
        time_split(10, purge=8)
