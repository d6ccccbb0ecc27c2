"""What the charts of report.html are drawn from, as JSON."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.report.difference import difference_parts
from bt_fusion.report.figures import payoff_text
from bt_fusion.report.model_figures import (
    MOST_FEATURES,
    one_sided,
    refit_aucs,
    reliability_of,
    thresholds,
)
from bt_fusion.report.ranking import QUARTILES, ranking_of
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.report.surviving import surviving
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["milliseconds", "page_data", "typed"]

PRICES = ("open", "high", "low", "close")


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
    """Return the account at each close, of each run and of buy and hold."""
    drawn = [name for name in ("buy_hold", *run.runs) if name in run.equity]
    time = typed(milliseconds(run.equity.datetime), "float64")
    return {"time": time, **{name: typed(run.equity[name]) for name in drawn}}


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
        "symbols": [symbol_data(run, symbol, own) for symbol, own in signals.items()],
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


def symbol_data(run: SavedRun, symbol: str, signals: SignalBars) -> dict[str, Any]:
    """Return one symbol's bars, predictions, signals and trades."""
    bars = run.of_symbol(run.bars, symbol)
    predicted = run.of_symbol(run.predictions, symbol).set_index("datetime").reindex(bars.datetime)
    three = len(run.summary["model"]["classes"]) == 3 and not one_sided(run.predictions)
    return {
        "name": symbol,
        "time": typed(milliseconds(bars.datetime), "float64"),
        **{name: typed(bars[name]) for name in PRICES},
        "up": typed(predicted.probability_up),
        "down": typed(predicted.probability_down) if three else None,
        "confidence": typed(predicted.confidence),
        "signal": typed(signals.table.signal, "int8"),
        "regime": typed(signals.table.regime, "int8"),
        **marks(run, symbol),
    }


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


def typed(values: Any, dtype: str = "float32") -> dict[str, str]:
    """Return values as little-endian bytes in base64, with the type to read them as.

    >>> typed([1, -1], "int8")
    {'dtype': 'int8', 'data': 'Af8='}
    """
    array = np.asarray(values).astype(np.dtype(dtype).newbyteorder("<"))
    return {"dtype": dtype, "data": b64encode(array.tobytes()).decode("ascii")}


def milliseconds(times: Any) -> np.ndarray:
    """Return stamps as milliseconds since 1970, NaN for NaT, as JavaScript counts them.

    >>> milliseconds(np.array(["1970-01-01T00:00:01", "NaT"], "datetime64[ns]"))
    array([1000.,   nan])
    """
    stamps = np.asarray(times).astype("datetime64[us]")
    counted = stamps.astype(np.int64) / 1_000
    return np.where(np.isnat(stamps), np.nan, counted)


MAKERS: dict[str, Callable[[SavedRun], Any]] = {
    "thresholds": thresholds,
    "equity": equity_data,
    "difference": difference_data,
    "reliability": reliability_of,
    "refits": refit_data,
    "importances": importance_data,
    "placebo": placebo_data,
    "ranking": ranking_data,
}
