"""Market: bars and predictions shared by many replayed rules, with cached parts."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.replayed.rule import FusionRule
from bt_fusion.data.bars import BarArrays, bars_per_year
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import cerebro_of
from bt_fusion.indicators.line_arrays import float_days, stamps
from bt_fusion.indicators.trade_costs import costs_of
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictions import Predictions
from bt_fusion.statistics.performance import long_enough, years_of
from bt_fusion.technical.ema_state import atr, ema
from bt_fusion.verdict.placebos.agreement_draws import renewed_to_levels
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.levels import LevelExits, Levels
from bt_fusion.verdict.placebos.replay import (
    NEVER,
    RoundTrips,
    episodes_of,
    exit_bars,
    one_at_a_time,
    renewed,
)

__all__ = ["Market", "State"]

BYTES = 200_000_000  # cache size of averages; of other parts the last few are cached
KEPT = 32


@dataclass(frozen=True, eq=False)
class State:
    """State of two moving averages.

    Attributes
    ----------
    side : ndarray of int64, shape (n_bars,)
        -1, 0, 1.
    up, down : ndarray of bool, shape (n_bars,)
    episodes : Episodes
        Of all bars but the last.
    """

    side: np.ndarray
    up: np.ndarray
    down: np.ndarray
    episodes: Episodes


class Market:
    """Bars, predictions and an account; parts shared by rules are computed once.

    Parameters
    ----------
    bars : DataFrame
    account : Account
        Without a sizer.
    predictions : Predictions, optional
        Of the same bars; rules with ML need them.

    Attributes
    ----------
    bars : BarArrays
    index : DatetimeIndex
        Timestamps of the bars, as in the engine.
    periods : float
        Bars per year.
    years : float
        From the first to the last bar.
    long : bool
        Whether the bars are long enough for annual figures.
    """

    def __init__(
        self, bars: pd.DataFrame, account: Account, predictions: Predictions | None = None
    ):
        self.bars, self.account = BarArrays.of(bars), account
        self.index = pd.DatetimeIndex(stamps(float_days(bars.index.to_numpy())), name="datetime")
        self.predictions = None if predictions is None else predictions.at(self.index.to_numpy())
        self.periods, self.years = bars_per_year(self.index), years_of(self.index)
        self.long = long_enough(self.index)
        self._frame = bars
        most = max(4, BYTES // (8 * len(bars)))
        self._average = lru_cache(most)(lambda period: ema(self.bars.close, period))
        self._state = lru_cache(KEPT)(self._state_of)
        self._sides = lru_cache(KEPT)(self._sides_of)
        self._range = lru_cache(KEPT)(self._range_of)
        self._met = lru_cache(KEPT)(self._met_of)
        self._ends = lru_cache(KEPT)(self._ends_of)
        self._vote = lru_cache(None)(self._vote_of)
        self._costs = lru_cache(None)(self._costs_of)

    def __len__(self) -> int:
        return len(self.bars)

    @property
    def has_payoff(self) -> bool:
        """Whether the predictions support the threshold "auto"."""
        p = self.predictions
        return p is not None and (p.voting != "soft" or p.payoff is not None)

    def trips(self, rule: FusionRule) -> RoundTrips:
        """Return the round trips of a rule, ignoring whether the account can pay for them."""
        state, agrees, hold = self.state(rule), self.agrees(rule), rule.exit.hold_bars
        if rule.exit.exit != "renew":
            side = np.where(agrees, state.side, 0)
            side[-1:] = 0  # an order on the last bar is never filled
            exit_bar, inside = self._ends(replace(rule, threshold=None))
            entered = one_at_a_time(side, exit_bar)
            within = None if inside is None else inside[entered]
            return RoundTrips(entered, side[entered], exit_bar[entered], within)
        if rule.has_levels:
            return renewed_to_levels(state.side, agrees, hold, self.exits(rule))
        return renewed(state.side, agrees, hold, state.episodes)

    def agrees(self, rule: FusionRule) -> np.ndarray:
        """Return where an entry of the state's side passes, shape (n_bars,)."""
        state = self.state(rule)
        if rule.threshold is None:
            agrees = state.up if rule.exit.long_only else state.up | state.down
        else:
            long, short = self._sides(rule.threshold)
            agrees = long & state.up
            if not rule.exit.long_only:
                agrees |= short & state.down
        if rule.atr_period:
            agrees = agrees & np.isfinite(self._range(rule.atr_period))
        return agrees

    def state(self, rule: FusionRule) -> State:
        """Return the state of a rule's averages."""
        return self._state(rule.fast, rule.slow)

    def levels(self, rule: FusionRule) -> Levels | None:
        """Return the stop and target orders of a rule, or None."""
        if not rule.has_levels:
            return None
        known = self._range(rule.atr_period) if rule.atr_period else None
        return Levels(rule.stop, rule.target, known)

    def exits(self, rule: FusionRule) -> LevelExits:
        """Return where a position of the state's side hits a rule's stop or target."""
        long, short = self._met(rule.stop, rule.target, rule.atr_period)
        up = self.state(rule).side >= 0
        return LevelExits(
            *(
                np.where(up, getattr(long, name), getattr(short, name))
                for name in ("bar", "price", "filled")
            )
        )

    def _state_of(self, fast: int, slow: int) -> State:
        away = self._average(fast) - self._average(slow)
        side = np.sign(np.nan_to_num(away)).astype(np.int64)
        return State(side, side > 0, side < 0, episodes_of(side))

    def _range_of(self, period: int) -> np.ndarray:
        return atr(self.bars.high, self.bars.low, self.bars.close, period)

    def _met_of(self, stop: Any, target: Any, period: int) -> tuple[LevelExits, LevelExits]:
        """Return where a long and a short of each bar hit stop or target."""
        levels = Levels(stop, target, self._range(period) if period else None)
        one, slips = np.ones(len(self), dtype=np.int64), self.account.slippage
        return levels.exits(self.bars, one, slips), levels.exits(self.bars, -one, slips)

    def _ends_of(self, rule: FusionRule) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the bar at which each bar's trip ends, and whether it ends inside that bar."""
        side = self.state(rule).side
        exit_bar = exit_bars(side, side, rule.exit)
        if not rule.has_levels:
            return exit_bar, None
        met, decided = self.exits(rule).bar, np.where(exit_bar == NEVER, len(self), exit_bar) - 1
        inside = met <= decided  # the bar that decides to exit can still hit one
        return np.where(inside, met, exit_bar), inside

    def _sides_of(self, threshold: float | str) -> tuple[np.ndarray, np.ndarray]:
        """Return where ML agrees with a long, and where with a short."""
        p = self.predictions
        assert p is not None
        agreement = Agreement(threshold, voting=p.voting)
        break_even = p.break_even(self._costs()) if agreement.auto else None
        up, down, signal, confidence = self._vote()
        return agreement.sides(up, down, signal, confidence, break_even)

    def _vote_of(self) -> tuple[np.ndarray, ...]:
        assert self.predictions is not None
        return self.predictions.signal_values()

    def _costs_of(self) -> Any:
        """Return the broker's round-trip costs, as a fraction of each bar's price."""
        cerebro = cerebro_of({"": self._frame}, self.account)
        return costs_of(cerebro.broker, cerebro.datas[0]).round_trip(self.bars.close)
