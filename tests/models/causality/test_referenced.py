"""What code of a user's brings along."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bt_fusion import OptionError
from bt_fusion.models.causality.referenced import check_fitted_before, is_fitted, referenced

X = np.arange(20.0).reshape(10, 2)
SCALER = StandardScaler().fit(X)
TABLE = {"a": [X]}
FIRST = np.datetime64("2024-01-01", "ns")


def scaled(bars):
    return SCALER.transform(bars)


def plain(bars):
    return bars * 2


def looked_up(bars):
    return TABLE["a"][0] + bars


def test_globals_are_found_through_containers():
    assert any(each is X for _, each in referenced(looked_up))
    assert list(referenced(plain)) == []


def test_closures_and_classes_are_looked_into():
    def inside(bars):
        return held.transform(bars)

    class Mine:
        def fit(self, X):
            return scaled(X)

    held = StandardScaler().fit(X)
    assert any(each is held for _, each in referenced(inside))
    assert any(each is SCALER for _, each in referenced(Mine))


def test_what_is_fitted_is_told_from_what_is_not():
    model = LogisticRegression().fit(X, np.arange(10) % 2)
    assert is_fitted(model) and is_fitted(FrozenEstimator(model))
    assert (
        not is_fitted(LogisticRegression()) and not is_fitted(X) and not is_fitted(StandardScaler)
    )


def test_a_fitted_part_is_named_unless_it_says_it_is_older():
    with pytest.raises(OptionError, match=r"feature x uses SCALER, a StandardScaler that is"):
        check_fitted_before("feature x", scaled, FIRST)
    SCALER.trained_until = "2023-12-31"
    try:
        check_fitted_before("feature x", scaled, FIRST)
        with pytest.raises(
            OptionError, match=r"bars until 2023-12-31 00:00:00; these bars begin at"
        ):
            check_fitted_before("feature x", scaled, FIRST - np.timedelta64(30, "D"))
    finally:
        del SCALER.trained_until
