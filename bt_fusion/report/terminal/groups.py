"""Closed trades in groups as tables on the terminal: by symbol, exit reason and period."""

from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table

from bt_fusion.report.ablation import ABLATION, FEW, ablation_head, ablation_rows
from bt_fusion.report.figures import cell, money
from bt_fusion.report.terminal.comparison import comparison_table
from bt_fusion.report.terminal.titled import titled
from bt_fusion.report.trade_groups import (
    RUNS,
    agreement_table_of,
    agreement_title,
    has_agreement_table,
    present,
    reason_table_of,
    symbol_table_of,
)
from bt_fusion.saved_runs.trade_groups import by_reason

__all__ = [
    "ablation_table",
    "agreement_table",
    "breakdown_table",
    "reason_table",
    "result_tables",
    "symbol_table",
]

PERIOD_COLUMNS = (
    ("trades", "Trades", money),
    ("won", "Won", money),
    ("net_profit", "Net profit", money),
)


def result_tables(summary: dict[str, Any], trades: pd.DataFrame, *, details: bool = False) -> Group:
    """Return the comparison and the tables of symbols, exit reasons, periods and agreement.

    Parameters
    ----------
    summary : dict
        The content of summary.json.
    trades : DataFrame
        Trades of all runs, with a column `run`.
    details : bool
        Exit reasons also where all trades end for the same one; see also `comparison_table`.
    """
    by_run = {RUNS[run]: trades[trades.run == RUNS[run]] for run in present(summary)}
    reasons = set().union(*(by_reason(table) for table in by_run.values()))
    tables = [symbol_table(summary)] if "symbols" in summary else []
    if len(reasons) > 1 or (reasons and details):
        tables.append(reason_table(by_run))
    tables += [breakdown_table(summary, each) for each in summary.get("breakdown", ())]
    if has_agreement_table(summary.get("fused_vs_technical")):
        tables.append(agreement_table(summary["fused_vs_technical"]))
    if summary.get("ablation"):
        tables.append(ablation_table(summary["ablation"]))
    return comparison_table(summary, details=details, groups=tables)


def agreement_table(found: dict[str, Any]) -> Table:
    """Return the entries of a run by whether ML agreed with them."""
    head, rows = agreement_table_of(found)
    table = titled(agreement_title(found), *head)
    for row in rows:
        table.add_row(*row)
    return table


def ablation_table(rows: list[dict[str, Any]]) -> Table:
    """Return the rows of an ablation."""
    first, *rest = ablation_head(FEW)
    table = titled("One model after the other", first, *rest)
    for row in ablation_rows(rows, FEW):
        table.add_row(*row)
    table.caption, table.caption_justify = ABLATION, "left"
    return table


def symbol_table(summary: dict[str, Any]) -> Table:
    """Return the closed trades of each symbol, and of all, ML off and on."""
    return _table("Symbols", *symbol_table_of(summary), len(present(summary)))


def reason_table(trades: dict[str, pd.DataFrame]) -> Table:
    """Return the closed trades by exit reason.

    Parameters
    ----------
    trades : dict of DataFrame
        By run, "off" or "on".
    """
    return _table("Exit reasons", *reason_table_of(trades), len(trades))


def breakdown_table(summary: dict[str, Any], period: str) -> Table:
    """Return the closed trades by calendar period of their exit, off and on side by side."""
    runs = present(summary)
    labels = [f"{label}, {RUNS[run]}" for run in runs for _, label, _ in PERIOD_COLUMNS]
    table = titled(f"By {period} of exit", period.capitalize(), *labels)
    table.columns[0].no_wrap = True  # a truncated date is ambiguous
    for row in summary["breakdown"][period]:
        cells = [cell(row[run][key], write) for run in runs for key, _, write in PERIOD_COLUMNS]
        table.add_row(row["start"], *cells)
    return table


def _table(title: str, head: list[str], rows: list[list[str]], runs: int) -> Table:
    """Return a table with a section for each group, whose rows are the runs."""
    table = titled(title, *head)
    table.columns[1].justify = "left"
    for number, row in enumerate(rows, 1):
        table.add_row(*row, end_section=number % runs == 0)
    return table
