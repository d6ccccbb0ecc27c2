import numpy as np
import pytest

from bt_fusion.ensemble import Ensemble
from bt_fusion.errors import TrainingError
from bt_fusion.weights import average_uniqueness


def training_set(count=500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 3)).astype(np.float32)
    return X, (X[:, 0] + rng.normal(size=count) > 0.5).astype(int)


def test_positions_among_bars_are_the_rows_themselves():
    X, y = training_set()
    X[:50], X[77] = np.nan, np.nan  # warm-up, and a hole
    rows = np.flatnonzero(np.isfinite(X[:, 0]))[:400]
    cut_out = Ensemble(["lgb", "lr"]).fit(X[rows], y[rows])
    among = Ensemble(["lgb", "lr"]).fit(X, y[rows], rows=rows, purge=5)
    expected = cut_out.member_proba(X[460:])
    assert among.member_proba(X, np.arange(460, 500)).tobytes() == expected.tobytes()


def test_options_weigh_the_rows_like_weights_given():
    X, y = training_set()
    t1 = np.arange(500) + np.random.default_rng(1).integers(1, 9, 500)
    weight = average_uniqueness(np.arange(500), t1)
    given = Ensemble(["lgb"]).fit(X, y, sample_weight=weight / weight.mean())
    option = Ensemble(["lgb"], sample_weights="uniqueness").fit(X, y, t1=t1)
    plain = Ensemble(["lgb"]).fit(X, y)
    assert option.member_proba(X).tobytes() == given.member_proba(X).tobytes()
    assert option.member_proba(X).tobytes() != plain.member_proba(X).tobytes()


def test_balanced_classes_and_smote_raise_the_rarer_class():
    X, y = training_set(1_000)
    plain, balanced, smote = (
        Ensemble(["lr"], **options).fit(X, y).predict_proba(X)[:, 1].mean()
        for options in ({}, {"class_weight": "balanced"}, {"resample": "smote"})
    )
    assert plain == pytest.approx(y.mean(), abs=0.01)
    assert balanced == pytest.approx(0.5, abs=0.03) and smote == pytest.approx(0.5, abs=0.03)


def test_without_calibration_there_are_no_maps():
    X, y = training_set()
    assert Ensemble(["lr"]).fit(X, y).calibrators_ == {}
    assert set(Ensemble(["lr", "lgb"], calibration="sigmoid").fit(X, y).calibrators_) == {
        "lr",
        "lgb",
    }


def test_a_class_these_rows_lack_has_probability_zero_with_a_map_too():
    X, y = training_set()
    fitted = Ensemble(["lr"], calibration="isotonic").fit(X, y, classes=(-1, 0, 1))
    votes = fitted.member_proba(X)[:, 0]
    assert (votes[:, 0] == 0).all() and votes.sum(axis=1) == pytest.approx(1)


def test_rows_too_few_for_the_purge_are_said():
    X, y = training_set(30)
    with pytest.raises(TrainingError, match="30 training rows cannot be split in time with 25"):
        Ensemble(["lr"], calibration="sigmoid").fit(X, y, purge=25)


def test_a_single_class_is_said():
    X, _ = training_set(30)
    with pytest.raises(TrainingError, match="single class 1"):
        Ensemble(["lr"]).fit(X, np.ones(30))
