import numpy as np
import pytest

from bt_fusion.errors import TrainingError
from bt_fusion.resampling import inside_quartiles, smote


def test_rows_beyond_the_fences_are_outside():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [9.0, 0.0], [9.1, 0.0]])
    # quartiles of the first column 1.25 and 7.5: fences 1.25 - 0.25 * 6.25 and 7.5 + 0.25 * 6.25
    kept = inside_quartiles(X, width=0.25)
    assert kept.tolist() == [True, True, True, True, True, False]


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
