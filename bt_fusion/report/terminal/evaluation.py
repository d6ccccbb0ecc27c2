"""An evaluation, and a model's drift, as tables on the terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table

from bt_fusion.evaluation import Evaluation
from bt_fusion.evaluation.classification import FIGURES
from bt_fusion.evaluation.drift.report import DriftReport
from bt_fusion.evaluation.grade import LIMITS
from bt_fusion.labels import Gain
from bt_fusion.report.figures import cell, count, decimals, percent, when
from bt_fusion.report.terminal.signals import confidence_table, fused_lines, quality_table
from bt_fusion.report.terminal.titled import titled

__all__ = ["drift_tables", "evaluation_tables", "grade_line"]

MOST_FEATURES = 25
MOST_DRIFTING = 10
# what system C publishes of a model with this label
PUBLISHED_LABEL = repr(Gain(horizon=5, threshold=0.005))
PUBLISHED = {"auc": 0.712, "accuracy": 0.651, "precision": 0.623, "recall": 0.588, "f1": 0.605}
score = decimals(4)
thousandths = decimals(3)


def evaluation_tables(evaluation: Evaluation) -> Group:
    """Return the scores, classes, signals and what else an evaluation holds, a table each.

    Its labels and its grade are drawn by `label_tables` and `grade_line`.
    """
    head = (
        f"{count(evaluation.rows)} unseen rows, {when(evaluation.start)} to "
        f"{when(evaluation.end)}; trained until {when(evaluation.trained_until)}"
    )
    parts: list[Any] = [head, scores(evaluation), report(evaluation), confusion(evaluation)]
    parts += [calibration(evaluation), quality_table(evaluation), confidence_table(evaluation)]
    parts += fused_lines(evaluation)
    if evaluation.importances is not None:
        parts.append(importances(evaluation.importances))
    for kind, found in (evaluation.cross_validation or {}).items():
        parts.append(cross_validation(kind, found))
    return Group(*parts)


def grade_line(evaluation: Evaluation) -> str:
    """Return the model's letter grade, and its limits."""
    grade, rows = evaluation.grade, count(evaluation.rows)
    if grade.letter is None:
        return f"Grade      none: the {rows} unseen rows are all of one class, so there is no AUC"
    limits = ", ".join(f"{letter} from {least:.2f}" for letter, least in LIMITS.items())
    return (
        f"Grade      {grade.letter}: AUC of {evaluation.class_names[-1]} {grade.auc:.3f} on {rows} "
        f"unseen rows ({limits}, D below; but E up to {grade.chance:.3f}, which chance reaches)"
    )


def scores(evaluation: Evaluation) -> Table:
    """Return the scores of the last class, beside those published for the same label."""
    published = PUBLISHED if evaluation.labels.label == PUBLISHED_LABEL else {}
    table = titled(f"Scores of {evaluation.class_names[-1]}", "", "Value")
    if published:
        table.add_column("Published", justify="right")
    several = len(evaluation.class_names) > 2
    more = dict.fromkeys(("accuracy", "log_loss"), " (all classes)") if several else {}
    for name in FIGURES:
        texts = [cell(published.get(name), decimals(3))] if published else []
        table.add_row(name + more.get(name, ""), cell(evaluation.figures[name], score), *texts)
    return table


def report(evaluation: Evaluation) -> Table:
    """Return precision, recall and F1 by class."""
    table = titled("Classification report", "Class", "Precision", "Recall", "F1", "Rows")
    for name, line in evaluation.report.items():
        figures = (cell(line[key], score) for key in ("precision", "recall", "f1"))
        table.add_row(name, *figures, f"{line['rows']:,.0f}")
    return table


def confusion(evaluation: Evaluation) -> Table:
    """Return the confusion matrix."""
    names = evaluation.class_names
    table = titled("Confusion matrix", "Actual", *(f"predicted {name}" for name in names))
    for name, line in zip(names, evaluation.confusion, strict=True):
        table.add_row(name, *map(count, line))
    return table


def calibration(evaluation: Evaluation) -> Table:
    """Return predicted and observed shares by bins of the last class's probability."""
    title = f"Calibration of P({evaluation.class_names[-1]})"
    table = titled(title, "From", "Predicted", "Observed", "Rows")
    for line in evaluation.calibration:
        predicted, observed = (
            cell(line["mean_predicted"], decimals(3)),
            cell(line["observed"], decimals(3)),
        )
        table.add_row(f"{line['low']:.1f}", predicted, observed, count(line["count"]))
    return table


def importances(lines: list[dict[str, Any]]) -> Table:
    """Return the most important features by shuffling, with SHAP shares if available."""
    members = tuple(lines[0].get("shap", {}))
    columns = ("Log loss", "Spread", *(f"SHAP {name}" for name in members))
    table = titled("Feature importances: rise of the log loss when shuffled", "Feature", *columns)
    table.columns[0].overflow = "fold"  # a truncated name is ambiguous
    for line in lines[:MOST_FEATURES]:
        shares = (cell(line["shap"][name], percent) for name in members)
        table.add_row(
            line["feature"],
            cell(line["importance"], decimals(5)),
            cell(line["spread"], decimals(5)),
            *shares,
        )
    return table


def cross_validation(kind: str, found: dict[str, Any]) -> Table:
    """Return mean and spread over the folds."""
    names = {"purged": "purged folds", "time_series": "folds in time order"}
    title = f"Cross-validation, {len(found['folds'])} {names[kind]} (refits)"
    table = titled(title, "", "Mean", "Spread")
    for name in FIGURES:
        table.add_row(name, cell(found["mean"][name], score), cell(found["spread"][name], score))
    return table


def drift_tables(found: DriftReport) -> Group:
    """Return the parts of the test, the most drifted features and the calibration."""
    return Group(drift_parts(found), *drift_features(found), drift_calibration(found))


def drift_parts(found: DriftReport) -> Table:
    """Return the evidence of each part, and its inputs."""
    title = (
        f"Drift since {when(found.since)}: {count(found.bars)} bars, {count(found.bets)} counted"
    )
    table = titled(title, "Test", "Evidence, 1 is the alarm", "Observed", "Expected")
    for name, evidence in found.evidence.items():
        rates = ("", "")
        if name == "hit rate":
            rates = cell(found.hit_rate, percent), cell(found.expected, percent)
        table.add_row(name, f"{evidence:.3g}", *rates)
    return table


def drift_features(found: DriftReport) -> list[Table]:
    """Return the most drifted features in the last window; nothing before the first window."""
    if not found.features:
        return []
    title = f"PSI of the last {count(found.window)} bars"
    table = titled(title, "Feature", "PSI", "1 in 20 windows of the training")
    table.columns[0].overflow = "fold"
    for line in found.features[:MOST_DRIFTING]:
        table.add_row(line["feature"], thousandths(line["psi"]), cell(line["usual"], thousandths))
    return [table]


def drift_calibration(found: DriftReport) -> Table:
    """Return predicted, expected and observed shares by bins of P(class 1)."""
    table = titled("Calibration since then", "From", "Predicted", "Expected", "Observed", "Rows")
    for line in found.calibration:
        values = (cell(line[name], thousandths) for name in ("predicted", "expected", "observed"))
        table.add_row(f"{line['low']:.1f}", *values, count(line["rows"]))
    return table
