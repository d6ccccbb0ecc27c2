"""Tables and pictures of an evaluation and of a search."""

import pytest
from PIL import Image
from rich.console import Console

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation import evaluate
from bt_fusion.report.pictures.evaluation import draw_evaluation
from bt_fusion.report.terminal.evaluation import evaluation_tables
from bt_fusion.report.terminal.tuning import tuning_table
from bt_fusion.tuning.tuning import StudyOptions, tune

BARS = planted_edge(600, seed=1, auc=0.8)


@pytest.fixture(scope="module")
def model():
    return SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"])).fit(BARS[:400])


def text(drawn):
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(drawn)
    return console.export_text()


def in_one_line(shown):
    return " ".join(shown.split())  # a title is folded to the width of its table


def test_tables_show_what_the_evaluation_holds(model):
    judged = evaluate(model, BARS, importance=True, cross_validation=True)
    shown = text(evaluation_tables(judged))
    assert f"195 unseen rows, {judged.start}" in shown
    assert f"{judged.figures['auc']:.4f}" in shown
    assert f"{judged.cross_validation['purged']['spread']['auc']:.4f}" in shown
    assert f"{100 * judged.quality[0]['hit_rate']:.1f} %" in shown
    for title in ("Confusion matrix", "Calibration", "wick_balance", "10 folds in time order"):
        assert title in in_one_line(shown)


def test_undefined_figures_are_dashes(model):
    judged = evaluate(model, BARS)
    empty = [line for line in judged.quality if line["count"] == 0]
    judged.figures["auc"] = None
    shown = text(evaluation_tables(judged))
    (line,) = [line for line in shown.splitlines() if "auc" in line]
    assert line.count("-") == 1
    assert "Feature importances" not in shown and "Cross-validation" not in shown
    assert shown.count(" - ") >= 3 * len(empty)


def test_pictures_are_drawn(model, tmp_path):
    judged = evaluate(model, BARS, importance=True)
    paths = draw_evaluation(tmp_path / "new", judged)
    assert [path.name for path in paths] == [
        "confusion.png",
        "reliability.png",
        "importances.png",
    ]
    for path in paths:
        with Image.open(path) as image:
            colours = image.convert("RGB").getcolors(1 << 24)
            assert image.size[0] == 770 and len(colours) > 20
    assert len(draw_evaluation(tmp_path, evaluate(model, BARS))) == 2


def test_a_search_shows_its_best_trials_and_how_many_there_were():
    model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"]))
    found = tune(model, BARS[:300], 4, StudyOptions(folds=2))
    shown = text(tuning_table(found))
    assert "4 in all" in shown and f"best {found.value:.4f}" in shown
    assert ("lr.logisticregression__C" in shown) == bool(found.parameters)
    first = next(line for line in shown.splitlines() if "│" in line)
    assert f"{found.value:.4f}" in first
