"""Tables of a saved model: candidates, exports to ONNX, and what was checked, by hand."""

from rich.console import Console

from bt_fusion.ensemble.onnx_export import Export
from bt_fusion.report.terminal.checks import check_table
from bt_fusion.report.terminal.exports import export_table
from bt_fusion.report.terminal.model_card import candidate_tables

FIGURES = ("accuracy", "precision", "recall", "f1")


def text_of(shown):
    console = Console(width=120)
    with console.capture() as caught:
        console.print(shown)
    return caught.get()


def cells(table):
    return [list(row) for row in zip(*(column.cells for column in table.columns), strict=True)]


def candidate(name, value, tested=True):
    mean, spread = dict.fromkeys(FIGURES, value), dict.fromkeys(FIGURES, 0.0125)
    test = dict.fromkeys(FIGURES, value + 0.01 if tested else None)
    folds = {"folds": [mean, mean], "mean": mean, "spread": spread}
    return {"name": name, "cross_validation": folds, "test": test}


def choice(test_rows=9_500, tested=True):
    candidates = [candidate("lr", 0.57, tested), candidate("rf", 0.538, False)]
    return {"member": "best", "chosen": "lr", "test_rows": test_rows, "candidates": candidates}


def test_candidates_have_a_row_for_the_folds_and_one_for_the_test():
    (table,) = candidate_tables([choice()])
    assert table.title == (
        "Candidates of best, 2 folds in time order and 9,500 test rows: lr has the best mean F1"
    )
    assert cells(table) == [
        ["lr", "folds", *["0.570 ± 0.013"] * 4],
        ["rf", "folds", *["0.538 ± 0.013"] * 4],
        ["lr", "test", *["0.580"] * 4],
        ["rf", "test", *["-"] * 4],
    ]
    assert max(map(len, text_of(table).splitlines()[1:])) < 80


def test_without_test_rows_there_are_the_folds_alone():
    (table,) = candidate_tables([choice(0, False)])
    assert table.title.startswith("Candidates of best, 2 folds in time order: lr")
    assert [row[1] for row in cells(table)] == ["folds", "folds"]


def test_a_single_fold_has_no_spread():
    one = choice()
    for each in one["candidates"]:
        each["cross_validation"]["spread"] = dict.fromkeys(FIGURES)
    assert cells(candidate_tables([one])[0])[0] == ["lr", "folds", *["0.570"] * 4]


def test_no_choice_has_no_table():
    assert candidate_tables([]) == []


def test_each_export_says_what_it_means_or_why_there_is_none():
    exported = {
        "rf": Export("rf", bytes(145_774), 3e-8, {}),
        "lgb": Export("lgb", bytes(10), 0.0, {}),
        "xgb": Export("xgb", None, 0.02, {}, "differs from the original by 0.02"),
        "svm": Export("svm", reason="no conversion of a RbfSVM to ONNX: RuntimeError"),
    }
    assert cells(export_table(exported, {"lgb"})) == [
        ["rf", "145,774", "3.0e-08", "predicts"],
        ["lgb", "10", "0.0e+00", "kept; the calibrated member predicts"],
        ["xgb", "-", "2.0e-02", "not exported: differs from the original by 0.02"],
        ["svm", "-", "-", "not exported: no conversion of a RbfSVM to ONNX: RuntimeError"],
    ]


def test_checks_stand_in_order():
    shown = text_of(check_table({"manifest": "schema 3", "the ensemble": "the same on 3 rows"}))
    assert shown.index("manifest") < shown.index("schema 3") < shown.index("the ensemble")
