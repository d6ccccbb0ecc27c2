import numpy as np
import pytest

from bt_fusion.ensemble.resampling import inside_quartiles, smote
from bt_fusion.errors import TrainingError


def test_rows_beyond_the_fences_are_outside():
    X = np.c_[np.arange(21.0), np.zeros(21)]  # quartiles 5 and 15: fences at -25 and 45
    X[20, 0] = 45.0
    assert inside_quartiles(X).all()
    X[20, 0] = 45.1
    assert inside_quartiles(X).tolist() == [True] * 20 + [False]
    assert inside_quartiles(X, width=3.1).all()


def test_a_column_with_many_outside_has_no_outliers():
    X = np.r_[np.linspace(-1, 1, 80), np.full(10, 100.0), np.full(10, -100.0)][:, None]
    assert inside_quartiles(X).all()
    assert not inside_quartiles(X[:88]).all()


def test_a_flag_that_is_mostly_zero_has_no_outliers():
    X = np.zeros((10, 1))
    X[3] = 1
    assert inside_quartiles(X).all()


def test_smote_evens_out_the_classes_between_neighbours():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32) * [1, 1_000, 0.001]
    codes = np.r_[np.zeros(48, int), np.ones(12, int)]
    made, made_codes = smote(X.astype(np.float32), codes, seed=1)
    assert made.shape == (36, 3) and made.dtype == np.float32
    assert (made_codes == 1).all()
    rare = X[codes == 1]
    assert (made >= rare.min(axis=0) - 1e-3).all() and (made <= rare.max(axis=0) + 1e-3).all()
    again, _ = smote(X.astype(np.float32), codes, seed=1)
    assert made.tobytes() == again.tobytes()


def test_too_few_rows_of_a_class_are_refused():
    with pytest.raises(TrainingError, match="rarest class has 2 training rows"):
        smote(np.zeros((20, 1), np.float32), np.r_[np.zeros(18, int), [1, 1]], seed=0)
