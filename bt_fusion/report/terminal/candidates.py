"""The candidates of each `BestMember` as a table: in cross-validation and on the test rows."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bt_fusion.report.figures import NONE, cell, count, decimals
from bt_fusion.report.terminal.titled import titled

__all__ = ["candidate_tables"]

FIGURES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}
score = decimals(3)


def candidate_tables(choices: Sequence[dict[str, Any]]) -> list[Table]:
    """Return a table for each choice of a saved model, as its manifest holds it."""
    return [_table(choice) for choice in choices]


def _table(choice: dict[str, Any]) -> Table:
    table = titled(_title(choice), "", "Rows", *FIGURES.values())
    for candidate in choice["candidates"]:
        folds = candidate["cross_validation"]
        table.add_row(candidate["name"], "folds", *(_mean(folds, name) for name in FIGURES))
    for candidate in choice["candidates"]:
        if choice["test_rows"]:
            figures = (cell(candidate["test"][name], score) for name in FIGURES)
            table.add_row(candidate["name"], "test", *figures)
    return table


def _title(choice: dict[str, Any]) -> str:
    folds = len(choice["candidates"][0]["cross_validation"]["folds"])
    tested = f" and {count(choice['test_rows'])} test rows" if choice["test_rows"] else ""
    return (
        f"Candidates of {choice['member']}, {folds} folds in time order{tested}: "
        f"{choice['chosen']} has the best mean F1"
    )


def _mean(folds: dict[str, Any], name: str) -> str:
    """Write the mean over the folds, and the spread where there are several."""
    spread = cell(folds["spread"][name], score)
    return score(folds["mean"][name]) + (f" ± {spread}" if spread != NONE else "")
