"""Candidates judged by the bars after the training, as one judges a model of each alone."""

import pytest

from bt_fusion import Direction, Ensemble, InSampleError, SignalModel, TripleBarrier, evaluate
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.best_member import FIGURES, BestMember
from bt_fusion.evaluation.candidates import score_candidates

FEATURES = ["wick_balance", "return_1"]
BARS = planted_edge(900, seed=1, auc=0.8)
CUT = 600


def with_members(members, label=None):
    options = {"class_weight": "balanced", "outliers": "iqr"}
    return SignalModel(FEATURES, label or Direction(3), Ensemble(members, **options)).fit(
        BARS[:CUT]
    )


def test_each_has_the_figures_of_a_model_of_it_alone():
    model = with_members({"best": BestMember(("lr", "lgb"), folds=3)})
    score_candidates(model, BARS)
    best = model.ensemble_.members_["best"]
    assert best.test_rows_ == 900 - CUT - 3
    for name in ("lr", "lgb"):
        alone = evaluate(with_members([name]), BARS)
        assert alone.rows == best.test_rows_
        assert best.test_scores_[name] == pytest.approx(
            {figure: alone.figures[figure] for figure in FIGURES}
        )


def test_three_classes():
    model = with_members({"best": BestMember(("lr",), folds=3)}, TripleBarrier(horizon=6))
    score_candidates(model, BARS)
    expected = evaluate(model, BARS)
    found = model.ensemble_.members_["best"].test_scores_["lr"]
    assert found["accuracy"] == pytest.approx(expected.figures["accuracy"])
    assert found["f1"] == pytest.approx(expected.report["macro avg"]["f1"])


def test_a_model_without_candidates_needs_no_bars():
    assert score_candidates(with_members(["lr"]), BARS[:CUT]) is None


def test_bars_the_model_knows_judge_nothing():
    model = with_members({"best": BestMember(("lr",), folds=3)})
    with pytest.raises(InSampleError, match="no labelled bar after"):
        score_candidates(model, BARS[:CUT])
    assert model.ensemble_.members_["best"].test_scores_ == {}
