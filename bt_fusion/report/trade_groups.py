"""Tables of closed trades in groups, for the terminal and the page."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from bt_fusion.report.figures import (
    Writer,
    basis,
    cell,
    count,
    difference,
    interval,
    money,
    number,
    percent,
    threshold_text,
)
from bt_fusion.saved_runs.trade_groups import by_reason

__all__ = [
    "RUNS",
    "agreement_table_of",
    "agreement_title",
    "has_agreement_table",
    "present",
    "reason_table_of",
    "symbol_table_of",
]

RUNS = {"ml_off": "off", "ml_on": "on"}
SYMBOL_COLUMNS: tuple[tuple[str, str, Writer], ...] = (
    ("trades", "Trades", money),
    ("won", "Won", money),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("expectancy", "Expectancy", basis),
    ("net_profit", "Net profit", money),
)
REASON_COLUMNS: tuple[tuple[str, str, Writer], ...] = (
    ("trades", "Trades", money),
    ("win_rate", "Win rate", percent),
    ("expectancy", "Mean return", basis),
    ("net_profit", "Net profit", money),
)

GROUPS = {"agreed": "ML agreed", "disagreed": "ML disagreed", "unknown": "No prediction"}
BOTH = ("agreed", "disagreed")
FIGURES: tuple[tuple[str, str, Writer], ...] = (
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("expectancy", "Expectancy", partial(percent, digits=2)),
)


def has_agreement_table(found: dict[str, Any] | None) -> bool:
    """Return whether there is a table; entries that ML passed all agree with it."""
    if not found:
        return False
    return bool(found["run"] == "off" or found["disagreed"]["trades"])


def agreement_title(found: dict[str, Any]) -> str:
    """Return whose entries these are, and the definition of agreement.

    >>> agreement_title({"run": "off", "threshold": 0.6, "voting": "soft"})
    'Did ML agree with the entries of ML off? Agreed: its probability is 0.60 or more'
    >>> agreement_title({"run": "off", "threshold": "auto", "voting": "majority"})
    'Did ML agree with the entries of ML off? Agreed: the vote is for its side'
    >>> found = {"run": "off", "threshold": 0.6, "voting": "soft", "own_rule": True}
    >>> agreement_title(found)[41:]
    'Agreed: its probability is 0.60 or more (your strategy has its own rule, and no ml_threshold \
to read it from)'
    """
    least = found["threshold"]
    if found["voting"] == "majority":
        share = "" if least == "auto" else f", with {least:.0%} of the votes or more"
        definition = f"the vote is for its side{share}"
    elif least == "auto":
        definition = "its probability reaches the break-even probability of its bar (auto)"
    else:
        definition = f"its probability is {threshold_text(least)} or more"
    if found.get("own_rule") and found["voting"] != "majority":
        definition += " (your strategy has its own rule, and no ml_threshold to read it from)"
    return f"Did ML agree with the entries of ML {found['run']}? Agreed: {definition}"


def agreement_table_of(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table: agreed, disagreed, and trades without a prediction if any.

    If both groups have trades, a last column is agreed minus disagreed. Each figure has its 95 %
    interval below it.
    """
    groups = [name for name in GROUPS if name in BOTH or found[name]["trades"]]
    own, last = [found[name] for name in groups], found["difference"]
    both = all(found[name]["trades"] for name in BOTH)
    rows = [["Trades", *(count(group["trades"]) for group in own), ""]]
    for key, label, write in FIGURES:
        delta, span = difference(last[key], write)
        rows.append([label, *(cell(group[key], write) for group in own), delta])
        rows.append(["95 % interval", *(interval(g["ci95"][key], write) for g in own), span])
    rows.append(["Net profit", *(money(group["net_profit"]) for group in own), ""])
    head = ["", *(GROUPS[name] for name in groups), "Difference"]
    return (head, rows) if both else (head[:-1], [row[:-1] for row in rows])


def symbol_table_of(summary: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the closed trades of each symbol, and of all; a row for each run."""
    groups = [*summary["symbols"].items(), ("TOTAL", summary)]
    return _run_rows("Symbol", SYMBOL_COLUMNS, groups, present(summary))


def present(summary: Mapping[str, Any]) -> list[str]:
    """Return the runs that were made."""
    return [run for run in RUNS if summary.get(run)]


def reason_table_of(trades: Mapping[str, pd.DataFrame]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the closed trades by exit reason; a row for each run.

    Parameters
    ----------
    trades : mapping of DataFrame
        By run, "off" or "on".
    """
    found = {f"ml_{name}": by_reason(table) for name, table in trades.items()}
    reasons = dict.fromkeys(reason for figures in found.values() for reason in figures)
    groups = [(reason, {run: found[run].get(reason) for run in found}) for reason in reasons]
    return _run_rows("Reason", REASON_COLUMNS, groups, list(found))


def _run_rows(
    first: str,
    columns: tuple[tuple[str, str, Writer], ...],
    groups: Iterable[tuple[str, Mapping[str, Any]]],
    runs: list[str],
) -> tuple[list[str], list[list[str]]]:
    """Return head and rows, the group's name in the first row of each."""
    rows = []
    for name, group in groups:
        for run in runs:
            figures = group[run] or {}
            cells = [cell(figures.get(key), write) for key, _, write in columns]
            rows.append([name if run == runs[0] else "", RUNS[run], *cells])
    return [first, "ML", *(label for _, label, _ in columns)], rows
