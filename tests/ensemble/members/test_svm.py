import numpy as np
import pytest
from sklearn.svm import SVC

from bt_fusion.ensemble.calibration import ProbabilityMap
from bt_fusion.ensemble.members.svm import RbfSVM, scaled_distances
from bt_fusion.ensemble.training import time_split
from bt_fusion.errors import TrainingError


def ring(rows=600, seed=0, units=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    return X * units, (X**2).sum(axis=1) + rng.normal(0, 0.3, rows) > 1.4


@pytest.mark.parametrize(("exact_rows", "exact"), [(600, True), (599, False)])
def test_the_number_of_rows_chooses_and_both_bend_around_a_ring(exact_rows, exact):
    X, y = ring()
    fitted = RbfSVM(exact_rows=exact_rows, C=1.0).fit(X, y, purge=5)
    out_of_sample, actual = ring(seed=1)
    proba = fitted.predict_proba(out_of_sample)
    assert fitted.exact_ is exact
    assert proba.sum(axis=1) == pytest.approx(1)
    assert ((proba[:, 1] - actual) ** 2).mean() < 0.12
    assert (fitted.predict(out_of_sample) == actual).mean() > 0.85


def test_the_exact_one_is_scikit_learns():
    X, y = ring()
    fitted = RbfSVM(C=1.0).fit(X, y)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    bare = SVC(C=1.0, gamma=0.5).fit(scaled, y)
    assert fitted.model_.decision_function(X) == pytest.approx(bare.decision_function(scaled))


@pytest.mark.parametrize("exact_rows", [0, 1_000])
def test_units_do_not_matter_and_the_same_rows_give_the_same_numbers(exact_rows):
    fits = [RbfSVM(exact_rows).fit(*ring(units=units)) for units in (1, 1, 1024.0)]
    first, again, scaled = (
        fit.predict_proba(ring(50, 2, units)[0])
        for fit, units in zip(fits, (1, 1, 1024.0), strict=True)
    )
    assert first.tobytes() == again.tobytes()
    assert scaled == pytest.approx(first, abs=1e-6)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("exact_rows", [0, 1_000])
def test_three_classes(exact_rows):
    X, y = ring()
    y = y * (1 + (X[:, 0] > 0))
    fitted = RbfSVM(exact_rows, C=1.0).fit(X, y)
    assert fitted.predict_proba(X).shape == (600, 3)
    assert (fitted.predict(X) == y).mean() > 0.8


@pytest.mark.slow
def test_weights_move_the_probabilities():
    X, y = ring()
    plain, weighted = RbfSVM(0).fit(X, y), RbfSVM(0).fit(X, y, np.where(y, 5.0, 1.0))
    assert weighted.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() + 0.1


def test_a_single_class_at_the_start_is_reported():
    X, _ = ring(100)
    with pytest.raises(TrainingError, match="single class"):
        RbfSVM().fit(X, np.arange(100) > 90)


def test_the_map_is_learnt_from_a_machine_that_has_not_seen_its_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)
    svm = RbfSVM().fit(X, y, purge=5)
    early, late = time_split(200, purge=5)
    machine = svm._fit_pipeline(X[early], y[early], None)
    by_hand = ProbabilityMap().fit(scaled_distances(machine, X[late]), y[late])
    np.testing.assert_allclose(svm.map_.maps_[0].coef_, by_hand.maps_[0].coef_)
    seen = ProbabilityMap().fit(scaled_distances(svm.model_, X[late]), y[late])
    assert not np.allclose(svm.map_.maps_[0].coef_, seen.maps_[0].coef_)
