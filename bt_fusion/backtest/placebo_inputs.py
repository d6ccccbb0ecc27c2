"""The placebo of two runs: which kind they can have, its figures, and the verdict they come to."""

from collections.abc import Mapping
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.backtest.held_trades import closed_trades
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.runner import Account, Run
from bt_fusion.engine.variants import variant
from bt_fusion.models.predictions import Predictions
from bt_fusion.statistics.performance import bar_returns
from bt_fusion.statistics.sharpe import deflated_sharpe, probabilistic_sharpe, sharpe_per_bar
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.placebos.entry_outcomes import Costs, ExitRule, Outcomes
from bt_fusion.verdict.placebos.random_subsets import random_subsets
from bt_fusion.verdict.placebos.random_vetoes import Placebo, random_vetoes, shifted
from bt_fusion.verdict.placebos.replay import Trips, replay
from bt_fusion.verdict.rules import Evidence, Verdict, judge

__all__ = ["edge_figures", "placebo_figures", "placebo_of", "shift_of", "verdict_of"]

BINS = 40
INTERVAL = (2.5, 97.5)  # percentiles
YEAR = pd.Timedelta(days=365.25)


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
) -> tuple[Outcomes, Trips] | None:
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
    trips = replay(signal, technical, rule.hold_bars, rule.exit, rule.long_only)
    entered = bars.index[trips.signal + 1]
    if not entered.equals(pd.DatetimeIndex(on.trades.entry_time)):  # an order was refused
        return None
    return outcomes, trips


def settings(
    strategy: type[bt.Strategy], params: Mapping[str, Any], horizon: int
) -> dict[str, Any]:
    """Return every parameter of a strategy that takes ML by itself, defaults included."""
    return dict(strategy.params._getitems()) | variant(strategy, dict(params), horizon)[1]


def placebo_figures(placebo: Placebo, cash: float) -> dict[str, Any]:
    """Return what summary.json keeps of a placebo.

    `real`, `mean`, `low` and `high` are net profit in cash: of ML-on, of the mean draw, and the
    percentiles 2.5 and 97.5 of the draws; `score` and `expectancy` hold the same four.
    """
    drawn, real = placebo.drawn, placebo.real
    counts, edges = np.histogram(drawn.profit * cash, BINS)
    return {
        "kind": placebo.kind,
        "draws": len(placebo),
        "p_value": placebo.p_value,
        "entries": {"real": int(real.entries[0]), "mean": float(drawn.entries.mean())},
        **spread(real.profit * cash, drawn.profit * cash),
        "score": spread(real.score, drawn.score),
        "expectancy": spread(real.expectancy, drawn.expectancy),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def spread(real: np.ndarray, drawn: np.ndarray) -> dict[str, float | None]:
    """Return the real value, and mean and interval of the drawn ones; None where undefined."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, INTERVAL).tolist() if len(known) else (None, None)
    return {
        "real": float(real[0]) if np.isfinite(real[0]) else None,
        "mean": float(known.mean()) if len(known) else None,
        "low": low,
        "high": high,
    }


def edge_figures(placebo: Placebo, trials: int = 1) -> dict[str, float | None]:
    """Return how sure it is that ML-on added to chance, by what it made a bar above the mean draw.

    Parameters
    ----------
    placebo : Placebo
    trials : int
        Variants tried, this one included.

    Returns
    -------
    dict
        sharpe (per bar, not annualised), psr, dsr, and dsr_against, the dsr of the negative: how
        sure it is that ML took away. Trials are taken to vary as chance makes them.
    """
    edge = placebo.per_bar
    return {
        "sharpe": sharpe_per_bar(edge),
        "psr": probabilistic_sharpe(edge),
        "dsr": deflated_sharpe(edge, trials),
        "dsr_against": deflated_sharpe(-edge, trials),
    }


def verdict_of(
    off: Run,
    on: Run,
    comparison: Mapping[str, Any],
    placebo: Placebo,
    trials: int = 1,
    in_sample: int = 0,
) -> Verdict:
    """Judge two runs by what `compare_runs` and `placebo_of` say of them.

    Parameters
    ----------
    off, on : Run
    comparison : dict
    placebo : Placebo
    trials : int
        Variants tried on these bars, this one included.
    in_sample : int
        Traded bars the model was trained on.
    """
    edge = edge_figures(placebo, trials)
    interval = comparison["expectancy"]["ci95"]
    return judge(
        Evidence(
            trades_off=off.figures["trades"],
            trades_on=on.figures["trades"],
            p_value=placebo.p_value if len(placebo) else None,
            draws=len(placebo),
            expectancy_ci95=None if interval is None else tuple(interval),
            edge_dsr=edge["dsr"],
            edge_dsr_against=edge["dsr_against"],
            trials=trials,
            sharpe_off=off.figures["sharpe"],
            sharpe_on=on.figures["sharpe"],
            profit_off=off.figures["total_return"],
            profit_on=on.figures["total_return"],
            win_rate_off=off.figures["win_rate"],
            win_rate_on=on.figures["win_rate"],
            psr=probabilistic_sharpe(bar_returns(on.equity.to_numpy(dtype=float))),
            years=(on.equity.index[-1] - on.equity.index[0]) / YEAR,
            in_sample=in_sample,
            ties=int((placebo.drawn.score == placebo.real.score).sum()),
        )
    )
