"""walks: how often the interval of ML on less ML off excludes zero where there is nothing."""

import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import Ensemble, Predictions, SignalModel, WalkForward
from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import FusionStrategy

__all__ = ["measure"]

COMMISSIONS = (0.0, 0.0005, 0.001)
THRESHOLDS = {"coin": 0.60, "lgb": 0.52}
TRAIN = 2_000


def measure(walks: int = 40, bars: int = 5_000, draws: int = 500) -> Measured:
    """Count over random walks, at 0, 5 and 10 basis points a side.

    Two models without skill: `coin` draws P(up) for each bar uniformly from 0.3 to 0.7 and asks
    for 0.60; `lgb` is a walk-forward of one LightGBM member (2,000 bars, refitted every 1,000)
    that asks for 0.52. Both trade the bars after the first 2,000 of each walk. Counted is how
    often the 95 % interval of the net profit's difference, as `compare_runs` gives it, lies
    beside zero: an honest interval does so in one walk of twenty; among the parts, how many of
    these speak for ML. Under costs it does more often, because ML on trades less, which says
    nothing of skill.
    """
    names = [f"{model}_{rate * 1e4:.0f}bp" for model in THRESHOLDS for rate in COMMISSIONS]
    beside, above = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for seed in range(walks):
        frame = random_walk(TRAIN + bars, seed)
        for model, predictions in opinions(frame, seed).items():
            for rate in COMMISSIONS:
                low, high = interval(frame[TRAIN:], predictions, model, rate, draws)
                name = f"{model}_{rate * 1e4:.0f}bp"
                beside[name] += low > 0 or high < 0
                above[name] += low > 0
    ratios = (Ratio(f"{name} beside zero", count / walks) for name, count in beside.items())
    return Measured(
        f"{walks} random walks of {bars:,} traded bars, {draws} bootstrap draws",
        {"walks": walks} | {f"{name}_for_ml": count for name, count in above.items()},
        tuple(ratios),
    )


def opinions(frame: pd.DataFrame, seed: int) -> dict[str, Predictions]:
    """Return the predictions of both models without skill."""
    model = SignalModel(ensemble=Ensemble(["lgb"], seed=seed))
    fitted = WalkForward(model, TRAIN, 1_000, cache=None).predict(frame)
    up = np.random.default_rng(seed).uniform(0.3, 0.7, len(frame))
    votes = np.stack([1 - up, up], axis=1)[:, None, :]
    coin = Predictions(**{**vars(fitted), "members": ("coin",), "votes": votes})
    return {"coin": coin, "lgb": fitted}


def interval(
    frame: pd.DataFrame, predictions: Predictions, model: str, rate: float, draws: int
) -> tuple[float, float]:
    """Return the interval of the difference in net profit."""
    account = Account(commission=rate)
    leave = {"exit": "horizon"}
    off = run_strategy(frame, FusionStrategy, account, ml=False, **leave)
    asked = {"model": predictions, "ml_threshold": THRESHOLDS[model]}
    on = run_strategy(frame, FusionStrategy, account, **asked, **leave)
    low, high = compare_runs(off, on, Bootstrap(draws))["net_profit"]["ci95"]
    return low, high
