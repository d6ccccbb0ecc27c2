"""LightGBM regressors as parts: what comes back, and what is refused."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.registry import REGRESSOR, build_part, dump_part, kind_of
from bt_fusion.errors import BundleError, ModelCompatibilityError, OptionError

COLUMNS = ("one", "two")
EXPECTED = Expected("stops: regressor stop", COLUMNS, n_classes=1)
X = np.random.default_rng(0).normal(size=(400, 2))
Y = X[:, 0] + 0.1 * X[:, 1] ** 2


def fitted(made=LGBMRegressor, y=Y, **options):
    return made(n_estimators=5, verbose=-1, n_jobs=1, **options).fit(X, y)


def loaded(data, expected=EXPECTED):
    inspected = build_part(REGRESSOR, REGRESSOR.inspect, data, expected)
    return build_part(REGRESSOR, REGRESSOR.build, inspected, expected)


@pytest.mark.parametrize("options", [{}, {"objective": "quantile", "alpha": 0.75}])
def test_it_predicts_the_same(options):
    model = fitted(**options)
    kind, data = dump_part(model, "stop", COLUMNS, [REGRESSOR])
    again = loaded(data)
    assert kind is REGRESSOR and b"feature_names=one two" in data
    rows = np.vstack([X, [[np.nan, 0.0]]])
    np.testing.assert_array_equal(
        again.booster_.predict(rows, num_threads=1), model.booster_.predict(rows, num_threads=1)
    )
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert dump_part(again, "stop", COLUMNS, [REGRESSOR])[1] == data


def test_one_leaf_is_a_tree_too():
    model = fitted(min_child_samples=1_000)
    again = loaded(dump_part(model, "stop", COLUMNS, [REGRESSOR])[1])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_other_objectives_and_estimators_are_refused():
    with pytest.raises(OptionError, match="a mean or a quantile"):
        dump_part(fitted(objective="poisson", y=np.abs(Y)), "stop", COLUMNS, [REGRESSOR])
    with pytest.raises(OptionError, match="LGBMRegressor cannot be saved"):
        kind_of(fitted(), "member lgb")  # no member
    with pytest.raises(OptionError, match="LGBMClassifier cannot be saved"):
        kind_of(fitted(LGBMClassifier, Y > 0), "stop", [REGRESSOR])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("objective=regression", "objective=binary sigmoid:1", "objective is 'binary sigmoid:1'"),
        ("num_class=1", "num_class=3", "num_class is '3', not '1'"),
        ("\n\nend of trees\n", "\n", "cut short"),
        ("split_feature=0", "split_feature=7", "splits on feature 7 of 2"),
        ("shrinkage=", "shrinkage=x", "plain numbers"),
    ],
)
def test_an_edited_text_is_refused(old, new, message):
    text = dump_part(fitted(), "stop", COLUMNS, [REGRESSOR])[1].decode()
    assert old in text
    with pytest.raises(BundleError, match=message):
        loaded(text.replace(old, new, 1).encode())


def test_other_columns_are_refused():
    data = dump_part(fitted(), "stop", COLUMNS, [REGRESSOR])[1]
    with pytest.raises(ModelCompatibilityError, match="missing: three; extra: two"):
        loaded(data, Expected("stop", ("one", "three"), n_classes=1))
