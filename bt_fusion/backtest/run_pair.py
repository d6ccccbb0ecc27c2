"""RunPair: ML off and ML on over the same bars."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.replay_inputs import ReplayInputs
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.engine.variants import variant
from bt_fusion.evaluation.drift import State
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import FusionStrategy
from bt_fusion.strategies.one_position import LEVELS
from bt_fusion.technical.ema_state import atr
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.levels import Distance, Levels
from bt_fusion.verdict.placebos.replay import ExitRule

__all__ = ["RunPair", "line_of"]

DRIFTED = State._fields.index("drifted")


@dataclass(frozen=True, eq=False)
class RunPair:
    """Two runs of a strategy, with ML off and on.

    Attributes
    ----------
    strategy : class
    params : dict
        As given for both runs.
    exits : dict
        Exit settings of the model's label, see `trade_exits`.
    account : Account
    out_of_sample : dict of OutOfSample
        The window both traded, by symbol.
    off, on : Run
    """

    strategy: type[bt.Strategy]
    params: Mapping[str, Any]
    exits: Mapping[str, Any]
    account: Account
    out_of_sample: Mapping[str, OutOfSample]
    off: Run
    on: Run

    @property
    def bars(self) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """The traded bars; by symbol if there are several."""
        return one_or_all({symbol: part.bars for symbol, part in self.out_of_sample.items()})

    @property
    def predictions(self) -> Predictions | dict[str, Predictions]:
        """The predictions of the same bars; by symbol if there are several."""
        return one_or_all({symbol: part.predictions for symbol, part in self.out_of_sample.items()})

    @property
    def in_sample(self) -> int:
        """Number of traded bars the model was trained on."""
        return sum(part.in_sample for part in self.out_of_sample.values())

    @cached_property
    def replay_inputs(self) -> dict[str, ReplayInputs]:
        """Inputs to replay ML-on, by symbol; empty if the rule cannot be replayed."""
        signal, technical = self.on.signal, self.on.technical
        if self.strategy is not FusionStrategy or signal is None or technical is None:
            return {}
        if self._was_stopped:  # its rule changes during the run
            return {}
        p, account, parts = self._settings, self.account, self.out_of_sample
        sized, share = account.sizer is not None, account.share / len(parts)
        if sized and len(self.on.trades):
            share = float(self.on.trades.share.mean())
        costs = Costs(account.commission, account.slippage, share)
        rule, trades = ExitRule(p["hold_bars"], p["exit"], p["long_only"]), self.on.trades
        return {
            symbol: ReplayInputs(
                part.bars,
                line_of(signal, symbol),
                line_of(technical, symbol),
                part.predictions,
                trades if len(parts) == 1 else trades[trades.symbol == symbol],
                rule,
                costs,
                levels_of(p, part.bars),
                sized,
            )
            for symbol, part in parts.items()
        }

    @property
    def _was_stopped(self) -> bool:
        """Whether ML-on stopped using a drifted model."""
        known = [part.predictions.health for part in self.out_of_sample.values()]
        stops = self._settings["on_drift"] == "stop"
        return stops and any(own is not None and (own[:, DRIFTED] > 0).any() for own in known)

    @property
    def _settings(self) -> dict[str, Any]:
        """All parameters, including defaults, of a strategy with its own ML support."""
        usual = dict(self.strategy.params._getitems())
        return usual | variant(self.strategy, self.params, self.exits)[1]


def levels_of(params: Mapping[str, Any], bars: pd.DataFrame) -> Levels | None:
    """Return the stop and target orders of a strategy's parameters, or None."""
    stop, target = (
        Distance(params[name] or 0.0, params[in_atr] or 0.0) for name, in_atr in LEVELS.items()
    )
    if not any((stop.share, stop.units, target.share, target.units)):
        return None
    if not (stop.units or target.units):
        return Levels(stop, target)
    own = BarArrays.of(bars)
    return Levels(stop, target, atr(own.high, own.low, own.close, params["atr_period"]))


def line_of(line: np.ndarray | pd.Series | None, symbol: str) -> Any:
    """Return a symbol's part of a line of a `Run`, NaN where missing."""
    if line is None:
        return np.nan
    return line[symbol].to_numpy() if isinstance(line, pd.Series) else line
