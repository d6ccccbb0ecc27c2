"""The label report: families, classes of each part and regimes, by hand and of a real model."""

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation.label_report import label_report, report_before_fit, trained_rows
from bt_fusion.labels import Direction, Gain, Labels, ProfitBeforeStop
from bt_fusion.models.splits import LabelledRows
from bt_fusion.technical.regimes import regimes

BARS = planted_edge(900, seed=1, auc=0.8)
NAMES = ["wick_balance", "return_1", "gap", "rsi_14"]


def model_of(label):
    return SignalModel(NAMES, label, Ensemble(["lr"]))


def parts_of(report):
    return {line["part"]: line for line in report.parts}


def test_counts_by_hand():
    arrays = BarArrays.of(BARS[:8])
    labels = Labels(np.array([-1.0, 1, 1, 0, 1, -1, np.nan, np.nan]), np.arange(8) + 1)
    data = LabelledRows(arrays, np.zeros((8, 4)), labels, np.arange(6), 1, (-1, 0, 1))
    report = label_report(model_of("profit_before_stop"), data, np.arange(3), np.array([4, 5]))
    assert report.classes == ("Short", "No trade", "Long")
    assert report.label == "ProfitBeforeStop(target=0.015, stop=0.01, horizon=24)"
    assert report.features == {"patterns": 1, "price": 2, "momentum": 1}
    every, training, test = report.parts
    assert every["counts"] == {"Short": 2, "No trade": 1, "Long": 3} and every["rows"] == 6
    assert training["counts"] == {"Short": 1, "No trade": 0, "Long": 2}
    assert training["shares"] == {"Short": 1 / 3, "No trade": 0.0, "Long": 2 / 3}
    assert test["counts"] == {"Short": 1, "No trade": 0, "Long": 1}
    ranging, up, down = report.regimes  # eight bars: no trend is known yet
    assert ranging == {
        "regime": "ranging",
        "bars": 8,
        "share": 1.0,
        "rows": 6,
        "counts": every["counts"],
        "shares": every["shares"],
    }
    none = dict.fromkeys(report.classes)
    assert (up["bars"], up["rows"], up["shares"]) == (0, 0, none)
    assert (down["regime"], down["share"]) == ("down", 0.0)


@pytest.mark.parametrize("label", [Direction(5), Gain(5, 0.008), ProfitBeforeStop(0.002, 0.001)])
def test_before_the_fit_and_after_it_the_counts_are_the_same(label):
    """Also where labels are known early: what the fit learns from is counted, not guessed."""
    model = model_of(label)
    before = report_before_fit(model, BARS, 700)
    fitted = model_of(label).fit(BARS[:700])
    data = LabelledRows.of(fitted, BARS)
    rows = trained_rows(fitted, data)
    assert len(rows) == fitted.n_rows_ == parts_of(before)["training"]["rows"]
    later = data.since(fitted.trained_until_).rows
    assert label_report(fitted, data, rows, later) == before
    assert parts_of(before)["all"]["rows"] >= len(rows) + len(later) > len(rows)


def test_regimes_part_the_bars_and_the_rows():
    report = report_before_fit(model_of("direction"), BARS, 700)
    counts = np.bincount(regimes(BARS), minlength=3).tolist()
    assert [line["bars"] for line in report.regimes] == counts and min(counts) > 0
    assert sum(line["share"] for line in report.regimes) == pytest.approx(1)
    (every, _, _), lines = report.parts, report.regimes
    assert sum(line["rows"] for line in lines) == every["rows"]
    assert sum(line["counts"]["Up"] for line in lines) == every["counts"]["Up"]


def test_without_a_test_part_it_has_no_rows():
    parts = parts_of(report_before_fit(model_of("gain"), BARS, len(BARS)))
    assert parts["all"]["counts"] == parts["training"]["counts"]
    assert parts["test"] == {
        "part": "test",
        "rows": 0,
        "counts": {"No": 0, "Yes": 0},
        "shares": {"No": None, "Yes": None},
    }


def test_new_bars_alone_have_no_training_rows():
    fitted = model_of("direction").fit(BARS[:700])
    assert len(trained_rows(fitted, LabelledRows.of(fitted, BARS[700:]))) == 0


def test_a_label_is_named_with_its_parameters_where_it_has_them():
    class Plain:
        classes, two_sided, horizon = (0, 1), True, 5

        def __call__(self, bars):
            return Direction(5)(bars)

    assert report_before_fit(model_of(Plain()), BARS, 700).label == "Plain"
    assert report_before_fit(model_of(Gain(5, 0.008)), BARS, 700).label == (
        "Gain(horizon=5, threshold=0.008)"
    )
