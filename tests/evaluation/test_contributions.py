"""Contributions: what features gave to a probability, adding up where they say so."""

import sys

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.members.registry import SKLEARN_FOREST
from bt_fusion.evaluation.contributions import (
    contributions,
    member_margins,
    occlusion,
    shap_contributions,
    split_probability,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4)).astype(np.float32)
TWO = (X[:, 0] + 0.3 * RNG.normal(size=600) > 0).astype(int)
THREE = (X[:, 0] > 0.5).astype(int) - (X[:, 0] < -0.5)
ROW = 7


def fitted(members, y=TWO, **options):
    return Ensemble(members, **options).fit(X, y, classes=sorted(set(y.tolist())))


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two classes", "three classes"])
def test_shap_values_add_up_to_the_probability_of_each_class(y):
    pytest.importorskip("shap")
    ensemble = fitted(["rf", "xgb", "lgb", "lr"], y, weights=(1, 2, 3, 4))
    predicted = ensemble.predict_proba(X[ROW : ROW + 1])[0]
    found = [shap_contributions(ensemble, X[ROW], k) for k in range(len(predicted))]
    for k, one in enumerate(found):
        assert one.base + one.values.sum() == pytest.approx(
            predicted[k], abs=1e-5
        )  # xgb is float32
        assert np.argmax(np.abs(one.values)) == 0
    assert sum(one.base for one in found) == pytest.approx(1, abs=1e-6)
    assert found[0].members == ("rf", "xgb", "lgb", "lr") and found[0].left_out == ()


def test_a_logistic_regression_by_hand():
    """Standardised rows: the coefficients times the row are the log-odds' parts."""
    ensemble = fitted(["lr"])
    scaler, line = (step for _, step in ensemble.members_["lr"].steps)
    parts = line.coef_[0] * scaler.transform(X[ROW : ROW + 1])[0]
    b = line.intercept_[0]
    start, end = 1 / (1 + np.exp(-b)), 1 / (1 + np.exp(-b - parts.sum()))
    found = shap_contributions(ensemble, X[ROW], 1)
    assert found.base == pytest.approx(start, abs=1e-12)
    # of one margin the path's mean slope is the chord's
    np.testing.assert_allclose(found.values, parts * (end - start) / parts.sum(), atol=1e-12)


def test_a_majority_counts_every_member_alike():
    pytest.importorskip("shap")
    ensemble = fitted(["rf", "lgb"], voting="majority", weights=(1, 9))
    found = shap_contributions(ensemble, X[ROW], 1)
    mean = ensemble.member_proba(X[ROW : ROW + 1])[0, :, 1].mean()
    assert found.base + found.values.sum() == pytest.approx(mean, abs=1e-6)  # rf is float32


def test_members_that_cannot_be_split_are_named_and_left_out():
    pytest.importorskip("shap")
    own = {"plain": LogisticRegression(), "lgb": fitted(["lgb"]).make_members()["lgb"]}
    found = shap_contributions(fitted(own), X[ROW], 1)
    assert (found.members, found.left_out) == (("lgb",), ("plain",))  # its rows have no average


def test_members_inside_others_are_found():
    pytest.importorskip("shap")
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0))
    best = BestMember(("lr", "rf"), folds=2)
    ensemble = fitted({"forest": forest, "best": best})
    found = shap_contributions(ensemble, X[ROW], 1)
    predicted = ensemble.predict_proba(X[ROW : ROW + 1])[0, 1]
    assert found.left_out == ()
    assert found.base + found.values.sum() == pytest.approx(predicted, abs=1e-6)


def test_a_class_the_rows_did_not_have_gets_nothing():
    ensemble = Ensemble(["lr"]).fit(X, TWO, classes=(-1, 0, 1))  # no -1 among the rows
    found = shap_contributions(ensemble, X[ROW], 0)
    assert found.base == 0 and (found.values == 0).all()
    assert shap_contributions(ensemble, X[ROW], 2).base > 0


def test_probabilities_are_taken_as_they_are():
    start, given = split_probability(
        np.array([0.4, 0.6]), np.array([[-0.1, 0.1]]), "probability", [1]
    )
    assert start == 0.6 and given.tolist() == [0.1]


def test_three_margins_by_hand():
    """From (0, 0, 0), a third each, to (0, 0, log 2): 1/4, 1/4, 1/2."""
    values = np.array([[0.0, 0.0, np.log(2)], [0.0, 0.0, 0.0]])
    for k, end in enumerate((1 / 4, 1 / 4, 1 / 2)):
        start, given = split_probability(np.zeros(3), values, "margin", [k])
        assert start == pytest.approx(1 / 3)
        np.testing.assert_allclose(given, [end - 1 / 3, 0], atol=1e-12)


def test_three_shares_by_hand():
    """From (1, 1, 2) of 4 to (2, 1, 2) of 5: the class that gains, and what the others lose."""
    base, values = np.array([0.25, 0.25, 0.5]), np.array([[0.25, 0.0, 0.0], [0.0, 0.0, 0.0]])
    for k, (start, end) in enumerate(((0.25, 0.4), (0.25, 0.2), (0.5, 0.4))):
        found, given = split_probability(base, values, "share", [k])
        assert found == pytest.approx(start)
        np.testing.assert_allclose(given, [end - start, 0], atol=1e-12)


def test_occlusion_is_what_one_feature_takes_along():
    ensemble = fitted(["lr"])
    typical = np.median(X, axis=0)
    found = occlusion(ensemble, X, ROW, 1, typical)
    without = X[ROW : ROW + 1].copy()
    without[0, 2] = typical[2]
    both = np.concatenate([X[ROW : ROW + 1], without])
    predicted, changed = ensemble.predict_proba(both)[:, 1]
    assert found.values[2] == pytest.approx(predicted - changed, abs=1e-12)
    assert np.isnan(found.base) and found.method == "occlusion" and found.members == ("lr",)
    assert occlusion(ensemble, X, ROW, 1, X[ROW]).values.tolist() == [0, 0, 0, 0]


def test_without_shap_or_a_member_for_it_there_is_occlusion(monkeypatch):
    typical = np.median(X, axis=0)
    plain = fitted({"plain": LogisticRegression()})
    assert contributions(plain, X, ROW, 1, typical).method == "occlusion"
    monkeypatch.setattr("bt_fusion.evaluation.contributions.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "shap", None)
    assert contributions(fitted(["lgb"]), X, ROW, 1, typical).method == "occlusion"


@pytest.mark.parametrize("member", ["rf", SKLEARN_FOREST.make(0)], ids=["rf", "scikit-learn"])
def test_values_of_forests_are_probabilities(member):
    pytest.importorskip("shap")
    forest = fitted({"forest": member}).members_["forest"]
    base, values, kind = member_margins(forest, X[ROW : ROW + 1])
    assert kind == "probability" and base.shape == (2,) and values.shape == (4, 2)
    assert base.sum() == pytest.approx(1) and values.sum(axis=1) == pytest.approx(0)
    end = forest.predict_proba(X[ROW : ROW + 1])[0]
    assert base + values.sum(axis=0) == pytest.approx(end, abs=1e-6)
