"""Compare ML off and ML on: differences with intervals, and matched trades."""

from typing import Any

import pandas as pd

from bt_fusion.backtest.difference.attribution import (
    attribution,
    trade_counts,
)
from bt_fusion.backtest.difference.matching import attribute_trades, entry_keys
from bt_fusion.data.bars import bars_per_year
from bt_fusion.engine.runner import Run
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.statistics.intervals import return_intervals, trade_intervals
from bt_fusion.statistics.performance import bar_returns

__all__ = ["by_trade", "compare_runs", "false_signals"]

COMPARED = (
    "win_rate",
    "profit_factor",
    "profit_factor_cash",
    "expectancy",
    "net_profit",
    "total_return",
    "sharpe",
    "sortino",
    "max_drawdown",
)


def compare_runs(
    off: Run,
    on: Run,
    bootstrap: Bootstrap = Bootstrap(),
    matches: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Compare two runs over the same bars.

    Parameters
    ----------
    off, on : Run
    bootstrap : Bootstrap
    matches : DataFrame, optional
        Of `attribute_trades`, if already known.

    Returns
    -------
    dict
        For each of `COMPARED` {off, on, delta, ci95}, where ci95 is the interval of the difference
        [low, high], or None, for example without a difference; and false_signals {off, on, change},
        trades (see `trade_counts`) and attribution (see `attribution`).

    Notes
    -----
    Intervals are percentiles of a stationary bootstrap, see `bt_fusion.statistics.intervals`. Total
    return, net profit, Sharpe, Sortino and drawdown resample the paired returns of both runs bar by
    bar; win rate, profit factors and expectancy resample entries in time order, entries of the same
    bar together. Under costs, trading less changes these figures without any skill: an interval
    that excludes zero is not a verdict.
    """
    intervals = _by_bar(off, on, bootstrap) | by_trade(off.trades, on.trades, bootstrap)
    result: dict[str, Any] = {}
    for name in COMPARED:
        before, after = off.figures[name], on.figures[name]
        delta = None if before is None or after is None else after - before
        spread = None if delta is None else intervals[name]
        result[name] = {"off": before, "on": after, "delta": delta, "ci95": spread}
    matches = attribute_trades(off, on) if matches is None else matches
    result["false_signals"] = false_signals(off, on)
    result["trades"] = trade_counts(matches, off)
    result["attribution"] = attribution(off, on, matches)
    return result


def false_signals(off: Run, on: Run) -> dict[str, float | None]:
    """Return the share of entries that ended in a loss, and its change (on - off) / off."""
    shares = [
        run.figures["lost"] / run.figures["trades"] if run.figures["trades"] else None
        for run in (off, on)
    ]
    before, after = shares
    change = (after - before) / before if before and after is not None else None
    return {"off": before, "on": after, "change": change}


def _by_bar(off: Run, on: Run, bootstrap: Bootstrap) -> dict[str, list[float] | None]:
    before, after = (bar_returns(run.equity.to_numpy(dtype=float)) for run in (off, on))
    periods = bars_per_year(pd.DatetimeIndex(off.equity.index))
    found = return_intervals(before, after, periods, bootstrap)
    total, cash = found["total_return"], off.equity.iloc[0]
    found["net_profit"] = None if total is None else [float(cash * bound) for bound in total]
    return found


def by_trade(
    off: pd.DataFrame, on: pd.DataFrame, bootstrap: Bootstrap
) -> dict[str, list[float] | None]:
    """Return the intervals of figures of the closed trades of two runs."""
    columns = []
    for trades in (off, on):
        closed = trades[trades.exit_reason != "open"]
        gain = closed.pnl / (closed.entry_price * closed["size"])
        made = pd.DataFrame({"pnl": closed.pnl, "gain": gain})
        columns.append(made.set_index(pd.MultiIndex.from_frame(entry_keys(closed))))
    paired = pd.concat(columns, axis=1, keys=["off", "on"]).sort_index()
    pnl, gains = (
        paired.xs(name, axis=1, level=1).to_numpy(dtype=float) for name in ("pnl", "gain")
    )
    return trade_intervals(pnl, gains, bootstrap)
