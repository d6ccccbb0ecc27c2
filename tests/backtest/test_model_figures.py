"""What a summary says of the model: on the rows of all symbols, and of several models."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bt_fusion import Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.model_figures import model_figures
from bt_fusion.backtest.out_of_sample import predict_each
from bt_fusion.data.samples import planted_edge

MODEL = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lr",)))
WALK = WalkForward(MODEL, 200, 100, cache=None)
FEEDS = {"A": planted_edge(500, seed=1, auc=0.8), "B": planted_edge(350, seed=2, auc=0.8)}


def assert_together(together, each, parts):
    """Check that figures of several symbols are those of all their rows."""
    assert together["rows"] == sum(one["rows"] for one in each)
    accuracy = sum(one["accuracy"] * one["rows"] for one in each) / together["rows"]
    assert together["accuracy"] == pytest.approx(accuracy)
    truth = np.concatenate([part.labels.y for part in parts.values()])
    predicted = np.concatenate([part.predictions.probability_up for part in parts.values()])
    rows = np.isfinite(truth)
    assert together["auc"] == pytest.approx(roc_auc_score(truth[rows], predicted[rows]))


def test_figures_are_those_of_all_rows_together():
    parts = predict_each(WALK, FEEDS)
    together = model_figures(WALK, parts)
    each = [model_figures(WALK, {symbol: part}) for symbol, part in parts.items()]
    assert_together(together, each, parts)
    assert (together["rows"], together["refits"]) == (500 + 350 - 400 - 10, 5)
    assert (together["members"], together["features"]) == (["lr"], 2)


def test_models_of_their_own_may_differ_in_members_and_features():
    models = {
        "A": SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("rf", "lr"))),
        "B": SignalModel(["wick_balance", "body_share"], Direction(5), Ensemble(("lgb",))),
    }
    for seed, model in enumerate(models.values()):
        model.fit(planted_edge(300, seed=seed, auc=0.8)[:100])
    parts = predict_each(models, FEEDS)
    together = model_figures(models, parts)
    each = {symbol: model_figures(models, {symbol: part}) for symbol, part in parts.items()}
    assert_together(together, list(each.values()), parts)
    assert together["members"] == ["rf", "lr", "lgb"] and each["B"]["members"] == ["lgb"]
    assert (together["features"], each["A"]["features"], together["refits"]) == (3, 2, 0)
    shares = together["importances"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert shares["gap"] == pytest.approx(each["A"]["importances"]["gap"] / 2, abs=1e-6)
