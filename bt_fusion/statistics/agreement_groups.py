"""Results of trades by whether ML agreed with their entries."""

from typing import Any

import numpy as np

from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.statistics.intervals import group_intervals, trade_intervals
from bt_fusion.statistics.performance import trade_figures

__all__ = ["GROUPS", "agreement_groups", "group_of"]

GROUPS = ("agreed", "disagreed", "unknown")
KEPT = (
    "trades",
    "won",
    "lost",
    "win_rate",
    "profit_factor",
    "profit_factor_cash",
    "expectancy",
    "net_profit",
)
COMPARED = ("win_rate", "profit_factor", "expectancy")


def group_of(probability: np.ndarray, agreed: np.ndarray) -> np.ndarray:
    """Return the group of each entry, dtype object: unknown if its probability is NaN.

    >>> group_of(np.array([0.7, 0.5, np.nan]), np.array([True, False, False])).tolist()
    ['agreed', 'disagreed', 'unknown']
    """
    group = np.where(agreed, *GROUPS[:2]).astype(object)
    group[np.isnan(probability)] = GROUPS[2]
    return group


def agreement_groups(
    pnl: np.ndarray, returns: np.ndarray, group: np.ndarray, bootstrap: Bootstrap = Bootstrap()
) -> dict[str, Any]:
    """Summarise closed trades by group, and the difference between agreed and disagreed.

    Parameters
    ----------
    pnl, returns : ndarray, shape (n_trades,)
        After commission, in order of entry: in cash, and as fractions of the value at entry.
    group : ndarray of object, shape (n_trades,)
        See `group_of`.
    bootstrap : Bootstrap

    Returns
    -------
    dict
        For each of `GROUPS` trades, won, lost, win_rate, profit_factor, profit_factor_cash,
        expectancy, net_profit and `ci95`, the intervals of `trade_intervals`; and `difference`, for
        win_rate, profit_factor and expectancy {delta, ci95} of agreed - disagreed. None where
        undefined.

    Examples
    --------
    >>> pnl, group = np.array([3.0, -1.0, 2.0]), np.array(["agreed", "agreed", "disagreed"])
    >>> found = agreement_groups(pnl, pnl / 100, group)
    >>> found["agreed"]["profit_factor"], found["difference"]["win_rate"]["delta"]
    (3.0, -0.5)
    """
    found: dict[str, Any] = {}
    for name in GROUPS:
        rows = group == name
        figures = trade_figures(pnl[rows], returns[rows])
        spans = group_intervals(pnl[rows], returns[rows], bootstrap)
        found[name] = {key: figures[key] for key in KEPT} | {"ci95": spans}
    return found | {"difference": _difference(found, pnl, returns, group, bootstrap)}


def _difference(
    found: dict[str, Any],
    pnl: np.ndarray,
    returns: np.ndarray,
    group: np.ndarray,
    bootstrap: Bootstrap,
) -> dict[str, Any]:
    known = group != GROUPS[2]
    sides = np.column_stack([group[known] == name for name in ("disagreed", "agreed")])
    cash, gains = (np.where(sides, values[known, None], np.nan) for values in (pnl, returns))
    spans = trade_intervals(cash, gains, bootstrap)
    result = {}
    for name in COMPARED:
        agreed, disagreed = found["agreed"][name], found["disagreed"][name]
        known_both = agreed is not None and disagreed is not None
        delta = agreed - disagreed if known_both else None
        result[name] = {"delta": delta, "ci95": spans[name] if known_both else None}
    return result
