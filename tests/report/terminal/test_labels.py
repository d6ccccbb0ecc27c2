"""The tables of a label report: what they say of counts worked out by hand."""

from bt_fusion.evaluation.label_report import LabelReport
from bt_fusion.report.terminal.labels import label_tables
from tests.report.terminal.drawn import in_one_line, text


def line(rows, **counts):
    return {
        "rows": rows,
        "counts": counts,
        "shares": {name: count / rows if rows else None for name, count in counts.items()},
    }


REPORT = LabelReport(
    label="Gain(horizon=5, threshold=0.005)",
    classes=("No", "Yes"),
    features={"trend": 17, "user": 1_000},
    parts=[
        {"part": "all", **line(2_000, No=1_500, Yes=500)},
        {"part": "training", **line(1_600, No=1_200, Yes=400)},
        {"part": "test", **line(0, No=0, Yes=0)},
    ],
    regimes=[
        {"regime": "ranging", "bars": 1_503, "share": 0.75, **line(1_500, No=1_200, Yes=300)},
        {"regime": "up", "bars": 501, "share": 0.25, **line(500, No=300, Yes=200)},
        {"regime": "down", "bars": 0, "share": 0.0, **line(0, No=0, Yes=0)},
    ],
)


def test_everything_counted_is_shown():
    shown = in_one_line(text(label_tables(REPORT)))
    assert shown.startswith("Label Gain(horizon=5, threshold=0.005) Features by family")
    for row in (
        "trend │ 17",
        "user │ 1,000",
        "all │ 1,017",
        "all │ 2,000 │ 1,500 (75.0 %) │ 500 (25.0 %)",
        "training │ 1,600 │ 1,200 (75.0 %) │ 400 (25.0 %)",
        "test │ 0 │ 0 (-) │ 0 (-)",
        "ranging │ 1,503 │ 75.0 % │ 80.0 % │ 20.0 %",
        "up │ 501 │ 25.0 % │ 60.0 % │ 40.0 %",
        "down │ 0 │ 0.0 % │ - │ -",
        "shares of the labelled rows in the regime",
    ):
        assert row in shown


def test_the_label_of_a_user_is_no_markup():
    report = LabelReport(**{**vars(REPORT), "label": "Own(way=[bold])"})
    assert "Own(way=[bold])" in text(label_tables(report))
