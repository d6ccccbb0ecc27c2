"""Sections of report.html on the result: figures, trades, months."""

from typing import Any

import numpy as np

from bt_fusion.report.calendar_returns import PeriodReturns, period_returns
from bt_fusion.report.figure_table import ROWS, drawn, false_by_chance, figure_rows, with_chance
from bt_fusion.report.figures import (
    NONE,
    Writer,
    cell,
    count,
    decimals,
    difference,
    money,
    percent,
    short_percent,
    signed,
)
from bt_fusion.report.trade_groups import (
    agreement_table_of,
    agreement_title,
    has_agreement_table,
    reason_table_of,
    symbol_table_of,
)
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = [
    "agreement_section",
    "attribution_section",
    "figures_section",
    "key_figures",
    "periods_section",
    "reasons_section",
    "symbols_section",
]

KEY_FIGURES = ("net_profit", "sharpe", "max_drawdown", "profit_factor", "win_rate", "trades")
MEANINGS = {
    "kept": "the same bar, side and size in both runs",
    "resized": "the same bar and side, another size",
    "retimed": "the same signal, entered at another bar",
    "vetoed": "only in ML off: vetoed, or ML on was in another trade",
    "added": "only in ML on",
    "open": "not closed at the end",
}
# key in summary["statistics"], its name, how to write it
STATISTICS: tuple[tuple[str, str, Writer], ...] = (
    (
        "psr",
        "Probabilistic Sharpe ratio: how likely the Sharpe ratio of ML on is really above 0",
        percent,
    ),
    (
        "dsr",
        "Deflated Sharpe ratio: how likely it is really above what luck gives the best variant",
        percent,
    ),
    ("trials", "Variants tried on these bars (more variants, more luck to beat)", money),
    ("pbo", "Probability of backtest overfitting", percent),
    (
        "min_track_record",
        "Minimum track record: bars until the probabilistic Sharpe ratio reaches 95\u00a0%",
        money,
    ),
    ("edge.sharpe", "Sharpe ratio per bar of what ML earns more than random filters", decimals(4)),
    ("edge.psr", "How likely that ratio is really above 0", percent),
    (
        "edge.dsr",
        "How likely that ratio is really above what luck gives the best variant",
        percent,
    ),
)


def key_figures(run: SavedRun) -> dict[str, Any]:
    """Return the six most important figures."""
    rows = {key: (label, write) for key, label, write in ROWS}
    return {"cards": [key_card(run, key, *rows[key]) for key in KEY_FIGURES]}


def key_card(run: SavedRun, key: str, label: str, write: Writer) -> dict[str, str]:
    """Return one figure of the last run, the other's, and their difference."""
    values = [cell(run.summary[f"ml_{name}"][key], write) for name in run.runs]
    delta, span = difference((run.summary["comparison"] or {}).get(key), write)
    hold = (run.summary.get("buy_hold") or {}).get(key)
    chance = (run.summary["comparison"] or {}).get("chance") or {}
    return {
        "label": f"{label}, ML {run.runs[-1]}",
        "now": values[-1],
        "before": values[0] if len(values) == 2 else "",
        "hold": "" if hold is None else write(hold),
        "chance": drawn(chance.get(key), write, intervals=False),
        "difference": delta,
        "span": span,
    }


def figures_section(run: SavedRun) -> dict[str, Any]:
    """Return the table of every figure, and that of the statistics."""
    return {"runs": figures_table(run), "statistics": statistics_table(run)}


def figures_table(run: SavedRun) -> dict[str, Any]:
    """Return every figure: off, on, difference, 95 % interval."""
    head, rows = figure_rows(run.summary, run.runs)
    false = (run.summary["comparison"] or {}).get("false_signals")
    if false:
        change = false_signals_change(false)
        shares = [cell(false[name], percent) for name in ("off", "on")]
        if run.summary["comparison"].get("chance"):
            shares = with_chance(shares, false_by_chance(run.summary["comparison"]))
        hold = [""] if run.summary.get("buy_hold") else []
        rows.append(["False signals: share of entries that lost", *shares, *hold, change, ""])
    caption = "Every figure of both runs, over the same bars and costs"
    return {"caption": caption, "head": head, "rows": rows}


def false_signals_change(false: dict[str, Any]) -> str:
    """Format the difference of the shares of losing entries, and what part of ML off's it is.

    >>> false_signals_change({"off": 0.8, "on": 0.6, "change": -0.25})
    '-20.0 points (25.0 % fewer)'
    """
    change = false["change"]
    if change is None:
        return NONE
    part = f" ({percent(abs(change))} {'fewer' if change < 0 else 'more'})" if change else ""
    return f"{100 * (false['on'] - false['off']):+.1f} points{part}"


