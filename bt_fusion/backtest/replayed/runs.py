"""Replayed runs of FusionStrategy: equity, figures and trades, as in TradeStats."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.replayed.broker import Fills, fill_trips
from bt_fusion.backtest.replayed.market import Market
from bt_fusion.backtest.replayed.rule import FusionRule
from bt_fusion.engine.runner import Run
from bt_fusion.statistics.performance import (
    bar_returns,
    curve_figures,
    reported_figures,
    trade_figures,
)
from bt_fusion.verdict.placebos.replay import RoundTrips

__all__ = ["ReplayedRun", "replayed_runs"]

CELLS = 500_000  # of a table of trades: runs times the most trades of one


@dataclass(frozen=True, eq=False)
class ReplayedRun:
    """Replayed run of FusionStrategy under one rule.

    Attributes
    ----------
    market : Market
    rule : FusionRule
    fills : Fills
    """

    market: Market
    rule: FusionRule
    fills: Fills

    @cached_property
    def equity(self) -> np.ndarray:
        """The account's value at the close of each bar, shape (n_bars,)."""
        fills, count = self.fills, len(self.market)
        edges = np.empty(2 * len(fills.size) + 2, dtype=np.int64)
        edges[0], edges[-1] = 0, count
        edges[1:-1:2] = fills.trips.signal + 1
        edges[2:-1:2] = np.where(fills.closed, fills.trips.exit_bar, count)
        length = np.diff(edges)
        cash = np.repeat(alternating(np.append(fills.cash, fills.final), fills.left), length)
        nothing = np.zeros(len(fills.size) + 1)
        size = np.repeat(alternating(nothing, fills.size), length)
        bought = np.repeat(alternating(nothing, fills.bought), length)
        worth = size * self.market.bars.close
        gained = self.market.bars.close - bought
        gained *= size
        value = worth - gained
        value += gained
        np.copyto(value, worth, where=size < 0)
        value += cash
        return value

    @cached_property
    def returns(self) -> np.ndarray:
        """The account's return on each bar except the first, as a fraction."""
        return bar_returns(self.equity)

    @cached_property
    def curve(self) -> dict[str, Any]:
        """All figures of the equity."""
        market = self.market
        return curve_figures(self.equity, self.returns, market.periods, market.years)

    @property
    def figures(self) -> dict[str, Any]:
        """The statistics of a `Run`."""
        fills, held = self.fills, self._stop - self.fills.trips.signal - 1
        pnl, value = (each[fills.closed] for each in (fills.pnl, fills.value))
        reported = reported_figures(
            {**trade_figures(pnl, pnl / value), **self.curve}, self.market.long
        )
        return {
            **reported,
            "exposure": int(held.sum()) / max(1, len(self.market)),
            "commission": float(fills.paid.sum()),
            "final_value": float(self.equity[-1]),
            "rejected": 0,
            "entry_score": None,
        }

    def run(self, symbol: str = "") -> Run:
        """Return it as an engine run: with trades, equity, signal and technical state."""
        state = self.market.state(self.rule).side
        signal = np.where(self.market.agrees(self.rule), state, 0)
        equity = pd.Series(self.equity, self.market.index, name="equity")
        return Run(self.figures, self.trades(symbol), equity, signal=signal, technical=state)

    def trades(self, symbol: str = "") -> pd.DataFrame:
        """Return one row per trade, as listed by `TradeStats`."""
        fills, time = self.fills, self.market.index
        signal, last = fills.trips.signal, len(self.market) - 1
        left = np.where(fills.closed, fills.trips.exit_bar, last)
        return pd.DataFrame(
            {
                "symbol": symbol,
                "side": np.where(fills.size > 0, "long", "short"),
                "entry_time": time[signal + 1],
                "entry_price": fills.entry,
                "exit_time": time[left],
                "exit_price": fills.size * fills.exit / fills.size,
                "size": np.abs(fills.size),
                "pnl": fills.pnl,
                "commission": fills.paid,
                "bars": left - signal - 1,
                "exit_reason": self.reasons,
                "share": fills.value / fills.cash,
                "signal_time": time[signal],
                "value": fills.value,
            }
        )

    @property
    def reasons(self) -> np.ndarray:
        """Exit reason of each trade."""
        trips, rule = self.fills.trips, self.rule.exit
        decided = np.maximum(trips.exit_bar - 1, 0)
        turned = self.market.state(self.rule).side[decided] * trips.side
        if rule.exit == "renew":
            market = np.where(turned > 0, "expired", "flip")
        else:
            old = decided - trips.signal >= rule.hold_bars
            market = np.where(old & (rule.exit != "flip"), "horizon", "flip")
        level = np.where(self.fills.stopped, "stop", "target")
        inside = np.zeros(len(decided), dtype=bool) if trips.inside is None else trips.inside
        return np.where(self.fills.closed, np.where(inside, level, market), "open")

    @property
    def _stop(self) -> np.ndarray:
        """First bar at whose close each trade is closed."""
        fills = self.fills
        return np.where(fills.closed, fills.trips.exit_bar, len(self.market))


def alternating(flat: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return values of the stretches between trades and of trades in their order.

    >>> alternating(np.array([1.0, 2.0]), np.array([9.0]))
    array([1., 9., 2.])
    """
    values = np.empty(len(flat) + len(held))
    values[::2], values[1::2] = flat, held
    return values


def replayed_runs(
    market: Market, rules: Iterable[FusionRule]
) -> Iterator[tuple[FusionRule, ReplayedRun | None]]:
    """Replay rules; None for one whose orders the replay cannot fill, see `fill_trips`.

    Parameters
    ----------
    market : Market
    rules : iterable of FusionRule
        Fastest if sorted by `FusionRule.order`.
    """
    by_levels = groupby(rules, key=lambda rule: (rule.stop, rule.target, rule.atr_period))
    for _, group in by_levels:
        for some in gathered((rule, market.trips(rule)) for rule in group):
            found = fill_trips(market, market.levels(some[0][0]), [trips for _, trips in some])
            for (rule, _), fills in zip(some, found, strict=True):
                yield rule, None if fills is None else ReplayedRun(market, rule, fills)


def gathered(
    runs: Iterable[tuple[FusionRule, RoundTrips]],
) -> Iterator[list[tuple[FusionRule, RoundTrips]]]:
    """Yield batches of runs whose trades fit a table of `CELLS`, at least one run each."""
    some, most = list[tuple[FusionRule, RoundTrips]](), 0
    for run in runs:
        most = max(most, len(run[1].signal))
        if some and most * (len(some) + 1) > CELLS:
            yield some
            some, most = [], len(run[1].signal)
        some.append(run)
    if some:
        yield some
