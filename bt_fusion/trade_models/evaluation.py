"""The quality of each model of a managed trade, on trades it did not learn from."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.statistics.performance import drawdowns
from bt_fusion.trade_models.learning import Recipe
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import Advice
from bt_fusion.trade_models.simulated_trades import REASONS, SimulatedTrades, simulate
from bt_fusion.trade_models.sizes import replayed_sizes
from bt_fusion.trade_models.stop_model import largest_moves
from bt_fusion.trade_models.trade_plan import TradePlan
from bt_fusion.trade_models.trade_state import HeldBars

__all__ = ["FIXED", "evaluate_later_models", "evaluate_trades"]

# Stops and targets in ATR units to compare a stop model with: the label's own come first
FIXED = ((1.5, 1.5), (1.0, 2.0))


def evaluate_trades(plan: TradePlan, bars: BarArrays, recipe: Recipe) -> dict[str, Any]:
    """Evaluate the later models on the trades of a plan's signals.

    Parameters
    ----------
    plan : TradePlan
        For bars its models did not learn from.
    bars : BarArrays
    recipe : Recipe
        How trades are made.

    Returns
    -------
    dict
        trades (of the signal, with fixed distances), and position, stops and risk, each None if the
        model is neutral; see `evaluate_position`, `evaluate_stops` and `evaluate_risk`.
    """
    side = np.sign(np.nan_to_num(plan.signal()))
    fixed = simulate(bars, side, plan.atr, recipe.stop, recipe.target, recipe.hold_bars)
    planned = simulate(bars, side, plan.atr, plan.stop, plan.target, recipe.hold_bars)
    models = plan.models[-1] if plan.models else None
    return {
        "trades": len(fixed),
        "position": evaluate_position(plan, bars, fixed) if models and models.position else None,
        "stops": evaluate_stops(plan, bars, planned, recipe) if models and models.stops else None,
        "risk": evaluate_risk(plan, planned, recipe) if models and models.risk else None,
    }


def evaluate_later_models(model: ManagedModel, bars: pd.DataFrame) -> dict[str, Any]:
    """Evaluate a fitted model's later models on bars after its training; see `evaluate_trades`."""
    arrays = BarArrays.of(bars)
    plan = model.predict_arrays(arrays)
    assert isinstance(plan, TradePlan)  # of a managed model
    return evaluate_trades(plan, arrays, model.recipe())


def evaluate_position(plan: TradePlan, bars: BarArrays, trades: SimulatedTrades) -> dict[str, Any]:
    """Return the value of the first EXIT and the first ADD of each trade.

    Returns
    -------
    dict
        exits and adds, each {count, share (of trades), mean (ATR units: for an exit the gain
        against holding on, for an addition the result of the rest of the trade), right (share above
        0)}; held, the same for all bars with no action (mean: the result of their rest).
    """
    held = HeldBars.of(bars, trades, plan.probability_up, plan.probability_down)
    advice = plan.advice(held.at, held.state)
    first_exit = first_of(held.trade, advice == Advice.EXIT)
    first_add = first_of(held.trade, advice == Advice.ADD)
    kept = held.rest[advice == Advice.HOLD]
    return {
        "exits": summed(-held.rest[first_exit], len(trades)),
        "adds": summed(held.rest[first_add], len(trades)),
        "held": summed(kept, len(held)),
    }


def first_of(trade: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the first chosen row of each trade; rows are in time order.

    >>> first_of(np.array([0, 0, 1, 1]), np.array([False, True, True, True]))
    array([1, 2])
    """
    rows = np.flatnonzero(chosen)
    return rows[np.unique(trade[rows], return_index=True)[1]]


def summed(gain: np.ndarray, of: int) -> dict[str, Any]:
    """Return the count, its share of the total, the mean, and the share above 0."""
    some = len(gain) > 0
    return {
        "count": len(gain),
        "share": len(gain) / of if of else None,
        "mean": float(gain.mean()) if some else None,
        "right": float((gain > 0).mean()) if some else None,
    }


def evaluate_stops(
    plan: TradePlan, bars: BarArrays, trades: SimulatedTrades, recipe: Recipe
) -> dict[str, Any]:
    """Return how often the distances are reached, and the results of trades with them.

    Returns
    -------
    dict
        signals; stop_reached and target_reached, shares of signals whose excursion within the
        horizon reaches the distance (a quarter if the quantiles are right; less for the target if
        it was moved beyond the stop); and with, a list of {stop, target (None for the model's),
        trades, mean (result in ATR units), risked (mean result in units of the stop), stopped,
        reached (shares of trades)}: the model's first, then the fixed distances.
    """
    side = np.sign(np.nan_to_num(plan.signal())).astype(np.int64)
    against, favour = largest_moves(bars, side, plan.atr, recipe.hold_bars)
    rows = (side != 0) & np.isfinite(against) & np.isfinite(plan.stop)
    others = {}
    for stop, target in dict.fromkeys([(recipe.stop, recipe.target), *FIXED]):
        others[stop, target] = simulate(bars, side, plan.atr, stop, target, recipe.hold_bars)
    tables = [outcome_of(None, None, trades)]
    tables += [outcome_of(*distances, made) for distances, made in others.items()]
    return {
        "signals": int(rows.sum()),
        "stop_reached": share(against[rows] >= plan.stop[rows]),
        "target_reached": share(favour[rows] >= plan.target[rows]),
        "with": tables,
    }


def outcome_of(stop: float | None, target: float | None, trades: SimulatedTrades) -> dict[str, Any]:
    """Return the results of trades with given distances."""
    some = len(trades) > 0
    return {
        "stop": stop,
        "target": target,
        "trades": len(trades),
        "mean": float(trades.result.mean()) if some else None,
        "risked": float((trades.result / trades.stop).mean()) if some else None,
        "stopped": share(trades.reason == REASONS.index("stop")),
        "reached": share(trades.reason == REASONS.index("target")),
    }


def share(values: np.ndarray) -> float | None:
    """Return the share of True, None for an empty array."""
    return float(values.mean()) if len(values) else None


def evaluate_risk(plan: TradePlan, trades: SimulatedTrades, recipe: Recipe) -> dict[str, Any]:
    """Return the account with the model's sizes, and with one size for all trades.

    Returns
    -------
    dict
        trades; multiplier {mean, lowest, highest}; and sized and even (all with the mean
        multiplier), each {total_return, max_drawdown, per_drawdown}; per_drawdown is return /
        drawdown, None without a drawdown.
    """
    net = trades.net(recipe.costs)
    own = replayed_sizes(plan, trades.signal, net[None], recipe.share)[0]
    return {
        "trades": len(net),
        "multiplier": {
            "mean": float(own.mean()) if len(own) else None,
            "lowest": float(own.min()) if len(own) else None,
            "highest": float(own.max()) if len(own) else None,
        },
        "sized": account_of(recipe.share * own * net),
        "even": account_of(recipe.share * (own.mean() if len(own) else 1.0) * net),
    }


def account_of(returns: np.ndarray) -> dict[str, float | None]:
    """Return the figures of an account with these returns in sequence."""
    value = np.append(1.0, np.cumprod(1 + np.maximum(returns, -1 + 1e-12)))
    total, deepest = float(value[-1] - 1), float(drawdowns(value).max())
    return {
        "total_return": total,
        "max_drawdown": deepest,
        "per_drawdown": total / deepest if deepest else None,
    }