def statistics_table(run: SavedRun) -> dict[str, Any]:
    """Return the statistics, no row where there are none."""
    found = run.summary.get("statistics") or {}
    edge = {f"edge.{key}": value for key, value in (found.get("edge") or {}).items()}
    values = {**found, **edge}
    rows = [[name, cell(values[key], write)] for key, name, write in STATISTICS if key in values]
    return {"caption": "Statistics", "head": ["", "Value"], "rows": rows}


def agreement_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of entries by whether ML agreed with them, or None."""
    found = run.summary.get("fused_vs_technical") or {}
    if not has_agreement_table(found):
        return None
    head, rows = agreement_table_of(found)
    return {"caption": agreement_title(found), "head": head, "rows": rows}


def symbols_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of symbols, None for a single one."""
    if "symbols" not in run.summary:
        return None
    head, rows = symbol_table_of(run.summary)
    return {"caption": "Closed trades of each symbol", "head": head, "rows": rows}


def reasons_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the table of exit reasons, None if all trades end for the same one."""
    trades = {name: run.trades[run.trades.run == name] for name in run.runs}
    head, rows = reason_table_of(trades)
    if len(rows) <= len(run.runs):
        return None
    return {"caption": "Closed trades by what ended them", "head": head, "rows": rows}


def attribution_section(run: SavedRun) -> dict[str, Any] | None:
    """Return the categories of trades, and their parts of the difference between the runs.

    None where there are no trades of two runs to match.
    """
    comparison = run.summary["comparison"]
    if not comparison or "trades" not in comparison:
        return None
    split = comparison.get("attribution")
    if not split:
        counts = comparison["trades"]
        return {
            "caption": "Trades of the two runs, matched by bar and side",
            "head": ["", "Trades"],
            "rows": [category(name, [count(counts[name])]) for name in MEANINGS],
            "bars": False,
            "charted": False,
        }
    most = max((abs(part["pnl"]) for part in split.values()), default=0) or 1
    rows = [
        category(name, split_cells(part), bar=part["pnl"] / most) for name, part in split.items()
    ]
    trades, pnl = (sum(part[key] for part in split.values()) for key in ("trades", "pnl"))
    sums = [count(trades), "", "", signed(pnl)]
    return {
        "caption": "Difference in profit between ML on and ML off, in cash",
        "head": ["", "Trades", "Won", "Lost", "Difference", ""],
        "rows": [*rows, {"name": "Sum", "cells": sums, "total": True}],
        "bars": True,
    }


def category(name: str, cells: list[str], **more: float) -> dict[str, Any]:
    """Return the row of a category of trades."""
    meaning = MEANINGS.get(name, "")
    return {"name": name.capitalize(), "meaning": meaning, "cells": cells, "total": False, **more}


def split_cells(part: dict[str, Any]) -> list[str]:
    """Return the trades of a category, those won and lost, and their contribution."""
    won, lost = (cell(part.get(key), money) for key in ("won", "lost"))
    return [count(part["trades"]), won, lost, signed(part["pnl"])]


def periods_section(run: SavedRun) -> dict[str, Any]:
    """Return heat maps of returns by calendar: off, on, difference."""
    found = period_returns(run.equity[["datetime", *run.runs]])
    maps = {f"ML {name}": (found.values[name], found.totals[name]) for name in run.runs}
    if len(run.runs) == 2:
        maps["Difference"] = tuple(
            part["on"] - part["off"] for part in (found.values, found.totals)
        )
    shown = "Difference" if len(maps) == 3 else next(iter(maps))
    return {
        "kind": found.kind,
        "head": ["", *found.columns, "Year" if found.kind == "Monthly" else "Week"],
        "maps": [
            {"name": name, "shown": name == shown, "rows": heat_rows(found, *grid)}
            for name, grid in maps.items()
        ],
    }


def heat_rows(found: PeriodReturns, values: np.ndarray, totals: np.ndarray) -> list[dict[str, Any]]:
    """Return rows of cells coloured by value: blue above zero, orange below."""
    finite = np.abs(values[np.isfinite(values)])
    scale = max(0.001, float(np.quantile(finite, 0.95)) if len(finite) else 0)
    return [
        {
            "name": name,
            "cells": [tinted(value, scale) for value in line],
            "total": short_percent(total),
        }
        for name, line, total in zip(found.lines, values, totals, strict=True)
    ]


def tinted(value: float, scale: float) -> dict[str, Any] | None:
    """Return a number with its sign and tint, None for no number."""
    if not np.isfinite(value):
        return None
    strength = round(60 * min(1.0, abs(value) / scale))
    return {
        "text": short_percent(value),
        "sign": "minus" if value < 0 else "plus",
        "tint": strength,
    }
