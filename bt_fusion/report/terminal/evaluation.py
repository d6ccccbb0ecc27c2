"""An evaluation as tables on the terminal."""

from functools import partial
from typing import Any

from rich.console import Group
from rich.table import Table

from bt_fusion.evaluation import Evaluation
from bt_fusion.evaluation.classification import FIGURES
from bt_fusion.report.figures import cell, count, decimals, percent
from bt_fusion.report.terminal.titled import titled

__all__ = ["evaluation_tables"]

MOST_FEATURES = 25
score, move = decimals(4), partial(percent, digits=2)


def evaluation_tables(evaluation: Evaluation) -> Group:
    """Return everything an evaluation holds, a table for each part."""
    head = (
        f"{count(evaluation.rows)} unseen rows, {evaluation.start} to {evaluation.end}; "
        f"trained until {evaluation.trained_until}"
    )
    parts: list[Any] = [head, scores(evaluation), report(evaluation), confusion(evaluation)]
    parts += [calibration(evaluation), quality(evaluation)]
    if evaluation.importances is not None:
        parts.append(importances(evaluation.importances))
    for kind, found in (evaluation.cross_validation or {}).items():
        parts.append(cross_validation(kind, found))
    return Group(*parts)


def scores(evaluation: Evaluation) -> Table:
    """Return the scores of class 1."""
    table = titled("Scores", "", "Value")
    for name in FIGURES:
        table.add_row(name, cell(evaluation.figures[name], score))
    return table


def report(evaluation: Evaluation) -> Table:
    """Return precision, recall and F1 by class."""
    table = titled("Classes", "Class", "Precision", "Recall", "F1", "Rows")
    for name, line in evaluation.report.items():
        figures = (cell(line[key], score) for key in ("precision", "recall", "f1"))
        table.add_row(name, *figures, f"{line['rows']:,.0f}")
    return table


def confusion(evaluation: Evaluation) -> Table:
    """Return the confusion matrix."""
    table = titled(
        "Confusion matrix", "Actual", *(f"predicted {name}" for name in evaluation.classes)
    )
    for name, line in zip(evaluation.classes, evaluation.confusion, strict=True):
        table.add_row(str(name), *map(count, line))
    return table


def calibration(evaluation: Evaluation) -> Table:
    """Return predicted and observed shares by bins of P(class 1)."""
    table = titled("Calibration of P(class 1)", "From", "Predicted", "Observed", "Rows")
    for line in evaluation.calibration:
        predicted, observed = (
            cell(line["mean_predicted"], decimals(3)),
            cell(line["observed"], decimals(3)),
        )
        table.add_row(f"{line['low']:.1f}", predicted, observed, count(line["count"]))
    return table


def quality(evaluation: Evaluation) -> Table:
    """Return the signals' hits and excursions, by regime."""
    columns = ("Signals", "Count", "Hit rate", "Favourable", "Adverse")
    table = titled("Signal quality", "Regime", *columns)
    for line in evaluation.quality:
        moves = (cell(line[key], move) for key in ("favourable", "adverse"))
        signals, hits = count(line["count"]), cell(line["hit_rate"], percent)
        table.add_row(line["regime"], line["signals"], signals, hits, *moves)
    return table


def importances(lines: list[dict[str, Any]]) -> Table:
    """Return the features whose shuffling costs most, with SHAP shares where there are any."""
    members = tuple(lines[0].get("shap", {}))
    columns = ("Log loss lost", "Spread", *(f"SHAP {name}" for name in members))
    table = titled("Feature importances", "Feature", *columns)
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
