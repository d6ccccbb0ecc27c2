"""The ablation of a managed trade as rows, the same in the terminal and the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from bt_fusion.report.figures import (
    cell,
    count,
    decimals,
    difference,
    money,
    number,
    percent,
)

__all__ = ["ABLATION", "ablation_head", "ablation_rows"]

ABLATION = (
    "The same bars, with one model after the other. By chance: the share of random decisions at "
    "least as good, as many and at the same age of a trade, before costs; a row helped where it is "
    "0.5 % or less, as the verdict asks. The interval is that of the Sharpe ratio's "
    "difference from the row above."
)
COLUMNS = (
    ("trades", "Trades", money),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("net_profit", "Net profit", money),
    ("sharpe", "Sharpe", decimals(2)),
    ("max_drawdown", "Drawdown", percent),
)


def ablation_head() -> list[str]:
    """Return the heads of the columns."""
    return ["Added", *(label for _, label, _ in COLUMNS), "Sharpe, 95 %", "By chance", "Verdict"]


def ablation_rows(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return a line of cells for each row of a summary's `ablation`."""
    return [ablation_row(row, first=not place) for place, row in enumerate(rows)]


def ablation_row(row: Mapping[str, Any], first: bool) -> list[str]:
    """Return the cells of a row."""
    cells = [cell(row.get(key), write) for key, _, write in COLUMNS]
    if first:
        return [row["name"], *cells, "", "", ""]
    _, span = difference(row["against"]["sharpe"], decimals(2))
    chance = row["chance"]
    tested = "not tested"
    if chance is not None:
        tested = f"{percent(chance['p_value'])} of {count(chance['draws'])}"
    return [f"+ {row['name']}", *cells, span, tested, row["verdict"]]
