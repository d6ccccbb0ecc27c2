"""Evaluation: every figure by hand on a few rows, and of a fitted model on unseen ones."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Ensemble, OptionError, SignalModel
from bt_fusion.data.bars import BarArrays
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
from bt_fusion.evaluation.signal_quality import sides, signal_quality
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.splits import LabelledRows, purged_folds, time_series_folds
from bt_fusion.statistics.excursions import excursions, quality_by

BARS = planted_edge(900, seed=1, auc=0.8)
CUT = 600


@pytest.fixture(scope="module")
def model():
    names = ["wick_balance", "return_1", "rsi_14"]
    return SignalModel(names, ensemble=Ensemble(["lgb", "lr"])).fit(BARS[:CUT])


@pytest.fixture(scope="module")
def judged(model):
    return evaluate(model, BARS, importance=True, cross_validation=True, seed=3)


def predictions_of(proba, classes=(0, 1), two_sided=True):
    """Predictions of one member."""
    proba = np.array(proba, float)
    count = len(proba)
    index = pd.date_range("2024-01-01", periods=count, freq="h")
    stamps = np.full(count, np.datetime64("2023-01-01", "ns"))
    votes, weights = proba[:, None, :], np.ones(1)
    options = (("one",), weights, "soft", 0.633, np.zeros(count, int), stamps)
    return Predictions(index, classes, two_sided, votes, *options)


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
    report = class_report(truth, chosen, (-1, 0, 1))
    assert report["1"] == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "rows": 3}
    )
    assert report["0"] == {"precision": 0, "recall": 0, "f1": 0, "rows": 0}
    assert report["weighted avg"]["recall"] == pytest.approx(3 / 5)
    assert list(report) == ["-1", "0", "1", "macro avg", "weighted avg"]


def test_sides_by_what_the_classes_mean():
    two = [[0.4, 0.6], [0.6, 0.4], [np.nan, np.nan]]
    assert sides(predictions_of(two)).tolist() == [1, -1, 0]
    assert sides(predictions_of(two, two_sided=False)).tolist() == [1, 0, 0]
    three = [[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.3, 0.5]]
    assert sides(predictions_of(three, (-1, 0, 1))).tolist() == [-1, 0, 1]


def few_bars():
    high, low = [10, 12, 11, 10, 13], [9, 9, 7, 8, 10]
    close = np.array([10.0, 10, 8, 9, 12])
    index = pd.date_range("2024-01-01", periods=5, freq="h")
    columns = {"open": close, "high": high, "low": low, "close": close, "volume": 1.0}
    return pd.DataFrame(columns, index=index, dtype=float)


def test_one_sign_of_excursions_here_and_in_the_analyzer():
    """What `evaluate` calls adverse is what `SignalQuality` calls so: 0 or less."""
    bars, horizon = planted_edge(300, seed=2), 5
    up = np.where(np.arange(300) % 2, 0.7, 0.3)
    predictions = predictions_of(np.column_stack([1 - up, up]))
    labels = Labels(np.zeros(300), np.arange(300))
    line = signal_quality(predictions, labels, bars, horizon)[0]
    table = excursions(BarArrays.of(bars), sides(predictions), horizon)
    figures = quality_by(table.assign(signal="all"), ["signal"]).loc["all"]
    assert line["adverse"] == pytest.approx(figures["adverse"]) and line["adverse"] < 0
    assert line["favourable"] == pytest.approx(figures["favourable"]) and line["favourable"] > 0


def test_signal_quality_by_hand():
    predictions = predictions_of([[0.3, 0.7], [0.55, 0.45], [0.45, 0.55], [0.1, 0.9], [0.1, 0.9]])
    labels = Labels(np.array([1, 0, 0, np.nan, np.nan]), np.array([2, 3, 4, -1, -1]))
    lines = signal_quality(predictions, labels, few_bars(), 2)
    every, high = lines[:2]
    assert every == pytest.approx(
        {
            "regime": "all",
            "signals": "all",
            "count": 3,
            "hit_rate": 2 / 3,
            "favourable": (0.2 + 0.3 + 0.625) / 3,
            # long at 10: highest 12, lowest 7; short at 10: 7 and 11; long at 8: 13 and 8
            "adverse": -(0.3 + 0.1 + 0.0) / 3,
        }
    )
    assert (high["signals"], high["count"], high["favourable"]) == ("high", 1, pytest.approx(0.2))
    assert lines[2] == {**every, "regime": "ranging"}  # five bars: no trend is known yet
    assert lines[4:] == [
        {
            "regime": regime,
            "signals": name,
            "count": 0,
            "hit_rate": None,
            "favourable": None,
            "adverse": None,
        }
        for regime in ("up", "down")
        for name in ("all", "high")
    ]


def test_regimes_part_the_signals(judged):
    for name in ("all", "high"):
        counts = {q["regime"]: q["count"] for q in judged.quality if q["signals"] == name}
        assert counts["all"] == counts["ranging"] + counts["up"] + counts["down"] > 0
    assert judged.quality[0]["count"] == judged.rows  # two-sided: every bar is a signal
    assert judged.quality[0]["hit_rate"] == pytest.approx(judged.figures["accuracy"])


def test_only_unseen_rows_are_judged(model, judged):
    out_of_sample = len(BARS) - CUT - 5  # the horizon of the last ones is not over
    assert judged.rows == out_of_sample == sum(map(sum, judged.confusion))
    assert sum(line["count"] for line in judged.calibration) == out_of_sample
    assert judged.start == BARS.index[CUT] > judged.trained_until == BARS.index[CUT - 1]
    with pytest.raises(InSampleError, match=r"no labelled bar after 2024.*give later bars"):
        evaluate(model, BARS[: CUT + 5])


def test_the_dictionary_is_json(judged):
    found = json.loads(json.dumps(judged.to_dict(), allow_nan=False))
    assert found["start"] == judged.start.isoformat() and found["classes"] == [0, 1]
    assert found["figures"] == judged.figures
    assert len(found["cross_validation"]["time_series"]["folds"]) == 10


def test_what_costs_time_is_left_out_unless_asked_for(model):
    plain = evaluate(model, BARS)
    assert plain.importances is None and plain.cross_validation is None


def test_the_feature_that_says_something_is_found(judged):
    lines = judged.importances
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


def test_folds_are_judged_apart(model, judged):
    data, calls = LabelledRows.of(model, BARS), []
    found = cross_validate(model.ensemble, data, purged_folds(data, 5), lambda: calls.append(1))
    assert found == judged.cross_validation["purged"] and len(calls) == 5
    assert sum(fold["rows"] for fold in found["folds"]) == len(data.rows)
    aucs = [fold["auc"] for fold in found["folds"]]
    assert found["mean"]["auc"] == pytest.approx(np.mean(aucs))
    assert found["spread"]["auc"] == pytest.approx(np.std(aucs, ddof=1))
    in_time = cross_validate(model.ensemble, data, time_series_folds(data, 10))
    assert in_time == judged.cross_validation["time_series"]


def test_figures_no_fold_has_are_undefined():
    found = mean_and_spread([dict.fromkeys(FIGURES), dict.fromkeys(FIGURES, 0.5)])
    assert found["mean"]["auc"] == 0.5 and found["spread"]["auc"] is None
    assert mean_and_spread([dict.fromkeys(FIGURES)])["mean"]["f1"] is None


def test_steps_are_told(model):
    calls = []
    evaluate(model, BARS, cross_validation=True, on_step=lambda *call: calls.append(call))
    assert calls == [(done, 15) for done in range(1, 16)]
