"""Data of the charts in report.html, as JSON."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from bt_fusion.report.charts.chance_range import chance_ranges
from bt_fusion.report.charts.entry_quarters import EntryQuarters, entry_quarters
from bt_fusion.report.difference import difference_parts, robustness_factors
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.report.figures import payoff_text
from bt_fusion.report.html.columns.symbol_columns import (
    bar_columns,
    grouped_columns,
    milliseconds,
    own_rows,
    symbol_table,
    typed,
)
from bt_fusion.report.html.columns.thinned import MOST_ROWS, detail_rows, extreme_rows
from bt_fusion.report.html.columns.trade_columns import trade_columns
from bt_fusion.report.model_figures import (
    MOST_FEATURES,
    refit_aucs,
    reliability_of,
    thresholds,
)
from bt_fusion.report.ranking import QUARTILES, ranking_of
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.report.signals import SignalBars, probability_names
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["page_data"]


def page_data(run: SavedRun, view: SignalView = DEFAULT_VIEW) -> dict[str, Any]:
    """Return everything the charts need; long columns are `typed` arrays.

    What cannot be made is left empty.
    """
    data: dict[str, Any] = {"runs": run.runs, "symbols": []}
    for name, make in MAKERS.items():
        with errors_as_warnings(f"the chart of {name} in report.html"):
            data[name] = make(run)
    with errors_as_warnings("the charts of candles and signals in report.html"):
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
    """Return the health of each symbol's models over time, and the times of their alarms."""
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


def reliability_class(run: SavedRun) -> str:
    """Return the name of the probability whose reliability is drawn, such as P(up)."""
    return probability_names(run)[0]


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
    """Return the most important features, and their importance."""
    importances = run.summary["model"].get("importances", {}).items()
    return [list(pair) for pair in list(importances)[:MOST_FEATURES]]


def difference_data(run: SavedRun) -> list[list[Any]]:
    """Return the parts of the difference in profit by name, in cash."""
    return [list(pair) for pair in difference_parts(run.summary["comparison"] or {}).items()]


def ranking_data(run: SavedRun) -> dict[str, Any]:
    """Return the mean net return and the number of trades by quartile of P(side)."""
    found = ranking_of(run.summary)
    if not found or found["reason"]:
        return {}
    return {"names": QUARTILES, "means": found["quartiles"], "counts": found["counts"]}


def quarters_data(run: SavedRun) -> dict[str, Any]:
    """Return the trades of each run by ranges of the probability at entry; empty if too few."""
    found = entry_quarters(run)
    return {} if found is None else {"names": found.names, "runs": quarter_runs(found)}


def quarter_runs(found: EntryQuarters) -> dict[str, Any]:
    """Return the columns of each run, None for a quarter without trades."""
    return {
        name: {
            "counts": found.counts[name].tolist(),
            "win_rates": found.win_rates[name].tolist(),
            "means": found.means[name].tolist(),
        }
        for name in found.counts
    }


def chance_data(run: SavedRun) -> list[dict[str, Any]]:
    """Return the figures of both runs relative to random filters, as numbers and as text."""
    return [
        {
            "label": each.label_with_unit,
            "unit": each.unit,
            "range": [each.low, each.high],
            "middle": each.middle,
            "values": {name: getattr(each, name) for name in run.runs},
            "texts": {name: each.write(getattr(each, name)) for name in run.runs},
            "filters": f"{each.write(each.low)} to {each.write(each.high)}",
        }
        for each in chance_ranges(run.summary)
    ]


def robustness_data(run: SavedRun) -> dict[str, Any]:
    """Return the profit factors of both runs under each condition; empty where unknown."""
    return robustness_factors(run.summary)


def placebo_data(run: SavedRun) -> dict[str, Any] | None:
    """Return the placebo from the summary."""
    return (run.summary.get("statistics") or {}).get("placebo")


def symbols_data(run: SavedRun, view: SignalView) -> dict[str, Any]:
    """Return each symbol's columns, and where the chart of signals opens."""
    signals = {symbol: SignalBars.of_run(run, symbol) for symbol in run.symbols}
    return {
        "signals": signal_data(run, signals, view),
        "symbols": [symbol_data(run, symbol, own, view) for symbol, own in signals.items()],
    }


def signal_data(run: SavedRun, signals: dict[str, SignalBars], view: SignalView) -> dict[str, Any]:
    """Return the title of the signal chart, its lines, and the range it opens on."""
    symbol = view.symbol_of(run)
    own = signals[symbol]
    view.rows(pd.DatetimeIndex(own.table.index))  # raises if there are none to show
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
    """Return one symbol's bars, predictions and signals.

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
    return found


MAKERS: dict[str, Callable[[SavedRun], Any]] = {
    "thresholds": thresholds,
    "equity": equity_data,
    "difference": difference_data,
    "reliability": reliability_of,
    "reliability_of": reliability_class,
    "refits": refit_data,
    "health": health_data,
    "pooled_auc": pooled_auc,
    "importances": importance_data,
    "placebo": placebo_data,
    "ranking": ranking_data,
    "quarters": quarters_data,
    "chance": chance_data,
    "robustness": robustness_data,
    "trades": trade_columns,
}
