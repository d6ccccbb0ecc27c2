"""The placebo of two runs: which kind they can have, its figures, and the verdict they come to."""

from collections.abc import Mapping
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.engine.variants import variant
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.placebos.entry_outcomes import Costs, Outcomes
from bt_fusion.verdict.placebos.placebo import Placebo
from bt_fusion.verdict.placebos.random_subsets import Trades, random_subsets, trade_paths
from bt_fusion.verdict.placebos.random_vetoes import random_vetoes, shifted
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, replay

__all__ = ["closed_trades", "placebo_of", "shift_of"]


def placebo_of(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    off: Run,
    on: Run,
    bars: pd.DataFrame | Mapping[str, pd.DataFrame],
    predictions: Predictions | Mapping[str, Predictions],
    account: Account,
    draws: int = 1_000,
    seed: int = 0,
) -> Placebo:
    """Hold ML-on against chance.

    FusionStrategy on one symbol and without a stop is replayed with random vetoes; of any other
    strategy random subsets of the ML-off trades are taken.

    Parameters
    ----------
    strategy : class
    params : dict
        As given for both runs.
    horizon : int
        Of the label, in bars.
    off, on : Run
    bars : DataFrame, or dict of them by symbol
        The traded window.
    predictions : Predictions, or dict of them by symbol
        Of the same bars.
    account : Account
    draws, seed : int
    """
    made = replayed(strategy, params, horizon, on, bars, predictions, account)
    if made is not None:
        return random_vetoes(*made, draws, seed)
    stamps = pd.DatetimeIndex(on.equity.index)
    before, after = (closed_trades(run, bars, stamps) for run in (off, on))
    return random_subsets(before, after, draws, seed)


def shift_of(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    on: Run,
    bars: pd.DataFrame | Mapping[str, pd.DataFrame],
    predictions: Predictions | Mapping[str, Predictions],
    account: Account,
    draws: int = 200,
    seed: int = 0,
) -> Placebo | None:
    """Hold ML-on against its own probabilities moved along the bars; None without a replay."""
    made = replayed(strategy, params, horizon, on, bars, predictions, account)
    if made is None or not isinstance(predictions, Predictions):
        return None
    threshold = settings(strategy, params, horizon)["ml_threshold"]
    agrees = np.stack([predictions.probability_up, predictions.probability_down]) >= threshold
    return shifted(*made, agrees, draws, seed)


def replayed(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    on: Run,
    bars: pd.DataFrame | Mapping[str, pd.DataFrame],
    predictions: Predictions | Mapping[str, Predictions],
    account: Account,
) -> tuple[Outcomes, RoundTrips] | None:
    """Return what entries would make and which ML-on made; None where a replay is not the run."""
    signal, technical = on.signal, on.technical
    if strategy is not FusionStrategy or not isinstance(bars, pd.DataFrame):
        return None
    if not (isinstance(signal, np.ndarray) and isinstance(technical, np.ndarray)):
        return None
    if not isinstance(predictions, Predictions):
        return None
    p = settings(strategy, params, horizon)
    if p["atr_stop"]:
        return None
    rule = ExitRule(p["hold_bars"], p["exit"], p["long_only"])
    costs = Costs(account.commission, account.slippage, account.share)
    outcomes = Outcomes.of(BarArrays.of(bars), technical, rule, costs, predictions.known)
    trips = replay(signal, technical, rule)
    entered = bars.index[trips.signal + 1]
    if not entered.equals(pd.DatetimeIndex(on.trades.entry_time)):  # an order was refused
        return None
    return outcomes, trips


def settings(
    strategy: type[bt.Strategy], params: Mapping[str, Any], horizon: int
) -> dict[str, Any]:
    """Return every parameter of a strategy that takes ML by itself, defaults included."""
    return dict(strategy.params._getitems()) | variant(strategy, dict(params), horizon)[1]


def closed_trades(
    run: Run, bars: pd.DataFrame | Mapping[str, pd.DataFrame], stamps: pd.DatetimeIndex
) -> Trades:
    """Return the closed trades of a run, with their gains on each of the stamps."""
    closed = run.trades[run.trades.exit_reason != "open"]
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
