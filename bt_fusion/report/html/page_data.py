"""What the charts of report.html are drawn from, as JSON."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.report.difference import difference_parts
from bt_fusion.report.figures import payoff_text
from bt_fusion.report.html.symbol_columns import (
    bar_columns,
    grouped_columns,
    milliseconds,
    own_rows,
    symbol_table,
    typed,
)
from bt_fusion.report.html.thinned import MOST_ROWS, detail_rows, extreme_rows
from bt_fusion.report.model_figures import (
    MOST_FEATURES,
    refit_aucs,
    reliability_of,
    thresholds,
)
from bt_fusion.report.ranking import QUARTILES, ranking_of
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.report.surviving import surviving
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["page_data"]


def page_data(run: SavedRun, view: SignalView = DEFAULT_VIEW) -> dict[str, Any]:
    """Return everything the charts need; long columns are `typed` arrays.

    What cannot be made is left empty.
    """
    data: dict[str, Any] = {"runs": run.runs, "symbols": []}
    for name, make in MAKERS.items():
        with surviving(f"the chart of {name} in report.html"):
            data[name] = make(run)
    with surviving("the charts of candles and signals in report.html"):
        data |= symbols_data(run, view)
    return data


def equity_data(run: SavedRun) -> dict[str, Any]:
    """Return the account at each close, of each run and of buy and hold.

    Of a long run with the drawdowns, and only the closes at which one of them has an extreme.
    """
    drawn = [name for name in ("buy_hold", *run.runs) if name in run.equity]
    table, time = run.equity[drawn], milliseconds(run.equity.datetime)
    if len(table) > MOST_ROWS:
        below = {f"below_{name}": table[name] / table[name].cummax() - 1 for name in run.runs}
        table = table.assign(**below)
        rows = extreme_rows(table)
        table, time = table.iloc[rows], time[rows]
    return {
        "time": typed(time, "float64"),
        **{name: typed(table[name]) for name in map(str, table)},
    }


def health_data(run: SavedRun) -> list[dict[str, Any]]:
    """Return the health of each symbol's models over time, and the stamps of their alarms."""
    return [
        {
            "symbol": found["symbol"],
            **found["over_time"],
            "time": [str(time) for time in found["over_time"]["time"]],
            "evidence": [value or None for value in found["over_time"]["evidence"]],
            "alarms": [str(alarm["time"]) for alarm in found["alarms"]],
        }
        for found in run.summary["model"].get("health") or []
    ]


def refit_data(run: SavedRun) -> list[dict[str, Any]]:
    """Return each refit, its times and its payoff as text."""
    times = ("start", "end", "trained_until")
    return [
        {
            **refit,
            **{name: str(refit[name]) for name in times},
            "payoff": f"payoff {payoff_text(refit['payoff'])}" if refit["payoff"] else "",
        }
        for refit in refit_aucs(run)
    ]


def pooled_auc(run: SavedRun) -> float | None:
    """Return the AUC of all predictions together."""
    return run.summary["model"].get("auc")


def importance_data(run: SavedRun) -> list[list[Any]]:
    """Return the features that matter most, and how much."""
    importances = run.summary["model"].get("importances", {}).items()
    return [list(pair) for pair in list(importances)[:MOST_FEATURES]]


def difference_data(run: SavedRun) -> list[list[Any]]:
    """Return the parts of the difference in profit by name, in cash."""
    return [list(pair) for pair in difference_parts(run.summary["comparison"] or {}).items()]


def ranking_data(run: SavedRun) -> dict[str, Any]:
    """Return the mean net return and the number of trades by quarter of P(side)."""
    found = ranking_of(run.summary)
    if not found or found["reason"]:
        return {}
    return {"names": QUARTILES, "means": found["quartiles"], "counts": found["counts"]}


def placebo_data(run: SavedRun) -> dict[str, Any] | None:
    """Return the placebo as it is in the summary."""
    return (run.summary.get("statistics") or {}).get("placebo")


def symbols_data(run: SavedRun, view: SignalView) -> dict[str, Any]:
    """Return each symbol's columns, and where the chart of signals opens."""
    signals = {symbol: SignalBars.of_run(run, symbol) for symbol in run.symbols}
    return {
        "signals": signal_data(run, signals, view),
        "symbols": [symbol_data(run, symbol, own, view) for symbol, own in signals.items()],
    }


def signal_data(run: SavedRun, signals: dict[str, SignalBars], view: SignalView) -> dict[str, Any]:
    """Return what the chart of signals is called, where it draws lines, and where it opens."""
    symbol = view.symbol_of(run)
    own = signals[symbol]
    view.rows(pd.DatetimeIndex(own.table.index))  # raises where there is none to show
    until = None if view.until is None else milliseconds([view.until])[0]
    return {
        "names": own.names,
        "levels": own.levels,
        "symbol": run.symbols.index(symbol),
        "bars": view.bars,
        "until": until,
    }


def symbol_data(
    run: SavedRun, symbol: str, signals: SignalBars, view: SignalView = DEFAULT_VIEW
) -> dict[str, Any]:
    """Return one symbol's bars, predictions, signals and trades.

    Of a long run its bars are in groups; those around the view are `detail`, one by one.
    """
    table = symbol_table(run, symbol, signals)
    count, symbols = len(table), len(run.symbols)
    found: dict[str, Any] = {"name": symbol, "count": count, "detail": None}
    found["last"] = float(table.time.iloc[-1])
    if count * symbols <= MOST_ROWS:
        found |= bar_columns(table)
    else:
        shown = own_rows(view, pd.DatetimeIndex(signals.table.index))
        rows = detail_rows(count, symbols, shown)
        found["detail"] = bar_columns(table.iloc[rows])
        found |= grouped_columns(table, symbols)
    return found | marks(run, symbol)


def marks(run: SavedRun, symbol: str) -> dict[str, Any]:
    """Return the entries and exits of the run shown, and the entries ML did not let pass.

    The run shown is ML-on where there is one. Vetoed are entries of ML-off alone: no entry of
    ML-on stands at that bar on that side.
    """
    trades = run.of_symbol(run.trades, symbol)
    shown = trades[trades.run == run.runs[-1]]
    keys = ["entry_time", "side"]
    off = trades[trades.run == "off"] if len(run.runs) == 2 else trades[:0]
    taken = pd.MultiIndex.from_frame(off[keys]).isin(pd.MultiIndex.from_frame(shown[keys]))
    return {"entries": trade_columns(shown), "vetoed": trade_columns(off[~taken])}


def trade_columns(trades: pd.DataFrame) -> dict[str, Any]:
    """Return trades as columns, in order of entry; `side` is 1 or -1, `pnl` in cash."""
    trades = trades.sort_values("entry_time", kind="stable")
    still_open = (trades.exit_reason == "open").to_numpy()
    return {
        "time": typed(milliseconds(trades.entry_time), "float64"),
        "price": typed(trades.entry_price),
        "exit_time": typed(np.where(still_open, np.nan, milliseconds(trades.exit_time)), "float64"),
        "exit_price": typed(trades.exit_price),
        "side": typed(np.where(trades.side == "long", 1, -1), "int8"),
        "pnl": typed(trades.pnl),
    }


MAKERS: dict[str, Callable[[SavedRun], Any]] = {
    "thresholds": thresholds,
    "equity": equity_data,
    "difference": difference_data,
    "reliability": reliability_of,
    "refits": refit_data,
    "health": health_data,
    "pooled_auc": pooled_auc,
    "importances": importance_data,
    "placebo": placebo_data,
    "ranking": ranking_data,
}
