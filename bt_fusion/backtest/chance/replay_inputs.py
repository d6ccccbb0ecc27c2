"""Inputs to replay FusionStrategy's rule on one symbol, and whether the replay is exact."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.predictions import Predictions
from bt_fusion.verdict.placebos.agreement_draws import renewed_to_levels
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.levels import LevelExits, Levels
from bt_fusion.verdict.placebos.replay import NEVER, ExitRule, RoundTrips, replay

__all__ = ["ReplayInputs"]

LEVELS = ("stop", "target")  # orders filled inside a bar


@dataclass(frozen=True, eq=False)
class ReplayInputs:
    """One symbol of a run of FusionStrategy.

    Attributes
    ----------
    bars : DataFrame
    signal, technical : ndarray, shape (n_bars,)
        The fused signal, and the technical state: -1, 0, 1, NaN while it warms up.
    predictions : Predictions
    trades : DataFrame or None
        Of ML-on; None for a delayed copy, see `later`.
    rule : ExitRule
    costs : Costs
    levels : Levels or None
        The stop and target orders of the positions.
    sized : bool
        Whether the user's own sizer sets the sizes.
    """

    bars: pd.DataFrame
    signal: np.ndarray
    technical: np.ndarray
    predictions: Predictions
    trades: pd.DataFrame | None
    rule: ExitRule
    costs: Costs
    levels: Levels | None
    sized: bool = False

    @property
    def state(self) -> np.ndarray:
        """Side allowed on each bar: -1, 0 or 1, shape (n_bars,)."""
        side = np.sign(np.nan_to_num(self.technical)).astype(np.int64)
        if self.levels is not None:
            side = np.where(self.levels.ready, side, 0)
        return np.maximum(side, 0) if self.rule.long_only else side

    @cached_property
    def exits(self) -> LevelExits | None:
        """Where stops and targets end positions, or None."""
        if self.levels is None:
            return None
        return self.levels.exits(BarArrays.of(self.bars), self.state, self.costs.slippage)

    @property
    def probability(self) -> np.ndarray:
        """Probability of the side of each bar's state, shape (n_bars,)."""
        up, down = self.predictions.probability_up, self.predictions.probability_down
        return np.where(self.state >= 0, up, down)

    @cached_property
    def by_rule(self) -> RoundTrips:
        """The trips of the rule alone."""
        return self.replayed(self.signal)

    @cached_property
    def without_levels(self) -> RoundTrips:
        """The trips of the rule without stop and target orders."""
        return replay(self.signal, self.state, self.rule)

    def replayed(self, signal: np.ndarray) -> RoundTrips:
        """Return the rule's trips for a signal, see `levels_known`."""
        if self.exits is None or not self.levels_known:
            return replay(signal, self.technical, self.rule)
        agrees = (self.state != 0) & (np.sign(np.nan_to_num(signal)) == self.state)
        return renewed_to_levels(self.state, agrees, self.rule.hold_bars, self.exits)

    @property
    def levels_known(self) -> bool:
        """Whether the replay can handle stops and targets: only with the renewing exit."""
        return self.rule.exit == "renew"

    @cached_property
    def exact(self) -> bool:
        """Whether the replay reproduces every entry and exit of the run."""
        trips, trades = self.by_rule, self.trades
        if trades is None:
            return True
        if self.sized or len(trips.signal) != len(trades):
            return False
        if self.exits is not None and not (self.levels_known and self._same_levels(trips)):
            return False
        closed = trips.exit_bar != NEVER
        entered = self.bars.index[trips.signal + 1]
        left = self.bars.index[trips.exit_bar[closed]]
        still_open = (trades.exit_reason == "open").to_numpy(dtype=bool)
        return (
            entered.equals(pd.DatetimeIndex(trades.entry_time))
            and np.array_equal(closed, ~still_open)
            and left.equals(pd.DatetimeIndex(trades.exit_time[~still_open]))
        )

    def _same_levels(self, trips: RoundTrips) -> bool:
        """Return whether stops and targets end the same trades, at the same prices."""
        assert self.trades is not None and self.exits is not None and trips.inside is not None
        inside = self.trades.exit_reason.isin(LEVELS).to_numpy(dtype=bool)
        made = self.exits.filled[trips.signal[inside]]
        left = self.trades.exit_price[inside].to_numpy(dtype=float)
        return np.array_equal(trips.inside, inside) and np.allclose(made, left, rtol=1e-9, atol=0)

    @property
    def why_not(self) -> str:
        """Why the replay does not reproduce the run."""
        if self.levels is not None and not self.levels_known:
            return "stops or targets end some trades; they are replayed with the exit renew only"
        if self.sized:
            return "a sizer of your own sets the sizes"
        if self.levels is not None:
            return "the broker filled some orders otherwise than the replay of stops and targets"
        return "the broker refused or resized an order"

    @property
    def trips(self) -> RoundTrips:
        """The trips of the run: by the rule if exact, else as filled by the broker."""
        if self.trades is None or self.exact:
            return self.by_rule
        trades, at = self.trades, self.bars.index.get_indexer
        still_open = (trades.exit_reason == "open").to_numpy(dtype=bool)
        inside = trades.exit_reason.isin(LEVELS).to_numpy(dtype=bool)
        left = np.where(still_open, NEVER, at(pd.DatetimeIndex(trades.exit_time)))
        side = np.where(trades.side == "long", 1, -1)
        return RoundTrips(at(pd.DatetimeIndex(trades.entry_time)) - 1, side, left, inside)

    def later(self, bars: int = 1) -> "ReplayInputs":
        """Return a copy with every signal, and so every order, `bars` bars later."""
        signal, technical = (
            np.concatenate([np.zeros(bars), line[:-bars]]) for line in (self.signal, self.technical)
        )
        return replace(self, signal=signal, technical=technical, trades=None)
