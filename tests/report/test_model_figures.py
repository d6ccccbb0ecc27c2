"""Reliability, confusion and each refit's AUC, on six bars worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.model_figures import (
    class_names_of,
    confusion_of,
    labelled,
    refit_aucs,
    reliability_of,
)
from bt_fusion.report.pictures.canvas import new_figure
from bt_fusion.report.pictures.model import draw_confusion, draw_reliability
from bt_fusion.saved_runs.saved_run import SavedRun

TIMES = pd.date_range("2024-01-01", periods=6, name="datetime")


def saved(up, label, model=None, classes=(0, 1), down=None, horizon=1):
    up = np.array(up, dtype=float)
    frame = pd.DataFrame({"datetime": TIMES[: len(up)]})
    predictions = frame.assign(
        probability_up=up,
        probability_down=1 - up if down is None else down,
        model=model or [0] * len(up),
        trained_until=TIMES[0] - pd.Timedelta(days=1),
    )
    summary = {
        "config": {"label_parameters": {"horizon": horizon}},
        "model": {"classes": list(classes)},
    }
    return SavedRun(summary, pd.DataFrame(), predictions, frame.assign(label=label), pd.DataFrame())


def test_only_bars_with_both_a_prediction_and_a_class_count():
    run = saved([0.6, np.nan, 0.7, 0.4], [1, 1, np.nan, 0])
    assert labelled(run).up.tolist() == [0.6, 0.4]
    assert labelled(run).label.tolist() == [1, 0]


def test_reliability_by_hand():
    lines = reliability_of(saved([0.61, 0.64, 0.62, 0.63, 0.31, 0.31], [1, 1, 0, 1, 0, 0]), bins=10)
    assert [line["count"] for line in lines] == [2, 4]
    assert [line["predicted"] for line in lines] == pytest.approx([0.31, 0.625])
    assert [line["actual"] for line in lines] == [0, 0.75]
    # Wilson for 3 of 4: (0.75 + z2/8 +- z sqrt(0.75 * 0.25 / 4 + z2/64)) / (1 + z2/4), z2 = 3.8415
    assert [lines[1]["low"], lines[1]["high"]] == pytest.approx([0.3006, 0.9544], abs=1e-4)


def test_overlapping_labels_count_once():
    up, label = [0.62] * 6, [1, 0, 1, 0, 1, 0]
    alone, overlapping = (reliability_of(saved(up, label, horizon=h))[0] for h in (1, 3))
    assert overlapping["high"] - overlapping["low"] > 1.25 * (alone["high"] - alone["low"])


def test_confusion_by_hand():
    run = saved([0.6, 0.7, 0.4, 0.3], [1, 0, 0, 1])
    assert confusion_of(run) == [[1, 1], [1, 1]]
    up, down = [0.5, 0.1, 0.2, 0.2], [0.2, 0.2, 0.6, 0.1]
    run = saved(up, [1, 0, -1, 1], classes=(-1, 0, 1), down=down)
    assert confusion_of(run) == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_classes_are_words_also_in_the_pictures():
    down = [0.2, 0.2, 0.6, 0.1]
    three = saved([0.5, 0.1, 0.2, 0.2], [1, 0, -1, 1], classes=(-1, 0, 1), down=down)
    one_sided = saved([0.6, 0.7, 0.4, 0.3], [1, 0, 0, 1], down=np.nan)
    assert class_names_of(saved([0.6], [1])) == ("Down", "Up")
    for run, names in ((three, ["Short", "No trade", "Long"]), (one_sided, ["No", "Yes"])):
        assert list(class_names_of(run)) == names
        figure = new_figure(6, 6)
        assert draw_confusion(figure, run)
        for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
            assert [label.get_text() for label in labels] == names
        figure = new_figure(6, 6)
        assert draw_reliability(figure, run)
        assert figure.axes[1].get_xlabel() == f"predicted P({names[-1].lower()})"


def test_each_refit_has_its_own_auc():
    run = saved([0.6, 0.4, 0.5, 0.3, 0.7, 0.6], [1, 0, 0, 1, 1, 1], model=[0, 0, 1, 1, 2, 2])
    found = refit_aucs(run)
    assert [refit["auc"] for refit in found] == [1.0, 0.0, None]
    assert [refit["rows"] for refit in found] == [2, 2, 2]
    assert [refit["start"] for refit in found] == [TIMES[0], TIMES[2], TIMES[4]]


def test_symbols_have_refits_of_their_own():
    run = saved([0.6, 0.4, 0.7, 0.3], [1, 0, 0, 1])  # pooled the AUC would be 0.5
    for table in (run.bars, run.predictions):
        table.insert(1, "symbol", ["B", "B", "A", "A"])
    found = refit_aucs(run)
    assert [(refit["symbol"], refit["auc"]) for refit in found] == [("B", 1.0), ("A", 0.0)]
    assert [refit["start"] for refit in found] == [TIMES[0], TIMES[2]]


def test_nothing_known_is_nothing_told():
    run = saved([np.nan, np.nan], [1, 0])
    assert reliability_of(run) == refit_aucs(run) == []
    assert confusion_of(run) == [[0, 0], [0, 0]]


def test_each_refit_has_its_payoff():
    run = saved([0.6, 0.4, 0.7, 0.4], [1, 0, 1, 0], model=[0, 0, 2, 2])
    assert [refit["payoff"] for refit in refit_aucs(run)] == [None, None]  # an older folder
    worth = [{"win": k, "loss": k, "atr_period": 14} for k in (1.0, 1.1, 1.2)]
    run.summary["model"]["payoffs"] = worth
    assert [refit["payoff"] for refit in refit_aucs(run)] == [worth[0], worth[2]]
