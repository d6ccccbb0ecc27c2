"""Closed trades in groups: by symbol, by exit reason, by calendar period of the exit."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bt_fusion.errors import unknown_name
from bt_fusion.statistics.performance import LEAST_TRADES, trade_figures

__all__ = [
    "PERIODS",
    "breakdown",
    "by_reason",
    "check_periods",
    "closed_trades",
    "figures_of_symbol",
]

LABELS = {"day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m"}
PERIODS = {"day": "D", "week": "W", "month": "M"}
COUNTED = ("trades", "won", "net_profit")


def closed_trades(trades: pd.DataFrame) -> pd.DataFrame:
    """Return the closed trades, with `return`: pnl as a fraction of the entry's value."""
    closed = trades[trades.exit_reason != "open"]
    return closed.assign(**{"return": closed.pnl / (closed.entry_price * closed["size"])})


def figures_of_symbol(trades: pd.DataFrame, symbol: str) -> dict[str, Any]:
    """Return `trade_figures` of a symbol's closed trades, and its commission.

    sqn is None below `LEAST_TRADES` trades.

    >>> rows = [("A", 9.0, 1.0, 100.0, 1.0, "horizon"), ("B", -5.0, 1.0, 50.0, 2.0, "stop")]
    >>> names = ["symbol", "pnl", "commission", "entry_price", "size", "exit_reason"]
    >>> figures = figures_of_symbol(pd.DataFrame(rows, columns=names), "B")
    >>> figures["trades"], figures["expectancy"], figures["commission"]
    (1, -0.05, 1.0)
    """
    own = trades[trades.symbol == symbol]
    closed = closed_trades(own)
    found = trade_figures(closed.pnl.to_numpy(float), closed["return"].to_numpy(float))
    few = {"sqn": None} if len(closed) < LEAST_TRADES else {}
    return {**found, **few, "commission": float(own.commission.sum())}


def by_reason(trades: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Sum up closed trades by exit reason, the most frequent first.

    Each group has trades, won, win_rate, expectancy (mean return) and net_profit.
    """
    groups = closed_trades(trades).groupby("exit_reason", sort=False)
    found = {str(reason): _summed(group) for reason, group in groups}
    return dict(sorted(found.items(), key=lambda item: -item[1]["trades"]))


def check_periods(periods: Sequence[str]) -> tuple[str, ...]:
    """Return the periods without repetition; OptionError for one that is not in `PERIODS`."""
    for period in periods:
        if period not in PERIODS:
            raise unknown_name("breakdown", period, PERIODS)
    return tuple(dict.fromkeys(periods))


def breakdown(trades: dict[str, pd.DataFrame], period: str) -> list[dict[str, Any]]:
    """Sum up closed trades by the calendar period (UTC) of their exit.

    Parameters
    ----------
    trades : dict of DataFrame
        By run, "off" or "on".
    period : {"day", "week", "month"}
        Weeks begin on Monday and are named by its date.

    Returns
    -------
    list of dict
        In time order, one for each period in which a run closed a trade: start, and for each run,
        as ml_off and ml_on: trades, won, net_profit (cash, after commission).
    """
    parts = [closed_trades(table).assign(run=name) for name, table in trades.items()]
    closed = pd.concat(parts)
    exits = pd.DatetimeIndex(closed.exit_time)
    start = exits.to_period(PERIODS[period]).start_time.strftime(LABELS[period])
    groups = closed.assign(start=start).groupby(["start", "run"])
    found = {(str(day), name): _summed(group) for (day, name), group in groups}
    nothing = dict.fromkeys(COUNTED, 0)
    rows: list[dict[str, Any]] = []
    for day in sorted({day for day, _ in found}):
        made = {name: found.get((day, name), nothing) for name in trades}
        counted = {f"ml_{name}": {key: made[name][key] for key in COUNTED} for name in trades}
        rows.append({"start": day, **counted})
    return rows


def _summed(closed: pd.DataFrame) -> dict[str, Any]:
    figures = trade_figures(closed.pnl.to_numpy(float), closed["return"].to_numpy(float))
    return {key: figures[key] for key in (*COUNTED, "win_rate", "expectancy")}
