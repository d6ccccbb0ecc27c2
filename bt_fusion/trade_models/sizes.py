"""The sizes a risk model would give to trades with results in another order."""

import numpy as np

from bt_fusion.trade_models.risk_model import RECENT
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["Accounts", "replayed_sizes"]


class Accounts:
    """Many accounts with trades at the same bars, each with its own results.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int):
        self.value, self.top = np.ones(count), np.ones(count)
        self.won: list[np.ndarray] = []
        self.losses = np.zeros(count)

    def states(self) -> np.ndarray:
        """Return the first four of `RISK_FEATURES` of each, shape (count, 4)."""
        recent = self.won[-RECENT:]
        rate = np.mean(recent, axis=0) if recent else np.full(len(self.value), np.nan)
        return np.column_stack([1 - self.value / self.top, self.value, rate, self.losses])

    def add(self, made: np.ndarray) -> None:
        """Add the result of a trade, a fraction of each account."""
        self.value = np.maximum(self.value * (1 + made), 1e-9)
        self.top = np.maximum(self.top, self.value)
        self.won.append(made > 0)
        self.losses = np.where(made > 0, 0.0, self.losses + 1)


def replayed_sizes(
    plan: TradePlan, signal: np.ndarray, returns: np.ndarray, share: float
) -> np.ndarray:
    """Return the multiplier of each trade in accounts with these results.

    Parameters
    ----------
    plan : TradePlan
    signal : ndarray of int64, shape (n_trades,)
        Bars of the trades, ascending; used for the market's part of the features.
    returns : ndarray of float64, shape (n_accounts, n_trades)
        After costs, fractions of the entry price.
    share : float
        Part of the account in a trade of size 1.

    Returns
    -------
    ndarray of float64, shape (n_accounts, n_trades)
    """
    accounts, sizes = Accounts(len(returns)), np.ones(returns.shape)
    for number, bar in enumerate(signal.tolist()):
        risk = plan.models_at(bar).risk
        if risk is not None:
            market = np.tile(plan.market[bar], (len(returns), 1))
            sizes[:, number] = risk.multipliers(np.hstack([accounts.states(), market]))
        accounts.add(share * sizes[:, number] * returns[:, number])
    return sizes
