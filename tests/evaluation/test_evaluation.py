"""Evaluation: every figure by hand on a few rows, and of a fitted model on unseen ones."""

import json
import sys

import numpy as np
import pytest

from bt_fusion import Ensemble, OptionError, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.errors import InSampleError
from bt_fusion.evaluation import evaluate
from bt_fusion.evaluation.classification import (
    FIGURES,
    class_report,
    confusion,
    figures_of,
    log_loss_of,
)
from bt_fusion.evaluation.cross_validation import cross_validate, mean_and_spread
from bt_fusion.evaluation.permutation import permutation_importances, shap_importances, some_rows
from bt_fusion.models.fused_signals import fused_signals, signal_counts
from bt_fusion.models.splits import LabelledRows, purged_folds, time_series_folds

BARS = planted_edge(900, seed=1, auc=0.8)
CUT = 600


@pytest.fixture(scope="module")
def model():
    names = ["wick_balance", "return_1", "rsi_14"]
    return SignalModel(names, ensemble=Ensemble(["lgb", "lr"])).fit(BARS[:CUT])


@pytest.fixture(scope="module")
def evaluation(model):
    return evaluate(model, BARS, importance=True, cross_validation=True, seed=3)


def test_figures_by_hand():
    proba = np.array([[0.2, 0.8], [0.4, 0.6], [0.7, 0.3], [0.9, 0.1]])
    found = figures_of(np.array([1, 0, 1, 0]), proba, (0, 1))
    assert found["auc"] == 0.75  # of four pairs, 0.3 against 0.6 is the wrong one
    assert found["brier"] == pytest.approx(np.mean([0.04, 0.36, 0.49, 0.01]))
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.8, 0.4, 0.3, 0.9])))
    half = (found["accuracy"], found["precision"], found["recall"], found["f1"])
    assert half == (0.5, 0.5, 0.5, 0.5)
    assert figures_of(np.array([]), proba[:0], (0, 1)) == dict.fromkeys(FIGURES)


def test_probabilities_off_by_float32_are_no_reason_to_warn(recwarn):
    proba = np.array([[0.2, 0.3, 0.5]]) * (1 + 1e-6)
    assert log_loss_of(np.array([1]), proba, (-1, 0, 1)) == pytest.approx(np.log(2))
    assert not recwarn.list


def test_report_and_confusion_by_hand():
    truth, chosen = np.array([-1, -1, 1, 1, 1]), np.array([-1, 1, 1, 1, -1])
    assert confusion(truth, chosen, (-1, 0, 1)) == [[1, 0, 1], [0, 0, 0], [1, 0, 2]]
    report = class_report(truth, chosen, (-1, 0, 1), ("Short", "No trade", "Long"))
    assert report["Long"] == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "rows": 3}
    )
    assert report["No trade"] == {"precision": 0, "recall": 0, "f1": 0, "rows": 0}
    assert report["weighted avg"]["recall"] == pytest.approx(3 / 5)
    assert list(report) == ["Short", "No trade", "Long", "macro avg", "weighted avg"]


def counts_of(evaluation, name):
    return {
        (q["side"], q["regime"]): q["count"] for q in evaluation.quality if q["signals"] == name
    }


def test_sides_and_regimes_part_the_signals(evaluation):
    for name in ("all", "high"):
        counts = counts_of(evaluation, name)
        for side in ("long", "short"):
            parts = sum(counts[side, regime] for regime in ("ranging", "up", "down"))
            assert counts[side, "all"] == parts > 0
    found = {line["side"]: line for line in evaluation.quality[::8]}
    assert found["long"]["count"] + found["short"]["count"] == evaluation.rows  # no ties here
    hits = sum(line["count"] * line["hit_rate"] for line in found.values())
    assert hits / evaluation.rows == pytest.approx(evaluation.figures["accuracy"])
    high = [line for line in evaluation.by_confidence if line["confidence"] == 0.60]
    assert [line["count"] for line in high] == [
        counts_of(evaluation, "high")[side, "all"] for side in ("long", "short")
    ]


def test_labels_grade_and_fused_signals_are_of_the_same_rows(model, evaluation):
    _, training, test = evaluation.labels.parts
    assert (training["rows"], test["rows"]) == (model.n_rows_, evaluation.rows)
    assert list(test["counts"].values()) == [sum(line) for line in evaluation.confusion]
    assert (
        evaluation.class_names == ("Down", "Up")
        and evaluation.grade.auc == evaluation.figures["auc"]
    )
    table = fused_signals(BARS, model.predict(BARS))[CUT:]
    assert evaluation.fused == {"bars": len(BARS) - CUT, "counts": signal_counts(table.signal)}
    assert evaluation.fused["counts"]["1"] > 0


@pytest.mark.parametrize("label", ["gain", "triple_barrier"])
def test_fused_signals_are_of_up_and_down_alone(label):
    other = SignalModel(["wick_balance"], label, Ensemble(["lr"])).fit(BARS[:CUT])
    assert evaluate(other, BARS).fused is None


