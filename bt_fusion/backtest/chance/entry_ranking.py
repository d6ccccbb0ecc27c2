"""Does ML rank entries? Tests a pair of runs without a threshold."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.placebo_inputs import trade_paths_of
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.ranking import PredictedBars, Ranking, rank_bars, rank_entries

__all__ = ["entry_probability", "ranking_figures", "ranking_gains", "ranking_of", "ranking_test"]


def ranking_of(pair: RunPair, draws: int = 1_000, seed: int = 0) -> Ranking:
    """Test whether ML ranks entries.

    For FusionStrategy, every bar with a state and a prediction counts, held for the label's
    horizon. For any other strategy, its ML-off trades count, with their results.

    Parameters
    ----------
    pair : RunPair
    draws, seed : int
    """
    inputs = pair.replay_inputs
    if not inputs:
        trades = pair.off.trades[pair.off.trades.exit_reason != "open"]
        paths = trade_paths_of(trades, pair.bars, pd.DatetimeIndex(pair.off.equity.index))
        return rank_entries(paths, entry_probability(pair, trades), draws=draws, seed=seed)
    markets = [
        PredictedBars(
            one.bars["open"].to_numpy(dtype=float),
            float(one.bars["close"].iloc[-1]),
            one.state,
            one.probability,
            one.bars.index.to_numpy(),
        )
        for one in inputs.values()
    ]
    account = pair.account
    costs = 2 * (account.commission + account.slippage)
    horizon = int(pair.exits["hold_bars"])
    return rank_bars(markets, horizon, costs, draws=draws, seed=seed)


def entry_probability(pair: RunPair, trades: pd.DataFrame) -> np.ndarray:
    """Return the probability of each trade's side on the bar of its order, NaN if unknown."""
    probability = np.full(len(trades), np.nan)
    for symbol, part in pair.out_of_sample.items():
        own = (
            np.full(len(trades), True) if len(pair.out_of_sample) == 1 else trades.symbol == symbol
        )
        known = part.predictions.at(pd.DatetimeIndex(trades.signal_time[own]).to_numpy())
        long = (trades.side[own] == "long").to_numpy()
        probability[own] = np.where(long, known.probability_up, known.probability_down)
    return probability


def ranking_gains(ranking: Ranking, stamps: pd.DatetimeIndex) -> pd.Series:
    """Return the gain of the ranks by timestamp, 0 where nothing was ranked.

    Parameters
    ----------
    ranking : Ranking
    stamps : DatetimeIndex
        Of all bars.
    """
    if ranking.reason:
        return pd.Series(0.0, index=stamps)
    index = stamps if ranking.kind == "entries" else pd.DatetimeIndex(ranking.time)
    return pd.Series(ranking.gained, index=index).reindex(stamps, fill_value=0.0)


def ranking_test(ranking: Ranking) -> ChanceTest | None:
    """Return the test of ML against the shifted ranks, None if nothing could be ranked."""
    if ranking.reason:
        return None
    return ChanceTest(ranking.p_value, ranking.p_against, ranking.draws)


def ranking_figures(ranking: Ranking) -> dict[str, Any]:
    """Return the ranking's entry in summary.json; figures are None if it has a reason.

    kind ("bars" or "entries"), reason, auc, score, p_value, p_against, draws, quartiles (mean net
    return of a trade by quartile of P(side), lowest first, fractions) and counts.
    """
    figures = ("auc", "score", "p_value", "p_against", "quartiles", "counts")
    known = {name: None if ranking.reason else plain(getattr(ranking, name)) for name in figures}
    return {"kind": ranking.kind, "reason": ranking.reason, "draws": ranking.draws, **known}


def plain(value: float | np.ndarray) -> Any:
    """Return a number, or a list of numbers, None if undefined."""
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.tolist()]
    return value if np.isfinite(value) else None
