"""Closed trades of a run, as input of the random subsets."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from bt_fusion.verdict.placebos.trades import Trades, trade_paths

__all__ = ["trade_paths_of"]


def trade_paths_of(
    trades: pd.DataFrame, bars: pd.DataFrame | Mapping[str, pd.DataFrame], stamps: pd.DatetimeIndex
) -> Trades:
    """Return a run's closed trades, with their gains at each timestamp."""
    closed = trades[trades.exit_reason != "open"]
    if isinstance(bars, pd.DataFrame):
        parts = [(closed, bars)]
    else:
        parts = [(closed[closed.symbol == symbol], own) for symbol, own in bars.items()]
    every = [_trades(part, own, stamps) for part, own in parts]
    entry, exit, net, share = (
        np.concatenate([getattr(trades, name) for trades in every])
        for name in ("entry", "exit", "net", "share")
    )
    kinds = [kind for trades in every for kind in trades.kind]
    path = vstack([trades.path for trades in every]).tocsr()
    return Trades(kinds, entry, exit, net, share, path)


def _trades(closed: pd.DataFrame, bars: pd.DataFrame, stamps: pd.DatetimeIndex) -> Trades:
    """Return the closed trades of one symbol."""
    entry, exit = (
        bars.index.searchsorted(pd.DatetimeIndex(closed[name]))
        for name in ("entry_time", "exit_time")
    )
    bought, sold, size, pnl, share = (
        closed[name].to_numpy(dtype=float)
        for name in ("entry_price", "exit_price", "size", "pnl", "share")
    )
    weight = np.where(closed.side == "long", share, -share)
    opens = bars["open"].to_numpy(dtype=float)
    own = trade_paths(opens, entry, exit, bought, sold, weight).tocoo()
    at = stamps.searchsorted(bars.index)
    path = csr_array((own.data, (own.row, at[own.col])), shape=(len(closed), len(stamps)))
    kinds = list(zip(closed.symbol, closed.side, strict=True))
    return Trades(kinds, at[entry], at[exit], pnl / (size * bought), share, path)
