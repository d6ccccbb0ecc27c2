"""Training of the later models, each on past out-of-sample trades of the earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import talib
from sklearn.base import clone

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import TrainingError
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.refit import leaves_lock
from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.risk_model import RiskModel, account_state
from bt_fusion.trade_models.simulated_trades import SimulatedTrades, simulate
from bt_fusion.trade_models.stop_model import StopModel, largest_moves, signal_side
from bt_fusion.trade_models.trade_plan import TradeModels, TradePlan, market_state
from bt_fusion.trade_models.trade_state import HeldBars

__all__ = ["Learner", "Recipe"]

START = 100_000.0  # of the simulated account; its size cancels out


@dataclass(frozen=True)
class Recipe:
    """How trades are made, and which models learn from them.

    Attributes
    ----------
    stop, target : float
        Distances in ATR units if there is no stop model.
    hold_bars : int
    atr_period : int
    costs : float
        Of entry and exit together, a fraction of the price.
    share : float
        Part of the account in a trade of size 1.
    min_trades : int
        With fewer past trades a model stays neutral.
    position : PositionModel
    stops : StopModel
    risk : RiskModel
        Unfitted.
    seed : int
    """

    stop: float
    target: float
    hold_bars: int
    atr_period: int
    costs: float
    share: float
    min_trades: int
    position: PositionModel
    stops: StopModel
    risk: RiskModel
    seed: int = 0


class Learner:
    """Past predictions, their trades, and the models that learn from these.

    Parameters
    ----------
    recipe : Recipe
    bars : BarArrays
    X : ndarray of float32, shape (n_bars, n_features)
    predictions : Predictions
        Out of sample: the model of each was fitted before its bar.
    embargo : int
        More bars left out before each refit.
    """

    def __init__(
        self,
        recipe: Recipe,
        bars: BarArrays,
        X: np.ndarray,
        predictions: Predictions,
        embargo: int = 0,
    ):
        self.recipe, self.bars, self.X, self.predictions = recipe, bars, X, predictions
        self.embargo = embargo
        period = recipe.atr_period
        self.atr = talib.ATR(bars.high, bars.low, bars.close, period)
        self.side = np.sign(np.nan_to_num(predictions.signal())).astype(np.int64)
        self.up, self.down = predictions.probability_up, predictions.probability_down

    @cached_property
    def trades(self) -> SimulatedTrades:
        """The trades of the signals with fixed distances."""
        return self.simulated(self.recipe.stop, self.recipe.target)

    def simulated(self, stop: Any, target: Any) -> SimulatedTrades:
        """Return the trades of the signals with these distances."""
        return simulate(self.bars, self.side, self.atr, stop, target, self.recipe.hold_bars)

    def position(self, start: int, bar: int) -> PositionModel | None:
        """Return a position model, trained on the trades that ended before a bar."""
        trades = self.trades.known_before(bar, start)
        held = self.held(trades)
        if len(trades) < self.recipe.min_trades or not len(held):
            return None
        held, rows = held.complete(self.X)
        t1 = np.searchsorted(held.trade, held.trade, side="right") - 1
        try:
            return clone(self.recipe.position).fit(rows, held.rest, self.recipe.seed, t1)
        except TrainingError:  # a class is missing: nothing to learn
            return None

    def held(self, trades: SimulatedTrades) -> HeldBars:
        """Return the bars at which trades could have been closed."""
        return HeldBars.of(self.bars, trades, self.up, self.down)

    def signal_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return the inputs of a stop model: features of the bar, and the side."""
        side = signal_side(self.side[rows], self.up[rows], self.down[rows])
        return np.column_stack([self.X[rows], side]).astype(np.float32)

    def stops(self, start: int, bar: int) -> StopModel | None:
        """Return a stop model, trained on signals whose horizon ended before a bar."""
        if len(self.trades.known_before(bar, start)) < self.recipe.min_trades:
            return None
        rows = np.arange(start, max(start, bar - self.recipe.hold_bars))
        against, favour = self.largest_moves
        rows = rows[(self.side[rows] != 0) & np.isfinite(against[rows])]
        if not len(rows):
            return None
        learnt = clone(self.recipe.stops)
        return learnt.fit(self.signal_rows(rows), against[rows], favour[rows], self.recipe.seed)

    @cached_property
    def largest_moves(self) -> tuple[np.ndarray, np.ndarray]:
        """How far prices go against and for each signal, see `largest_moves`."""
        return largest_moves(self.bars, self.side, self.atr, self.recipe.hold_bars)

    def distances(self, stops: StopModel | None, rows: np.ndarray) -> tuple[Any, Any]:
        """Return the stop and target distances at these bars, in ATR units."""
        if stops is None or not len(rows):
            return self.recipe.stop, self.recipe.target
        return stops.distances(self.signal_rows(rows))

    def risk(self, trades: SimulatedTrades, start: int, bar: int) -> RiskModel | None:
        """Return a risk model, trained on trades that ended before a bar."""
        known = trades.known_before(bar, start)
        if len(known) < self.recipe.min_trades:
            return None
        X, result = self.risk_rows(trades.known_before(bar))  # account from the first
        X, result = X[-len(known) :], result[-len(known) :]
        complete = np.isfinite(np.delete(X, 2, axis=1)).all(axis=1)
        if not complete.any():
            return None
        return clone(self.recipe.risk).fit(X[complete], result[complete], self.recipe.seed)

    def risk_rows(self, trades: SimulatedTrades) -> tuple[np.ndarray, np.ndarray]:
        """Return `RISK_FEATURES` at each trade's signal, and its result in units of its risk."""
        recipe, value, results = self.recipe, START, []
        net = trades.net(recipe.costs)
        for made in net.tolist():
            results.append(value * recipe.share * made)
            value = max(value + results[-1], 1e-9)
        account = account_state(results, START)[:-1]
        risked = trades.stop * trades.atr / trades.entry_price
        return np.hstack([account, self.market[trades.signal]]), net / risked

    @cached_property
    def market(self) -> np.ndarray:
        """The last three of `RISK_FEATURES` for every bar."""
        return market_state(self.bars, self.atr)

    def plan(self, refits: Sequence[Any], jobs: int = 1) -> TradePlan:
        """Train the models for each refit, `jobs` in parallel, and return each bar's plan."""
        learnt, stop, target, sized = self.learn_stops(refits, jobs=jobs)
        for number, refit in enumerate(refits):
            cut = refit.bar - self.embargo
            learnt[number] = self.with_risk(learnt[number], sized, refit.start, cut)
        return self.made(stop, target, tuple(learnt))

    def learn_stops(
        self, refits: Sequence[Any], position: bool = True, jobs: int = 1
    ) -> tuple[list[TradeModels], np.ndarray, np.ndarray, SimulatedTrades]:
        """Fit position models (on request) and stop models for each refit.

        Returns
        -------
        models : list of TradeModels
        stop, target : ndarray of float64, shape (n_bars,)
            Distances at each bar, from the model fitted before it.
        trades : SimulatedTrades
            Trades with the distances of a stop model.
        """
        count = len(self.bars)
        stop, target = np.full(count, np.nan), np.full(count, np.nan)
        modelled = np.zeros(count, dtype=bool)
        learnt = self.fitted(refits, position, jobs)
        for refit, models in zip(refits, learnt, strict=True):
            block = np.arange(refit.bar, refit.stop)
            block = block[self.predictions.known[block]]
            stop[block], target[block] = self.distances(models.stops, block)
            modelled[block] = models.stops is not None
        trades = self.simulated(stop, target)
        return learnt, stop, target, trades[modelled[trades.signal]]

    def fitted(self, refits: Sequence[Any], position: bool, jobs: int) -> list[TradeModels]:
        """Return the position model (on request) and the stop model of each refit."""
        _ = self.trades, self.largest_moves  # once, instead of in each worker
        found: dict[int, TradeModels] = {}
        calls = (
            (number, refit.start, refit.bar - self.embargo, position)
            for number, refit in enumerate(refits)
        )
        results = run_unordered(
            fit_first_two,
            calls,
            worker_count(jobs, len(refits)),
            shared=Shared(self),
            threads=leaves_lock(self.recipe.position.new_ensemble(self.recipe.seed)),
            name=lambda number, *_: f"the trade models at bar {refits[number].bar}",
        )
        for number, models in results:
            found[number] = models
        return [found[number] for number in range(len(refits))]

    def first_two(self, start: int, bar: int, position: bool) -> TradeModels:
        """Return the position model (on request) and the stop model from data known by then."""
        trades = len(self.trades.known_before(bar, start))
        first = self.position(start, bar) if position else None
        return TradeModels(first, self.stops(start, bar), None, trades)

    def with_risk(
        self, models: TradeModels, sized: SimulatedTrades, start: int, bar: int
    ) -> TradeModels:
        """Return the models plus a risk model, trained on trades with a stop model's distances."""
        count = len(sized.known_before(bar, start))
        return replace(models, risk=self.risk(sized, start, bar), sized_trades=count)

    def learn_stage(self, stage: str, models: TradeModels, refits: Sequence[Any]) -> TradeModels:
        """Return the models plus the next one, trained on all data up to the end of the bars."""
        count = len(self.bars)
        if stage == "position":
            trades = len(self.trades.known_before(count))
            return replace(models, position=self.position(0, count), trades=trades)
        if stage == "stops":
            return replace(models, stops=self.stops(0, count))
        *_, sized = self.learn_stops(refits, position=False)
        return self.with_risk(models, sized, 0, count)

    def plan_of(self, models: TradeModels) -> TradePlan:
        """Return the plan of fitted models for each bar's entry."""
        count = len(self.bars)
        stop, target = np.full(count, np.nan), np.full(count, np.nan)
        known = np.flatnonzero(self.predictions.known)
        stop[known], target[known] = self.distances(models.stops, known)
        return self.made(stop, target, (models,))

    def made(
        self, stop: np.ndarray, target: np.ndarray, models: tuple[TradeModels, ...]
    ) -> TradePlan:
        """Return the predictions with the plan of their trades."""
        return TradePlan.of(
            self.predictions,
            stop=stop,
            target=target,
            atr=self.atr,
            market=self.market,
            X=self.X,
            models=models,
        )


def fit_first_two(
    learner: Learner, number: int, start: int, bar: int, position: bool
) -> tuple[int, TradeModels]:
    """Return the number of a refit, and its first two models."""
    return number, learner.first_two(start, bar, position)
