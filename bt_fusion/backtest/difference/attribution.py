"""Profit or loss from each kind of change that ML made to ML-off's trades."""

from math import fsum
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.difference.matching import CATEGORIES
from bt_fusion.engine.runner import Run

__all__ = ["attribution", "trade_counts"]

EXACT = 1e-9  # of the gross profit and loss


def attribution(off: Run, on: Run, matches: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Split the difference in profit between the kinds of matches, without remainder.

    Parameters
    ----------
    off, on : Run
    matches : DataFrame
        Of `attribute_trades`.

    Returns
    -------
    dict
        For each category {trades, won, lost, pnl, selection, account}. trades counts the matches;
        won and lost refer to ML-on's trade if there is one, else to ML-off's. pnl is the profit of
        ML-on minus that of ML-off in cash, an open trade at its last value. Its part `account`
        comes from the different size of ML-on's account, `selection` is the rest: the different
        choice of trades, on ML-off's account. vetoed also has losers_avoided and winners_missed,
        each {trades, pnl} of the trades themselves.

    Raises
    ------
    AssertionError
        If a trade is not in exactly one category, or the parts do not add up: a bug of ours.
    """
    rows = matches.assign(off_pnl=_cash(off, matches.off), on_pnl=_cash(on, matches.on))
    behind = _account(off, on.trades.entry_time) / _account(on, on.trades.entry_time)
    usual = np.where(np.isfinite(behind) & (behind > 0), behind, 1.0)
    rows["account"] = rows.on_pnl * (1 - np.append(usual, 1.0)[matches.on])
    result = {name: _summed(rows[rows.category == name]) for name in CATEGORIES}
    vetoed = rows[rows.category == "vetoed"]
    result["vetoed"]["losers_avoided"] = _listed(vetoed[vetoed.off_pnl < 0])
    result["vetoed"]["winners_missed"] = _listed(vetoed[vetoed.off_pnl > 0])
    _check(off, on, matches, result)
    return result


def trade_counts(matches: pd.DataFrame, off: Run) -> dict[str, int]:
    """Count the matches of each category, and the vetoed trades that had won and lost."""
    counts = matches.category.value_counts()
    vetoed = off.trades.pnl.iloc[matches.off[matches.category == "vetoed"].to_numpy(dtype=int)]
    return {
        **{name: int(counts.get(name, 0)) for name in CATEGORIES},
        "vetoed_won": int((vetoed > 0).sum()),
        "vetoed_lost": int((vetoed < 0).sum()),
    }


def _cash(run: Run, rows: pd.Series) -> np.ndarray:
    """Return profit in cash, 0 without a trade."""
    pnl = run.trades.pnl.to_numpy(dtype=float)
    return np.append(pnl, 0.0)[rows.to_numpy(dtype=int)]  # -1 (no trade) selects the 0 at the end


def _account(run: Run, times: pd.Series) -> np.ndarray:
    """Return the account's value at the close before each fill."""
    before = run.equity.index.searchsorted(pd.DatetimeIndex(times), side="left") - 1
    return run.equity.to_numpy(dtype=float)[np.maximum(before, 0)]


def _summed(rows: pd.DataFrame) -> dict[str, Any]:
    there = np.where(rows.on >= 0, rows.on_pnl, rows.off_pnl)
    account = fsum(rows.account)
    pnl = fsum([*rows.on_pnl, *-rows.off_pnl])
    return {
        "trades": len(rows),
        "won": int((there > 0).sum()),
        "lost": int((there < 0).sum()),
        "pnl": pnl,
        "selection": pnl - account,
        "account": account,
    }


def _listed(rows: pd.DataFrame) -> dict[str, Any]:
    return {"trades": len(rows), "pnl": fsum(rows.off_pnl)}


def _check(off: Run, on: Run, matches: pd.DataFrame, parts: dict[str, dict[str, Any]]) -> None:
    for run, rows in ((off, matches.off), (on, matches.on)):
        if sorted(rows[rows >= 0]) != list(range(len(run.trades))):
            raise AssertionError("a trade is in no category, or in two")
    whole = fsum([*on.trades.pnl, *-off.trades.pnl])
    split = fsum(part["pnl"] for part in parts.values())
    gross = fsum([*on.trades.pnl.abs(), *off.trades.pnl.abs()])
    if abs(split - whole) > EXACT * gross:
        raise AssertionError(f"the parts of the difference add up to {split}, not to {whole}")
