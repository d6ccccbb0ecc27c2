"""Buy and hold with the same account on the same bars."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bt_fusion.engine.account import Account
from bt_fusion.statistics.performance import Figures, equity_figures, long_enough

__all__ = ["hold_equity", "hold_figures"]

ANNUAL = ("cagr", "sharpe", "sortino")


def hold_equity(bars: Mapping[str, pd.DataFrame], account: Account) -> pd.Series:
    """Return the value of an account that buys at the start and holds to the end.

    Each symbol gets an equal part of `account.share`, ordered at the close of its first bar and
    filled at the next open, with commission and slippage. It is valued at each close and not sold.
    The account's sizer is not used.

    Parameters
    ----------
    bars : dict of DataFrame
        The traded bars by symbol.
    account : Account

    Returns
    -------
    Series of float64
        Indexed by the timestamps of any symbol.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> float(hold_equity({"A": random_walk(100)}, Account(cash=1_000.0)).iloc[0])
    1000.0
    """
    gains = [
        own_gain(own, account, account.cash * account.share / len(bars)) for own in bars.values()
    ]
    table = pd.concat(gains, axis=1).sort_index().ffill().fillna(0.0)
    return (account.cash + table.sum(axis=1)).rename("buy_hold").rename_axis("datetime")


def own_gain(bars: pd.DataFrame, account: Account, stake: float) -> pd.Series:
    """Return a symbol's gain at each close, from an initial stake in cash."""
    gain = np.zeros(len(bars))
    if len(bars) > 1:
        close = bars.close.to_numpy(dtype=float)
        price = min(bars.open.iloc[1] * (1 + account.slippage), bars.high.iloc[1])
        size = stake / close[0]
        gain[1:] = size * (close[1:] - price) - size * price * account.commission
    return pd.Series(gain, index=bars.index)


def hold_figures(equity: pd.Series) -> Figures:
    """Return net_profit, total_return, cagr, sharpe, sortino, max_drawdown and final_value.

    net_profit is the last value minus the cash: nothing is sold. Annual figures are None for less
    than 30 days, see `run_figures`.
    """
    last = float(equity.iloc[-1])
    profit = last - float(equity.iloc[0])
    figures = {"net_profit": profit, **equity_figures(equity), "final_value": last}
    return figures if long_enough(equity.index) else figures | dict.fromkeys(ANNUAL)
