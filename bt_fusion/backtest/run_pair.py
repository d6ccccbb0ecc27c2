"""RunPair: ML off and ML on over the same bars, and what chance would have made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.placebo_inputs import trade_paths_of
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.engine.variants import agreement_of, variant
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import FusionStrategy
from bt_fusion.strategies.one_position import LEVELS
from bt_fusion.verdict.placebos.entry_outcomes import Costs, Outcomes
from bt_fusion.verdict.placebos.placebo import Placebo
from bt_fusion.verdict.placebos.random_subsets import random_subsets
from bt_fusion.verdict.placebos.random_vetoes import random_vetoes, shifted
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, replay

__all__ = ["RunPair"]


@dataclass(frozen=True, eq=False)
class RunPair:
    """Two runs of a strategy, with ML off and on.

    Attributes
    ----------
    strategy : class
    params : dict
        As given for both runs.
    exits : dict
        How trades of the model's label end, see `trade_exits`.
    account : Account
    out_of_sample : dict of OutOfSample
        What both traded, by symbol.
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
        """The traded bars; of several symbols by symbol."""
        return one_or_all({symbol: part.bars for symbol, part in self.out_of_sample.items()})

    @property
    def predictions(self) -> Predictions | dict[str, Predictions]:
        """The predictions of the same bars, likewise."""
        return one_or_all({symbol: part.predictions for symbol, part in self.out_of_sample.items()})

    @property
    def in_sample(self) -> int:
        """Traded bars the model was trained on."""
        return sum(part.in_sample for part in self.out_of_sample.values())

    def placebo(self, draws: int = 1_000, seed: int = 0) -> Placebo:
        """Hold ML-on against chance.

        FusionStrategy on one symbol and without a stop is replayed with random vetoes; of any
        other strategy random subsets of the ML-off trades are taken.
        """
        if self.replayed is not None:
            return random_vetoes(*self.replayed, draws, seed)
        stamps = pd.DatetimeIndex(self.on.equity.index)
        before, after = (trade_paths_of(run, self.bars, stamps) for run in (self.off, self.on))
        return random_subsets(before, after, draws, seed)

    def shift(self, draws: int = 200, seed: int = 0) -> Placebo | None:
        """Hold ML-on against its own probabilities moved along the bars; None without a replay."""
        known = self.predictions
        if self.replayed is None or not isinstance(known, Predictions):
            return None
        asked, sides = self.agreement, np.ones(len(known))
        agrees = np.stack([asked.with_sides(known, side * sides) for side in (1, -1)])
        return shifted(*self.replayed, agrees, draws, seed)

    @property
    def agreement(self) -> Agreement:
        """What ML-on asks of ML."""
        voting = next(iter(self.out_of_sample.values())).predictions.voting
        return agreement_of(self.strategy, self.params, voting)

    @cached_property
    def replayed(self) -> tuple[Outcomes, RoundTrips] | None:
        """What entries would make and which ML-on made; None where a replay is not the run."""
        bars, known = self.bars, self.predictions
        signal, technical = self.on.signal, self.on.technical
        if self.strategy is not FusionStrategy or not isinstance(bars, pd.DataFrame):
            return None
        if not (isinstance(signal, np.ndarray) and isinstance(technical, np.ndarray)):
            return None
        p = self._settings
        levels = any(p[name] for pair in LEVELS.items() for name in pair)
        if levels or not isinstance(known, Predictions):
            return None
        rule = ExitRule(p["hold_bars"], p["exit"], p["long_only"])
        costs = Costs(self.account.commission, self.account.slippage, self.account.share)
        outcomes = Outcomes.of(BarArrays.of(bars), technical, rule, costs, known.known)
        trips = replay(signal, technical, rule)
        entered = bars.index[trips.signal + 1]
        if not entered.equals(pd.DatetimeIndex(self.on.trades.entry_time)):  # a refused order
            return None
        return outcomes, trips

    @property
    def _settings(self) -> dict[str, Any]:
        """Every parameter of a strategy that takes ML by itself, defaults included."""
        usual = dict(self.strategy.params._getitems())
        return usual | variant(self.strategy, self.params, self.exits)[1]
