"""Predictions of new bars on the terminal: the last rows as a table, or one bar as a block."""

import pandas as pd
from rich.table import Table

from bt_fusion.report.figures import when

__all__ = ["bar_lines", "predictions_table"]

SHOWN = 10


def predictions_table(table: pd.DataFrame, name: str) -> Table:
    """Return the last rows of a `Predictions.table`."""
    shown, chances = table.tail(SHOWN), probabilities(table)
    drawn = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
    drawn.title = f"{name}: probabilities of the last {len(shown)} of {len(table):,} bars"
    for head in ("Bar", *chances, "Class", "Signal", "Confidence"):
        drawn.add_column(head, justify="right" if head in chances else "left", no_wrap=True)
    if shown.in_sample.any():
        drawn.add_column("")
    for row in shown.to_dict("records"):
        numbers = [number(row[column]) for column in chances.values()]
        confidence = f"{number(row['confidence'])} {row['level'] or ''}"
        in_sample = ["in-sample" if row["in_sample"] else ""] if shown.in_sample.any() else []
        words = [row["class"] or "-", row["signal"] or "-", confidence, *in_sample]
        drawn.add_row(f"{row['datetime']:%Y-%m-%d %H:%M}", *numbers, *words)
    return drawn


def bar_lines(table: pd.DataFrame, name: str) -> list[str]:
    """Return the last row of a `Predictions.table`, one line per value."""
    row = table.iloc[-1]
    chances = (f"{words} {number(row[key])}" for words, key in probabilities(table).items())
    known = "; IN-SAMPLE: it was trained on this bar" if row["in_sample"] else ""
    return [
        f"Bar        {when(row['datetime'])}, {name}",
        f"Class      {row['class']}",
        f"P          {', '.join(chances)}",
        f"Signal     {row['signal']}, confidence {number(row['confidence'])} ({row['level']})",
        f"Model      trained until {when(row['trained_until'])}{known}",
    ]


def probabilities(table: pd.DataFrame) -> dict[str, str]:
    """Return the columns of probabilities, by the class in words."""
    names = [str(name) for name in table.columns if str(name).startswith("prob_")]
    return {name.removeprefix("prob_").replace("_", " ").capitalize(): name for name in names}


def number(value: float) -> str:
    """Format a probability, a dash if unknown."""
    return f"{value:.3f}" if value == value else "-"
