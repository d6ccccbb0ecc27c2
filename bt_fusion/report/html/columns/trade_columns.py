"""Trades of both runs as columns, for the list and the marks among the candles."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.report.html.columns.symbol_columns import milliseconds, typed
from bt_fusion.saved_runs.entry_probabilities import entry_probabilities
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["ENTRY", "VETOED", "trade_columns"]

ENTRY, VETOED = 1, 2  # mark of a trade among the candles; 0 for none


def trade_columns(run: SavedRun) -> dict[str, Any]:
    """Return all trades in order of entry.

    `run` and `symbol` are places in the run's lists, `reason` is one in `reasons`; `side` is 1 or
    -1, `pnl` in cash, `gain` the return, `drawn` how it is marked. An open trade has no exit time.
    """
    trades = run.trades.assign(
        probability=entry_probabilities(run), drawn=drawn_as(run), gain=returns_of(run.trades)
    ).sort_values("entry_time", kind="stable")
    reasons = [str(reason) for reason in trades.exit_reason.unique()]
    still_open = (trades.exit_reason == "open").to_numpy()
    exits = np.where(still_open, np.nan, milliseconds(trades.exit_time))
    bars = trades.bars if "bars" in trades else np.full(len(trades), np.nan)  # of older versions
    return {
        "reasons": reasons,
        "time": typed(milliseconds(trades.entry_time), "float64"),
        "exit_time": typed(exits, "float64"),
        "run": typed(places(trades.run, run.runs), "int8"),
        "symbol": typed(places(trades.symbol, run.symbols), "uint16"),
        "side": typed(np.where(trades.side == "long", 1, -1), "int8"),
        "price": typed(trades.entry_price),
        "exit_price": typed(trades.exit_price),
        "gain": typed(trades.gain),
        "pnl": typed(trades.pnl),
        "bars": typed(bars),
        "probability": typed(trades.probability),
        "reason": typed(places(trades.exit_reason, reasons), "uint16"),
        "drawn": typed(trades.drawn, "int8"),
    }


def drawn_as(run: SavedRun) -> np.ndarray:
    """Return how each trade is marked, in the order of `run.trades`.

    Entries are those of ML-on if it ran. Vetoed entries are those of ML-off without an ML-on entry
    on the same bar and side.
    """
    shown = (run.trades.run == run.runs[-1]).to_numpy()
    keys = pd.MultiIndex.from_frame(run.trades[["symbol", "entry_time", "side"]])
    vetoed = ~shown & ~keys.isin(keys[shown]) & (len(run.runs) == 2)
    return np.select([shown, vetoed], [ENTRY, VETOED], 0)


def returns_of(trades: pd.DataFrame) -> pd.Series:
    """Return the profit of each trade as a fraction of the entry's value."""
    return trades.pnl / (trades.entry_price * trades["size"])


def places(values: pd.Series, known: list[str]) -> np.ndarray:
    """Return the index of each value in a list."""
    if len(known) == 1:
        return np.zeros(len(values), dtype=int)
    return pd.Index(known).get_indexer(pd.Index(values.astype(str)))
