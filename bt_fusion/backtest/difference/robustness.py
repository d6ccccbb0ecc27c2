"""Figures of both runs with fills a bar later, twice the costs, or without the best trades."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.difference.trade_costs import (
    costs_paid,
    entry_values,
    net_returns,
)
from bt_fusion.saved_runs.trade_groups import closed_trades
from bt_fusion.statistics.performance import profit_factor

__all__ = ["BEST", "delayed_returns", "returns_at_double_costs", "robustness", "without_best"]

BEST = 5  # trades left out
Bars = Mapping[str, pd.DataFrame]


def robustness(
    off: pd.DataFrame,
    on: pd.DataFrame,
    bars: Bars,
    slippage: float = 0.0,
) -> dict[str, dict[str, Any]]:
    """Return the figures of both runs under three harsher conditions.

    Parameters
    ----------
    off, on : DataFrame
        Trades as in `Run.trades`; trades open at the end do not count.
    bars : dict of DataFrame
        The traded bars by symbol; a single entry is used for every trade.
    slippage : float
        Of the account, a fraction of the price.

    Returns
    -------
    dict
        delay_1 (every entry and exit filled at the open after its bar), costs_x2 (twice the
        commission and slippage) and without_best_5 (without the five best trades of each run):
        each {p_value, profit_factor: {off, on}, expectancy: {off, on}}, of net returns per trade.
        p_value is None: that of delay_1 comes with the verdict, see `delayed_test`.

    Notes
    -----
    The trades stay the same; a strategy with later fills might trade differently.
    """
    runs = {"off": closed_trades(off), "on": closed_trades(on)}
    ways: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
        "delay_1": lambda trades: delayed_returns(trades, bars, slippage),
        "costs_x2": lambda trades: returns_at_double_costs(trades, slippage),
        f"without_best_{BEST}": lambda trades: without_best(net_returns(trades)),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, way in ways.items():
        made = {run: way(trades) for run, trades in runs.items()}
        found[name] = {
            "p_value": None,
            "profit_factor": {run: profit_factor(own) for run, own in made.items()},
            "expectancy": {run: mean(own) for run, own in made.items()},
        }
    return found


def delayed_returns(trades: pd.DataFrame, bars: Bars, slippage: float = 0.0) -> np.ndarray:
    """Return net returns of closed trades with every fill at the open one bar later.

    An exit on the last bar is filled at its close. Commission is the same fraction of the traded
    value.

    Returns
    -------
    ndarray of float64, shape (n_trades,)
    """
    long = (trades.side == "long").to_numpy()
    entry, exit = (
        delayed_prices(trades.symbol, trades[name], bars, buys, slippage)
        for name, buys in (("entry_time", long), ("exit_time", ~long))
    )
    prices = (trades.entry_price + trades.exit_price).to_numpy(dtype=float)
    traded = entry_values(trades) * prices / trades.entry_price.to_numpy(dtype=float)
    rate = trades.commission.to_numpy(dtype=float) / traded
    return np.where(long, 1, -1) * (exit / entry - 1) - rate * (1 + exit / entry)


def delayed_prices(
    symbols: pd.Series, times: pd.Series, bars: Bars, buys: np.ndarray, slippage: float
) -> np.ndarray:
    """Return the fill prices one bar later, inside that bar's range."""
    prices = np.empty(len(times))
    for symbol, own in bars.items():
        rows = np.full(len(times), True) if len(bars) == 1 else (symbols == symbol).to_numpy()
        place = own.index.searchsorted(pd.DatetimeIndex(times[rows]), side="right")
        open, high, low, close = (
            own[name].to_numpy(dtype=float) for name in ("open", "high", "low", "close")
        )
        bought, sold = (
            np.minimum(open * (1 + slippage), high),
            np.maximum(open * (1 - slippage), low),
        )
        filled = np.where(
            buys[rows], np.append(bought, close[-1])[place], np.append(sold, close[-1])[place]
        )
        prices[rows] = filled
    return prices


def returns_at_double_costs(trades: pd.DataFrame, slippage: float = 0.0) -> np.ndarray:
    """Return net returns with twice the costs, shape (n_trades,)."""
    return net_returns(trades) - costs_paid(trades, slippage) / entry_values(trades)


def without_best(returns: np.ndarray, count: int = BEST) -> np.ndarray:
    """Return the returns without the `count` highest.

    >>> without_best(np.array([0.3, -0.1, 0.2, 0.1]), 2)
    array([-0.1,  0.1])
    """
    order = np.argsort(-returns, kind="stable")
    return returns[np.sort(order[count:])]


def mean(returns: np.ndarray) -> float | None:
    """Return the mean, None without trades."""
    return float(returns.mean()) if len(returns) else None
