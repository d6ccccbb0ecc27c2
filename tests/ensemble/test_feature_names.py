"""Features by name: how lists differ, and tables whose columns stand in any order."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.feature_names import feature_difference
from bt_fusion.errors import ModelCompatibilityError, OptionError

NAMES = ["gap", "return_1", "rsi_14"]


@pytest.fixture(scope="module")
def table():
    X = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    return pd.DataFrame(X, columns=NAMES)


@pytest.fixture(scope="module")
def fitted(table):
    return Ensemble(["rf", "lr"]).fit(table, table["gap"] > 0)


def test_feature_difference_by_hand():
    assert feature_difference(("a", "b"), ("a", "b")) == ""
    assert feature_difference(("a", "b"), ("b",)) == (
        "missing: a; reordered: 'b' stands at 1, not 2"
    )
    assert feature_difference(("a", "b"), ("b", "a"), in_order=False) == ""
    many = tuple("abcdefgh")
    assert feature_difference(many, ()) == "missing: a, b, c, d, e, f and 2 more"


def test_a_table_and_its_array_are_one(fitted, table):
    array = Ensemble(["rf", "lr"]).fit(table.to_numpy(), table["gap"] > 0)
    assert fitted.feature_names_in_.tolist() == NAMES and fitted.n_features_in_ == 3
    np.testing.assert_array_equal(
        fitted.predict_proba(table), array.predict_proba(table.to_numpy())
    )
    np.testing.assert_array_equal(fitted.predict(table), array.predict(table.to_numpy()))
    np.testing.assert_array_equal(fitted.member_proba(table), array.member_proba(table.to_numpy()))


def test_columns_are_taken_by_name_in_any_order(fitted, table):
    expected = fitted.predict_proba(table)
    assert expected[:, 1].std() > 0.01
    np.testing.assert_array_equal(fitted.predict_proba(table[NAMES[::-1]]), expected)
    np.testing.assert_array_equal(fitted.predict_proba(table.astype(np.float64)), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="gap"), r"columns \(2\) .* features \(3\): missing: gap\. "),
        (lambda t: t.assign(close=1.0), "extra: close"),
        (lambda t: t.rename(columns={"gap": "gab"}), "missing: gap; extra: gab"),
        (lambda t: t[[*NAMES, "gap"]], "twice: gap"),
        (lambda t: t.set_axis([0, 1, 2], axis=1), "extra: 0, 1, 2"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "member_proba"])
def test_other_columns_are_named(change, message, method, fitted, table):
    with pytest.raises(ModelCompatibilityError, match=message):
        getattr(fitted, method)(change(table))


def test_an_ensemble_of_arrays_knows_no_columns(table):
    array = Ensemble(["lr"]).fit(table, table["gap"] > 0)
    array.fit(table.to_numpy(), table["gap"] > 0)
    assert not hasattr(array, "feature_names_in_")
    with pytest.raises(OptionError, match="fitted on an array"):
        array.predict(table)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_values_that_are_not_finite_are_refused(value, fitted, table):
    broken = table.astype(np.float64)
    broken.loc[[7, 9], "gap"] = value
    with pytest.raises(OptionError, match=r"2 of 400 rows .* first is row 7; .*dropna"):
        fitted.predict_proba(broken)
    with pytest.raises(OptionError, match="2 of 400 rows"):
        fitted.predict(broken.replace(1e39, np.inf).to_numpy())


@pytest.mark.parametrize("X", [np.zeros((5, 2)), np.zeros((5, 4)), np.zeros(3)])
def test_an_array_of_another_width_is_refused(X, fitted):
    with pytest.raises(ModelCompatibilityError, match=r"is not rows of the 3 features"):
        fitted.predict_proba(X)


def test_text_is_refused(fitted, table):
    with pytest.raises(OptionError, match="a column of the features holds no numbers"):
        fitted.predict(table.astype({"gap": object}).assign(gap="up"))


def test_an_unfitted_ensemble_says_so(table):
    with pytest.raises(NotFittedError):
        Ensemble().predict_proba(table)
