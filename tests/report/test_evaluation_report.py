"""Tables and pictures of an evaluation and of a search."""

from dataclasses import replace

import pytest
from PIL import Image

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge, sp500
from bt_fusion.evaluation import evaluate
from bt_fusion.evaluation.grade import Grade
from bt_fusion.labels import Gain, ProfitBeforeStop
from bt_fusion.report.pictures.canvas import new_figure
from bt_fusion.report.pictures.evaluation import draw_confusion, draw_evaluation, draw_reliability
from bt_fusion.report.terminal.evaluation import evaluation_tables, grade_line
from bt_fusion.report.terminal.tuning import tuning_table
from bt_fusion.tuning.tuning import StudyOptions, tune
from tests.report.terminal.drawn import in_one_line, text

BARS = planted_edge(600, seed=1, auc=0.8)
CALM = sp500()[:600]


@pytest.fixture(scope="module")
def model():
    return SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"])).fit(BARS[:400])


def test_tables_show_what_the_evaluation_holds(model):
    evaluation = evaluate(model, BARS, importance=True, cross_validation=True)
    shown = text(evaluation_tables(evaluation))
    assert f"195 unseen rows, {evaluation.start:%Y-%m-%d %H:%M} to " in shown
    assert f"{evaluation.figures['auc']:.4f}" in shown
    assert f"{evaluation.cross_validation['purged']['spread']['auc']:.4f}" in shown
    assert f"{100 * evaluation.quality[8]['hit_rate']:.1f} %" in shown
    for title in ("Calibration of P(Up)", "Scores of Up", "wick_balance", "10 folds in time order"):
        assert title in in_one_line(shown)
    (down, up), line = evaluation.confusion, in_one_line(shown)
    assert "predicted Down ┃ predicted Up" in line
    assert f"Down │ {down[0]} │ {down[1]}" in line and f"Up │ {up[0]} │ {up[1]}" in line
    report = evaluation.report["Up"]
    assert f"Up │ {report['precision']:.4f} │ {report['recall']:.4f}" in line


def test_three_classes_are_words_everywhere():
    label = ProfitBeforeStop(0.01, 0.01, horizon=6)
    model = SignalModel(["wick_balance", "return_1"], label, Ensemble(["lgb"])).fit(BARS[:400])
    line = in_one_line(text(evaluation_tables(evaluate(model, BARS, importance=True))))
    assert "predicted Short ┃ predicted No trade ┃ predicted Long" in line
    assert "Scores of Long" in line and "Calibration of P(Long)" in line
    for name in ("Short", "No trade", "Long"):
        assert line.count(f"│ {name} │") == 2  # report and matrix
    assert "Published" not in line and "class 1" not in line and "│ -1 │" not in line


def test_the_claims_of_system_c_stand_beside_its_label_alone():
    for threshold, published in ((0.005, True), (0.006, False)):
        model = SignalModel(["wick_balance"], Gain(5, threshold), Ensemble(["lr"]))
        shown = text(evaluation_tables(evaluate(model.fit(CALM[:400]), CALM)))
        (auc,) = (line for line in shown.splitlines() if line.startswith("│ auc"))
        assert ("0.712" in auc) == published == ("Published" in shown)
        (brier,) = (line for line in shown.splitlines() if line.startswith("│ brier"))
        assert brier.count(" - ") == int(published)  # nothing was published of it


def test_the_grade_is_one_line_with_its_limits(model):
    evaluation = evaluate(model, BARS)
    grade = evaluation.grade
    assert grade_line(evaluation) == (
        f"Grade      {grade.letter}: AUC of Up {grade.auc:.3f} on 195 unseen rows (A from 0.70, B "
        f"from 0.60, C from 0.55, D below; but E up to {grade.chance:.3f}, which chance reaches)"
    )
    none = replace(evaluation, grade=Grade(None, None, None))
    assert grade_line(none).startswith("Grade      none: the 195 unseen rows are all of one class")


def test_undefined_figures_are_dashes(model):
    evaluation = evaluate(model, BARS)
    empty = [line for line in evaluation.quality if line["count"] == 0]
    evaluation.figures["auc"] = None
    shown = text(evaluation_tables(evaluation))
    (line,) = [line for line in shown.splitlines() if "auc" in line]
    assert line.count("-") == 1
    assert "Feature importances" not in shown and "Cross-validation" not in shown
    assert shown.count(" - ") >= 3 * len(empty)


@pytest.mark.slow
def test_pictures_are_drawn(model, tmp_path):
    evaluation = evaluate(model, BARS, importance=True)
    paths = draw_evaluation(tmp_path / "new", evaluation)
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


def test_pictures_name_the_classes(model):
    evaluation, axes = evaluate(model, BARS), new_figure(7, 6).subplots(2)
    draw_confusion(axes[0], evaluation)
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["Down", "Up"]
    draw_reliability(axes[1], evaluation)
    assert axes[1].get_xlabel() == "predicted P(up)"


def test_a_search_shows_its_best_trials_and_how_many_there_were():
    model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"]))
    found = tune(model, BARS[:300], 4, StudyOptions(folds=2))
    shown = text(tuning_table(found))
    assert "4 in all" in shown and f"best {found.value:.4f}" in shown
    assert ("lr.logisticregression__C" in shown) == bool(found.parameters)
    first = next(line for line in shown.splitlines() if "│" in line)
    assert f"{found.value:.4f}" in first