def test_only_unseen_rows_are_judged(model, evaluation):
    out_of_sample = len(BARS) - CUT - 5  # the horizon of the last ones is not over
    assert evaluation.rows == out_of_sample == sum(map(sum, evaluation.confusion))
    assert sum(line["count"] for line in evaluation.calibration) == out_of_sample
    assert evaluation.start == BARS.index[CUT] > evaluation.trained_until == BARS.index[CUT - 1]
    with pytest.raises(InSampleError, match=r"no labelled bar after 2024.*give later bars"):
        evaluate(model, BARS[: CUT + 5])


def test_it_prints_grade_and_figures(evaluation):
    shown = repr(evaluation).splitlines()
    assert shown[0].startswith(f"Evaluation on {evaluation.rows:,} unseen rows, 2024")
    assert f"  grade          {evaluation.grade.letter} of the AUC of Up" in shown
    assert f"  auc            {evaluation.figures['auc']:.3f}" in shown and len(shown) < 12


def test_the_dictionary_is_json(evaluation):
    found = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    assert found["start"] == evaluation.start.isoformat() and found["classes"] == [0, 1]
    assert found["figures"] == evaluation.figures
    assert found["labels"]["classes"] == ["Down", "Up"] and found["grade"]["letter"] in "ABCDE"
    assert found["labels"]["features"] == {"patterns": 1, "price": 1, "momentum": 1}
    assert len(found["cross_validation"]["time_series"]["folds"]) == 10


def test_what_costs_time_is_left_out_unless_asked_for(model):
    plain = evaluate(model, BARS)
    assert plain.importances is None and plain.cross_validation is None


def test_the_feature_that_says_something_is_found(evaluation):
    lines = evaluation.importances
    assert lines[0]["feature"] == "wick_balance" and lines[0]["importance"] > 0.02
    assert all(abs(line["importance"]) < 0.01 for line in lines[1:])
    assert [line["importance"] for line in lines] == sorted(
        (line["importance"] for line in lines), reverse=True
    )


def test_shuffles_are_seeded(model):
    data = LabelledRows.of(model, BARS).since(model.trained_until_)
    one, same, other = (
        permutation_importances(model.ensemble_, data, max_rows=100, seed=seed)
        for seed in (0, 0, 1)
    )
    assert one == same != other and len(one) == 3


def test_shap_shares_of_tree_members(model):
    pytest.importorskip("shap")
    data = LabelledRows.of(model, BARS).since(model.trained_until_)
    shares = shap_importances(model.ensemble_, data)
    assert list(shares) == ["lgb"]  # a linear member has none
    assert sum(shares["lgb"]) == pytest.approx(1) and np.argmax(shares["lgb"]) == 0


def test_shap_shares_of_a_best_member_are_those_of_its_winner():
    pytest.importorskip("shap")
    made = SignalModel(
        ["wick_balance", "return_1"], ensemble=Ensemble({"best": BestMember(("rf",), folds=2)})
    )
    made.fit(BARS[:CUT])
    data = LabelledRows.of(made, BARS).since(made.trained_until_)
    shares = shap_importances(made.ensemble_, data)
    assert list(shares) == ["best"] and np.argmax(shares["best"]) == 0


def test_shap_that_is_missing_is_said(model, monkeypatch):
    monkeypatch.setattr("bt_fusion.evaluation.permutation.find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"pip install 'bt-fusion\[explain\]'"):
        shap_importances(model.ensemble_, LabelledRows.of(model, BARS))
    monkeypatch.setattr("bt_fusion.evaluation.evaluation.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "shap", None)
    assert "shap" not in evaluate(model, BARS, importance=True).importances[0]


def test_rows_for_importances_are_spread_or_the_last(model):
    data = LabelledRows.of(model, BARS)
    spread = some_rows(model.ensemble_, data, 10)
    assert len(spread) == 10 and spread[0] == data.rows[0] and spread[-1] == data.rows[-1]
    assert some_rows(model.ensemble_, data, 10_000) is data.rows


def test_folds_are_judged_apart(model, evaluation):
    data, calls = LabelledRows.of(model, BARS), []
    found = cross_validate(model.ensemble, data, purged_folds(data, 5), lambda: calls.append(1))
    assert found == evaluation.cross_validation["purged"] and len(calls) == 5
    assert sum(fold["rows"] for fold in found["folds"]) == len(data.rows)
    aucs = [fold["auc"] for fold in found["folds"]]
    assert found["mean"]["auc"] == pytest.approx(np.mean(aucs))
    assert found["spread"]["auc"] == pytest.approx(np.std(aucs, ddof=1))
    in_time = cross_validate(model.ensemble, data, time_series_folds(data, 10))
    assert in_time == evaluation.cross_validation["time_series"]


def test_figures_no_fold_has_are_undefined():
    found = mean_and_spread([dict.fromkeys(FIGURES), dict.fromkeys(FIGURES, 0.5)])
    assert found["mean"]["auc"] == 0.5 and found["spread"]["auc"] is None
    assert mean_and_spread([dict.fromkeys(FIGURES)])["mean"]["f1"] is None


def test_steps_are_told(model):
    calls = []
    evaluate(model, BARS, cross_validation=True, on_step=lambda *call: calls.append(call))
    assert calls == [(done, 15) for done in range(1, 16)]
