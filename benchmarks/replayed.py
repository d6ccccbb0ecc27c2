"""The whole verdict without the engine: runs replayed over arrays, then judged as any others.

A replay is the engine's run to the last trade (tests/backtest/test_run_pair.py), and much faster.
"""

import numpy as np
import pandas as pd

from bt_fusion import Direction, Predictions, fused_signals
from bt_fusion.backtest.chance.entry_ranking import ranking_of, ranking_test
from bt_fusion.backtest.chance.matched_chance import matched_chance
from bt_fusion.backtest.judgement import evidence_of
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.statistics.performance import equity_figures, trade_figures
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.evidence import Evidence
from bt_fusion.verdict.placebos.entry_outcomes import Costs, trade_results
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, replay

__all__ = ["evidence_on", "replayed_run", "signals_of"]

HORIZON = 5
RENEW = ExitRule(HORIZON, "renew")


def evidence_on(
    frame: pd.DataFrame,
    predictions: Predictions,
    threshold: float,
    account: Account,
    draws: int = 1_000,
    seed: int = 0,
) -> Evidence:
    """Return the evidence on FusionStrategy: what `judge` grades."""
    signals = signals_of(frame, predictions, threshold)
    runs = {
        name: replayed_run(frame, signal, signals["off"], account)
        for name, signal in signals.items()
    }
    part = OutOfSample(frame, frame, predictions, Direction(HORIZON)(frame))
    params, exits = {"ml_threshold": threshold}, {"hold_bars": HORIZON}
    pair = RunPair(FusionStrategy, params, exits, account, {"": part}, **runs)
    chance, ranking = matched_chance(pair, draws, seed), ranking_of(pair, draws, seed)
    return evidence_of(pair, chance, ranking_test(ranking))


def signals_of(
    frame: pd.DataFrame, predictions: Predictions, threshold: float
) -> dict[str, np.ndarray]:
    """Return what FusionStrategy enters on with ML off and on."""
    table = fused_signals(frame, predictions, ml_threshold=threshold)
    return {"off": table.ema_signal.to_numpy(), "on": table.signal.to_numpy()}


def replayed_run(
    frame: pd.DataFrame,
    signal: np.ndarray,
    state: np.ndarray,
    account: Account,
    rule: ExitRule = RENEW,
) -> Run:
    """Return what FusionStrategy would have done with a signal."""
    costs = Costs(account.commission, account.slippage, account.share)
    bars, trips = BarArrays.of(frame), replay(signal, state, rule)
    net, growth = trade_results(bars, trips.signal, trips.side, trips.exit_bar, costs)
    trades = trades_of(frame, trips, net, growth, account)
    equity = pd.Series(equity_of(bars, trips, growth, account), index=frame.index)
    closed = trades[trades.exit_reason != "open"]
    value = (closed["size"] * closed.entry_price).to_numpy()
    pnl = closed.pnl.to_numpy()
    figures = {**trade_figures(pnl, pnl / value), **equity_figures(equity)}
    return Run(figures, trades, equity, signal=signal, technical=state)


def trades_of(
    frame: pd.DataFrame, trips: RoundTrips, net: np.ndarray, growth: np.ndarray, account: Account
) -> pd.DataFrame:
    """Return the trades as TradeStats lists them."""
    opens, at = frame["open"].to_numpy(), trips.signal
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
            "exit_price": opens[trips.exit_bar],
            "size": size,
            "pnl": size * entry * net,
            "exit_reason": np.where(trips.exit_bar < 0, "open", "closed"),
            "share": size * entry / before,
        }
    )


def equity_of(
    bars: BarArrays, trips: RoundTrips, growths: np.ndarray, account: Account
) -> np.ndarray:
    """Return the account's value at each close."""
    values = np.empty(len(bars))
    value, since = account.cash, 0
    for at, side, exit_bar, growth in zip(
        trips.signal, trips.side, trips.exit_bar, growths, strict=True
    ):
        start, stop = at + 1, len(bars) if exit_bar < 0 else exit_bar
        size, entry = value * account.share / bars.close[at], bars.open[start]
        values[since:start] = value
        gained = side * (bars.close[start:stop] - entry) - account.commission * entry
        values[start:stop] = value + size * gained
        value, since = value * np.exp(growth), stop
    values[since:] = value
    return values
