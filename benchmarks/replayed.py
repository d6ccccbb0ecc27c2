"""The whole verdict without the engine: runs replayed over arrays, then judged as any others.

A replay is the engine's run to the bit (tests/backtest/replayed/test_runs.py), and much faster.
"""

import pandas as pd

from bt_fusion import Direction, Predictions
from bt_fusion.backtest.chance.entry_ranking import ranking_of, ranking_test
from bt_fusion.backtest.chance.matched_chance import matched_chance
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.pair_verdict import evidence_of
from bt_fusion.backtest.replayed.market import Market
from bt_fusion.backtest.replayed.rule import FusionRule
from bt_fusion.backtest.replayed.runs import replayed_runs
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.evidence import Evidence

__all__ = ["evidence_on"]

HORIZON = 5


def evidence_on(
    frame: pd.DataFrame,
    predictions: Predictions,
    threshold: float,
    account: Account,
    draws: int = 1_000,
    seed: int = 0,
) -> Evidence:
    """Return the evidence on FusionStrategy: what `judge` grades."""
    market = Market(frame, account, predictions)
    runs = {
        "off": replayed(market, FusionRule()),
        "on": replayed(market, FusionRule(threshold=threshold)),
    }
    part = OutOfSample(frame, frame, predictions, Direction(HORIZON)(frame))
    params, exits = {"ml_threshold": threshold}, {"hold_bars": HORIZON}
    pair = RunPair(FusionStrategy, params, exits, account, {"": part}, **runs)
    chance, ranking = matched_chance(pair, draws, seed), ranking_of(pair, draws, seed)
    return evidence_of(pair, chance, ranking_test(ranking))


def replayed(market: Market, rule: FusionRule) -> Run:
    """Return the run of a rule whose every order the account can pay for."""
    ((_, run),) = replayed_runs(market, [rule])
    assert run is not None
    return run.run()
