"""An evaluation as tables on the terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table

from bt_fusion.evaluation import Evaluation
from bt_fusion.evaluation.classification import FIGURES
from bt_fusion.report.figures import percent

__all__ = ["evaluation_tables"]

NONE = "-"
MOST_FEATURES = 25


def evaluation_tables(judged: Evaluation) -> Group:
    """Return everything an evaluation holds, a table each."""
    head = (
        f"{judged.rows:,} unseen rows, {judged.start} to {judged.end}; trained until "
        f"{judged.trained_until}"
    )
    parts: list[Any] = [head, scores(judged), report(judged), confusion(judged)]
    parts += [calibration(judged), quality(judged)]
    if judged.importances is not None:
        parts.append(importances(judged.importances))
    for kind, found in (judged.cross_validation or {}).items():
        parts.append(cross_validation(kind, found))
    return Group(*parts)


def titled(title: str, first: str, *columns: str) -> Table:
    """Return a table with a title, a first column of text and others of numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def digits(value: float | None, count: int = 4) -> str:
    """Write a figure, or a dash where it is undefined."""
    return NONE if value is None else f"{value:.{count}f}"


def share(value: float | None, count: int = 1) -> str:
    """Write a fraction as percent, or a dash where it is undefined."""
    return NONE if value is None else percent(value, count)


def scores(judged: Evaluation) -> Table:
    """Return the scores of class 1."""
    table = titled("Scores", "", "Value")
    for name in FIGURES:
        table.add_row(name, digits(judged.figures[name]))
    return table


def report(judged: Evaluation) -> Table:
    """Return precision, recall and F1 by class."""
    table = titled("Classes", "Class", "Precision", "Recall", "F1", "Rows")
    for name, line in judged.report.items():
        figures = (digits(line[key]) for key in ("precision", "recall", "f1"))
        table.add_row(name, *figures, f"{line['rows']:,.0f}")
    return table


def confusion(judged: Evaluation) -> Table:
    """Return the confusion matrix."""
    table = titled("Confusion matrix", "Actual", *(f"predicted {name}" for name in judged.classes))
    for name, line in zip(judged.classes, judged.confusion, strict=True):
        table.add_row(str(name), *(f"{count:,}" for count in line))
    return table


def calibration(judged: Evaluation) -> Table:
    """Return predicted and observed shares by bins of P(class 1)."""
    table = titled("Calibration of P(class 1)", "From", "Predicted", "Observed", "Rows")
    for line in judged.calibration:
        predicted, observed = digits(line["mean_predicted"], 3), digits(line["observed"], 3)
        table.add_row(f"{line['low']:.1f}", predicted, observed, f"{line['count']:,}")
    return table


def quality(judged: Evaluation) -> Table:
    """Return the signals' hits and excursions, by regime."""
    columns = ("Signals", "Count", "Hit rate", "Favourable", "Adverse")
    table = titled("Signal quality", "Regime", *columns)
    for line in judged.quality:
        moves = (share(line[key], 2) for key in ("favourable", "adverse"))
        count, hits = f"{line['count']:,}", share(line["hit_rate"])
        table.add_row(line["regime"], line["signals"], count, hits, *moves)
    return table


def importances(lines: list[dict[str, Any]]) -> Table:
    """Return the features whose shuffling costs most, with SHAP shares where there are any."""
    members = tuple(lines[0].get("shap", {}))
    columns = ("Log loss lost", "Spread", *(f"SHAP {name}" for name in members))
    table = titled("Feature importances", "Feature", *columns)
    for line in lines[:MOST_FEATURES]:
        shares = (share(line["shap"][name]) for name in members)
        table.add_row(
            line["feature"], digits(line["importance"], 5), digits(line["spread"], 5), *shares
        )
    return table


def cross_validation(kind: str, found: dict[str, Any]) -> Table:
    """Return mean and spread over the folds."""
    names = {"purged": "purged folds", "time_series": "folds in time order"}
    title = f"Cross-validation, {len(found['folds'])} {names[kind]} (refits)"
    table = titled(title, "", "Mean", "Spread")
    for name in FIGURES:
        table.add_row(name, digits(found["mean"][name]), digits(found["spread"][name]))
    return table
