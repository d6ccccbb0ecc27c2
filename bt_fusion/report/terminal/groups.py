"""Closed trades in groups as tables on the terminal: by symbol, exit reason and period."""

from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table

from bt_fusion.report.ablation import ABLATION, FEW, ablation_head, ablation_rows
from bt_fusion.report.agreement import agreement_table_of, agreement_title, has_agreement_table
from bt_fusion.report.figures import basis, cell, money, number, percent
from bt_fusion.report.terminal.comparison import comparison_table
from bt_fusion.report.terminal.titled import titled
from bt_fusion.saved_runs.trade_groups import by_reason

__all__ = [
    "ablation_table",
    "agreement_table",
    "breakdown_table",
    "reason_table",
    "result_tables",
    "symbol_table",
]

RUNS = {"ml_off": "off", "ml_on": "on"}
SYMBOL_COLUMNS = (
    ("trades", "Trades", money),
    ("won", "Won", money),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("expectancy", "Expectancy", basis),
    ("net_profit", "Net profit", money),
)
REASON_COLUMNS = (
    ("trades", "Trades", money),
    ("win_rate", "Win rate", percent),
    ("expectancy", "Mean return", basis),
    ("net_profit", "Net profit", money),
)
PERIOD_COLUMNS = (
    ("trades", "Trades", money),
    ("won", "Won", money),
    ("net_profit", "Net profit", money),
)
Columns = tuple[tuple[str, str, Any], ...]


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
    rows = [*summary["symbols"].items(), ("TOTAL", summary)]
    return _table("Symbols", "Symbol", SYMBOL_COLUMNS, rows, present(summary))


def reason_table(trades: dict[str, pd.DataFrame]) -> Table:
    """Return the closed trades by exit reason.

    Parameters
    ----------
    trades : dict of DataFrame
        By run, "off" or "on".
    """
    found = {f"ml_{name}": by_reason(table) for name, table in trades.items()}
    reasons = dict.fromkeys(reason for figures in found.values() for reason in figures)
    rows = [(reason, {run: found[run].get(reason) for run in found}) for reason in reasons]
    return _table("Exit reasons", "Reason", REASON_COLUMNS, rows, list(found))


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


def present(summary: dict[str, Any]) -> list[str]:
    """Return the runs that were made."""
    return [run for run in RUNS if summary.get(run)]


def _table(
    title: str,
    first: str,
    columns: Columns,
    rows: list[tuple[str, dict[str, Any]]],
    runs: list[str],
) -> Table:
    """Return a table with one line per row and run."""
    table = titled(title, first, "ML", *(label for _, label, _ in columns))
    table.columns[1].justify = "left"
    for name, row in rows:
        for run in runs:
            figures = row[run] or {}
            cells = [cell(figures.get(key), write) for key, _, write in columns]
            table.add_row(name if run == runs[0] else "", RUNS[run], *cells)
        table.add_section()
    return table
