"""Costs of each trade, and its returns."""

import numpy as np
import pandas as pd

__all__ = ["costs_paid", "entry_values", "net_returns"]


def entry_values(trades: pd.DataFrame) -> np.ndarray:
    """Return the cash value of each position at its entry, shape (n_trades,)."""
    known = trades["value"] if "value" in trades else trades.entry_price * trades["size"]
    return known.to_numpy(dtype=float)


def net_returns(trades: pd.DataFrame) -> np.ndarray:
    """Return profit after costs as a fraction of the value at entry, shape (n_trades,)."""
    return trades.pnl.to_numpy(dtype=float) / entry_values(trades)


def costs_paid(trades: pd.DataFrame, slippage: float = 0.0) -> np.ndarray:
    """Return commission and slippage of each trade in cash, shape (n_trades,).

    Parameters
    ----------
    trades : DataFrame
        As in `Run.trades`.
    slippage : float
        Fraction of the price lost at each fill of a market or stop order. Limit orders, and the
        last close that values open trades, have none. Every entry counts as a market order. The
        broker keeps a fill inside its bar, so this is an upper limit.

    Examples
    --------
    A long position of 10: bought at 101 where the open was 100, sold at 99 where it was 100.

    >>> row = {"side": "long", "entry_price": 101.0, "exit_price": 99.0, "size": 10.0}
    >>> row |= {"commission": 2.0, "exit_reason": "flip"}
    >>> costs_paid(pd.DataFrame([row]), slippage=0.01).round(9)
    array([22.])
    """
    long = (trades.side == "long").to_numpy()
    entry, exit = (trades[name].to_numpy(dtype=float) for name in ("entry_price", "exit_price"))
    units = entry_values(trades) / entry
    slipped = ~trades.exit_reason.isin(["open", "limit"]).to_numpy()
    bought, sold = slippage / (1 + slippage), slippage / (1 - slippage)
    lost = entry * np.where(long, bought, sold) + slipped * exit * np.where(long, sold, bought)
    return trades.commission.to_numpy(dtype=float) + units * lost
