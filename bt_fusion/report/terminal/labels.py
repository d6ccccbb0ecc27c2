"""Tables of a model's features and labels on the terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.evaluation.label_report import LabelReport
from bt_fusion.report.figures import cell, count, percent
from bt_fusion.report.terminal.titled import titled

__all__ = ["label_tables"]


def label_tables(report: LabelReport) -> Group:
    """Return features by family, classes by part and regimes, with the label in a line above."""
    tables = feature_table(report), class_table(report), regime_table(report)
    return Group(Text(f"Label      {report.label}"), *tables)


def feature_table(report: LabelReport) -> Table:
    """Return the number of features per family."""
    table = titled("Features by family", "Family", "Features")
    for family, features in report.features.items():
        table.add_row(family, count(features))
    table.add_section()
    table.add_row("all", count(sum(report.features.values())))
    return table


def class_table(report: LabelReport) -> Table:
    """Return the number and share of each class: overall, in the training and the test part."""
    table = titled("Classes", "Part", "Rows", *report.classes)
    for line in report.parts:
        cells = (number_and_share(line, name) for name in report.classes)
        table.add_row(line["part"], count(line["rows"]), *cells)
    return table


def regime_table(report: LabelReport) -> Table:
    """Return the bars of each regime, and the shares of the classes in it."""
    table = titled("Regimes", "Regime", "Bars", "Share", *report.classes)
    for line in report.regimes:
        shares = (cell(line["shares"][name], percent) for name in report.classes)
        table.add_row(line["regime"], count(line["bars"]), percent(line["share"]), *shares)
    caption = "Classes: shares of the labelled rows in the regime."
    table.caption, table.caption_justify = caption, "left"
    return table


def number_and_share(line: dict[str, Any], name: str) -> str:
    """Write how many rows are of a class, and their share."""
    return f"{count(line['counts'][name])} ({cell(line['shares'][name], percent)})"
