"""Ablation of a managed trade as rows, for the terminal and the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from bt_fusion.report.figures import (
    Writer,
    cell,
    decimals,
    difference,
    money,
    number,
    percent,
)

__all__ = ["ABLATION", "FEW", "ROW_COLOURS", "ablation_head", "ablation_rows", "row_names"]

ABLATION = (
    "The same bars, each row with one model more. By chance: the share of random decisions of the "
    "same kind that are as good before costs; 50 % is what chance does, and a row helped at 0.5 % "
    "or less. Change: of the Sharpe ratio from the row above; trading less or smaller moves it."
)
# Colour-blind safe (Okabe and Ito), in the order of the rows
ROW_COLOURS = ("#8c959f", "#e69f00", "#56b4e9", "#009e73", "#0a3d91")
Columns = tuple[tuple[str, str, Writer], ...]
COLUMNS: Columns = (
    ("trades", "Trades", money),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("net_profit", "Net profit", money),
    ("sharpe", "Sharpe", decimals(2)),
    ("max_drawdown", "Drawdown", percent),
)

FEW = tuple(column for column in COLUMNS if column[0] in ("trades", "sharpe", "max_drawdown"))


def row_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the model that each row adds.

    >>> row_names([{"name": "technical"}, {"name": "signal"}])
    ['technical', '+ signal']
    """
    return [f"{'+ ' if place else ''}{row['name']}" for place, row in enumerate(rows)]


def ablation_head(columns: Columns = COLUMNS) -> list[str]:
    """Return the heads of the columns."""
    return ["Added", *(label for _, label, _ in columns), "Change, 95 %", "By chance", "Verdict"]


def ablation_rows(rows: Sequence[Mapping[str, Any]], columns: Columns = COLUMNS) -> list[list[str]]:
    """Return a line of cells for each row of a summary's `ablation`."""
    cells = [ablation_cells(row, columns) for row in rows]
    return [[name, *own] for name, own in zip(row_names(rows), cells, strict=True)]


def ablation_cells(row: Mapping[str, Any], columns: Columns) -> list[str]:
    """Return the cells of a row after its name."""
    cells = [cell(row.get(key), write) for key, _, write in columns]
    if row["against"] is None:
        return [*cells, "", "", ""]
    _, span = difference(row["against"]["sharpe"], decimals(2))
    chance = row["chance"]
    tested = "not tested" if chance is None else percent(chance["p_value"])
    return [*cells, span, tested, row["verdict"]]
