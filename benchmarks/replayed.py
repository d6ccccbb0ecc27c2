"""The whole verdict without the engine: runs replayed over arrays, then judged as any others.

A replay is the engine's run to the last trade (tests/backtest/test_run_pair.py), and much faster.
"""

import numpy as np
import pandas as pd

from bt_fusion import Direction, Predictions, fused_signals
from bt_fusion.backtest.comparison import by_trade
from bt_fusion.backtest.judgement import evidence_of
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.statistics.performance import run_figures
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.placebos.entry_outcomes import Costs, Outcomes
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, replay
from bt_fusion.verdict.rules import Verdict, judge

__all__ = ["judged", "replayed_run", "signals_of"]

HORIZON = 5


def judged(
    frame: pd.DataFrame,
    predictions: Predictions,
    threshold: float,
    account: Account,
    draws: int = 1_000,
    seed: int = 0,
) -> tuple[Verdict, float, int]:
    """Return the verdict on FusionStrategy, the placebo's p-value and ML-on's closed trades."""
    signals = signals_of(frame, predictions, threshold)
    runs = {
        name: replayed_run(frame, signal, signals["off"], account)
        for name, signal in signals.items()
    }
    interval = by_trade(runs["off"].trades, runs["on"].trades, Bootstrap(draws, seed))
    part = OutOfSample(frame, frame, predictions, Direction(HORIZON)(frame))
    params = {"ml_threshold": threshold}
    exits = {"hold_bars": HORIZON}
    pair = RunPair(FusionStrategy, params, exits, account, {"": part}, **runs)
    placebo = pair.placebo(draws, seed)
    comparison = {"expectancy": {"ci95": interval["expectancy"]}}
    verdict = judge(evidence_of(pair, comparison, placebo))
    return verdict, placebo.p_value, runs["on"].figures["trades"]


def signals_of(
    frame: pd.DataFrame, predictions: Predictions, threshold: float
) -> dict[str, np.ndarray]:
    """Return what FusionStrategy enters on with ML off and on."""
    table = fused_signals(frame, predictions, ml_threshold=threshold)
    return {"off": table.ema_signal.to_numpy(), "on": table.signal.to_numpy()}


def replayed_run(
    frame: pd.DataFrame, signal: np.ndarray, state: np.ndarray, account: Account
) -> Run:
    """Return what FusionStrategy would have done with a signal."""
    costs = Costs(account.commission, account.slippage, account.share)
    bars = BarArrays.of(frame)
    outcomes = Outcomes.of(bars, state, costs=costs)
    trips = replay(signal, state, ExitRule(HORIZON))
    trades = trades_of(frame, outcomes, trips, account)
    equity = pd.Series(equity_of(bars, outcomes, trips, account), index=frame.index)
    closed = trades[trades.exit_reason != "open"]
    value = (closed["size"] * closed.entry_price).to_numpy()
    pnl = closed.pnl.to_numpy()
    figures = run_figures(pnl, pnl / value, equity)
    return Run(figures, trades, equity, signal=signal, technical=state)


def trades_of(
    frame: pd.DataFrame, outcomes: Outcomes, trips: RoundTrips, account: Account
) -> pd.DataFrame:
    """Return the trades as TradeStats lists them."""
    opens, at = frame["open"].to_numpy(), trips.signal
    growth = outcomes.growth[at]
    before = account.cash * np.exp(np.cumsum(growth) - growth)
    size = before * account.share / frame["close"].to_numpy()[at]
    entry = opens[at + 1]
    return pd.DataFrame(
        {
            "symbol": "",
            "side": np.where(trips.side > 0, "long", "short"),
            "entry_time": frame.index[at + 1],
            "entry_price": entry,
            "exit_time": frame.index[trips.exit_bar],
            "size": size,
            "pnl": size * entry * outcomes.net[at],
            "exit_reason": np.where(trips.exit_bar < 0, "open", "horizon"),
            "share": size * entry / before,
        }
    )


def equity_of(
    bars: BarArrays, outcomes: Outcomes, trips: RoundTrips, account: Account
) -> np.ndarray:
    """Return the account's value at each close."""
    values = np.empty(len(bars))
    value, since = account.cash, 0
    for at, side, exit_bar, growth in zip(
        trips.signal, trips.side, trips.exit_bar, outcomes.growth[trips.signal], strict=True
    ):
        start, stop = at + 1, len(bars) if exit_bar < 0 else exit_bar
        size, entry = value * account.share / bars.close[at], bars.open[start]
        values[since:start] = value
        gained = side * (bars.close[start:stop] - entry) - account.commission * entry
        values[start:stop] = value + size * gained
        value, since = value * np.exp(growth), stop
    values[since:] = value
    return values
