"""Test each part of a managed trade against chance: four tests, before costs.

Each compares a part's decisions with the same number of random ones, on the same sides, with exits
at the same age of a trade. So neither trading less nor costs matter, nor does the market's drift,
except for stops that hold trades longer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.runner import Run
from bt_fusion.trade_models.simulated_trades import (
    REASONS,
    SignalOutcomes,
    SimulatedTrades,
    each_signal,
)
from bt_fusion.trade_models.sizes import replayed_sizes
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["Chance", "ManagedRuns"]

SHARE = 0.95  # fraction of the account in a trade of size 1
NEAREST = 0.05  # smallest shift, as a fraction of a side's bars
EXIT = "advice"


@dataclass(frozen=True)
class Chance:
    """A part compared with chance.

    Attributes
    ----------
    found, expected : float
        Score of the part, and mean score of the draws: for position, stops and risk a mean result
        in ATR units, for the signal a sum over the root of its sum of squares.
    p_value : float
        Share of draws at least as good, the part itself included.
    decisions, draws : int
    """

    found: float
    expected: float
    p_value: float
    decisions: int
    draws: int

    @classmethod
    def of(cls, found: float, draws: np.ndarray, decisions: int) -> "Chance | None":
        """Compare a part with draws; None if any of them is unknown."""
        if not (np.isfinite(found) and np.isfinite(draws).all()):
            return None
        at_least = int((draws >= found - 1e-12).sum())
        p_value = (1 + at_least) / (1 + len(draws))
        return cls(float(found), float(draws.mean()), p_value, decisions, len(draws))


@dataclass(frozen=True, eq=False)
class ManagedRuns:
    """Runs of an ablation, and the inputs of their tests.

    Attributes
    ----------
    bars : BarArrays
        The traded ones.
    plan : TradePlan
        Of these.
    hold_bars : int
    stop, target : float
        Fixed distances in ATR units.
    runs : dict of Run
        By name: technical, signal, position, stops, risk.
    draws, seed : int
    costs : float
        Of entry and exit together, a fraction of the price.
    long_only : bool
    most_risk, atr_multiplier : float
        The strategy's `max_risk_pct` and `atr_multiplier`.
    """

    bars: BarArrays
    plan: TradePlan
    hold_bars: int
    stop: float
    target: float
    runs: dict[str, Run]
    draws: int = 999
    seed: int = 0
    costs: float = 0.001
    long_only: bool = False
    most_risk: float = 0.02
    atr_multiplier: float = 1.0

    def chance(self, name: str) -> Chance | None:
        """Test a part; None if it decided nothing, or there is no alternative choice."""
        rng = np.random.default_rng([self.seed, *name.encode()])
        return {
            "signal": self.of_signal,
            "position": self.of_position,
            "stops": self.of_stops,
            "risk": self.of_risk,
        }[name](rng)

    def fixed(self, side: np.ndarray) -> SignalOutcomes:
        """Return the outcome of each bar's trade on a side with the fixed distances."""
        return each_signal(self.bars, side, self.plan.atr, self.stop, self.target, self.hold_bars)

    def of_signal(self, rng: np.random.Generator) -> Chance | None:
        """Test the choice of entries against its agreement shifted along the bars of each side.

        Score: results above the mean trade of the side, over the root of their sum of squares.
        """
        technical = self.runs["technical"].technical
        signal = self.runs["signal"].signal
        assert technical is not None and signal is not None
        state = np.sign(np.nan_to_num(np.asarray(technical)))
        state = np.maximum(state, 0) if self.long_only else state
        agreed = (np.nan_to_num(np.asarray(signal)) != 0) & (state != 0)
        outcomes = self.fixed(state)
        result = centred(outcomes)

        def score(allowed: np.ndarray) -> float:
            made = result[outcomes.one_at_a_time(allowed).signal]
            return made.sum() / max(np.sqrt((made**2).sum()), 1e-12)

        if not agreed.any() or (agreed == (state != 0)).all():
            return None
        shifts = [shifted(agreed, state, rng) for _ in range(self.draws)]
        draws = np.array([score(allowed) for allowed in shifts])
        return Chance.of(score(agreed), draws, len(outcomes.one_at_a_time(agreed)))

    def of_position(self, rng: np.random.Generator) -> Chance | None:
        """Test early exits against exits of other trades of the side at the same age.

        Score: loss avoided by not holding on, in ATR units.
        """
        trades = self.runs["position"].trades
        entered = self.trades_of(trades, self.stop, self.target)
        left = (trades.exit_reason == EXIT).to_numpy() & (entered.exit > 0)
        out = self.place(trades.exit_time)
        return self.left_early(entered, out, left, rng)

    def left_early(
        self, trades: SimulatedTrades, out: np.ndarray, left: np.ndarray, rng: np.random.Generator
    ) -> Chance | None:
        """Test exits at the opens of bars `out` of those trades that were `left` early."""
        held, pools = out - trades.entry, {}
        # a level hit inside the bar at whose open a trade could end is hit after that open
        last = trades.exit - trades.entry + (trades.reason != REASONS.index("horizon"))
        for side in (1, -1):
            for age in np.unique(held[left]):
                others = (trades.side == side) & (trades.exit >= 0) & (last > age)
                pools[side, int(age)] = np.flatnonzero(others)
        places = np.flatnonzero(left & (last > held))
        if len(places) < 2:
            return None
        found = self.saved(trades, places, held[places])
        draws = np.empty((self.draws, len(places)))
        for column, place in enumerate(places.tolist()):
            pool = pools[int(trades.side[place]), int(held[place])]
            chosen = rng.choice(pool, self.draws)
            draws[:, column] = self.saved(trades, chosen, np.full(self.draws, held[place]))
        return Chance.of(found.mean(), draws.mean(axis=1), len(places))

    def saved(self, trades: SimulatedTrades, rows: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return the advantage of exiting at the open after `held` bars over holding on."""
        price = self.bars.open[trades.entry[rows] + held]
        return trades.side[rows] * (price - trades.exit_price[rows]) / trades.atr[rows]

    def of_stops(self, rng: np.random.Generator) -> Chance | None:
        """Test the distances against a random permutation among the trades of each side."""
        trades = self.runs["stops"].trades
        at = self.place(trades.signal_time)
        side = np.where(trades.side == "long", 1, -1)
        stop, target = self.plan.stop[at], self.plan.target[at]
        stop, target = stop * self.atr_multiplier, target * self.atr_multiplier
        # largest stop distance by `max_risk_pct`, for a position of the usual size
        share = np.minimum(trades.share.to_numpy(dtype=float), SHARE)
        most = self.most_risk / share * self.bars.close[at] / self.plan.atr[at]
        if len(at) < 2 or np.ptp(stop) + np.ptp(target) == 0:
            return None

        def mean_result(order: np.ndarray) -> float:
            distances = np.full((2, len(self.bars)), np.nan)
            distances[:, at] = np.minimum(stop[order], most), target[order]
            made = self.trades_of(trades, distances[0], distances[1])
            return float(made.result[made.exit >= 0].mean())

        own = np.arange(len(at))
        draws = np.array([mean_result(within(side, rng)) for _ in range(self.draws)])
        return Chance.of(mean_result(own), draws, len(at))

    def of_risk(self, rng: np.random.Generator) -> Chance | None:
        """Test the sizes against those with the results in random order.

        The model uses the account's history, so the results are permuted among the trades of a side
        and the account is recomputed; its market inputs stay the same. Without early exits and
        additions. Score: mean result in ATR units, weighted by size.
        """
        trades = self.trades_of(self.runs["risk"].trades, self.plan.stop, self.plan.target)
        trades = trades[trades.exit >= 0]
        if len(trades) < 2:
            return None
        orders = [np.arange(len(trades)), *(within(trades.side, rng) for _ in range(self.draws))]
        result = trades.result[np.array(orders)]
        returns = result * trades.atr / trades.entry_price - self.costs
        sizes = replayed_sizes(self.plan, trades.signal, returns, SHARE)
        if np.ptp(sizes[0]) == 0:
            return None
        means = (sizes * result).sum(axis=1) / sizes.sum(axis=1)
        return Chance.of(means[0], means[1:], len(trades))

    def trades_of(
        self, trades: pd.DataFrame, stop: float | np.ndarray, target: float | np.ndarray
    ) -> SimulatedTrades:
        """Return the trades of a run with their exits without advice."""
        at, sides = self.place(trades.signal_time), np.zeros(len(self.bars))
        sides[at] = np.where(trades.side == "long", 1, -1)
        return each_signal(self.bars, sides, self.plan.atr, stop, target, self.hold_bars).at(at)

    def place(self, time: pd.Series) -> np.ndarray:
        """Return the bars with these timestamps."""
        return pd.DatetimeIndex(self.bars.time).get_indexer(pd.DatetimeIndex(time))


def centred(outcomes: SignalOutcomes) -> np.ndarray:
    """Return each bar's result in ATR units above the mean of its side, 0 without a result."""
    trades = outcomes.at(np.arange(len(outcomes.side)))
    known = trades.exit >= 0
    result = np.where(known, trades.result, 0.0)
    for side in (1, -1):
        own = known & (trades.side == side)
        result[own] -= result[own].mean() if own.any() else 0.0
    return result


def shifted(agreed: np.ndarray, state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift an agreement along the bars of each side, by at least a twentieth of them."""
    moved = np.zeros_like(agreed)
    for side in (1, -1):
        own = np.flatnonzero(state == side)
        if len(own) > 1:
            near = int(np.ceil(NEAREST * len(own)))
            by = int(rng.integers(near, max(near + 1, len(own) - near + 1)))
            moved[own] = np.roll(agreed[own], by)
    return moved


def within(side: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random permutation of rows within each side."""
    order = np.arange(len(side))
    for each in (1, -1):
        own = np.flatnonzero(side == each)
        order[own] = rng.permutation(own)
    return order
