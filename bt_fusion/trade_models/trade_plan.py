"""TradePlan: predictions, plus the later models' plan for the resulting trades."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.predictions import NO_MODEL, Predictions
from bt_fusion.trade_models.position_model import Advice, PositionModel
from bt_fusion.trade_models.risk_model import RiskModel
from bt_fusion.trade_models.stop_model import StopModel

__all__ = ["VOLATILITY_BARS", "TradeModels", "TradePlan", "market_state"]

NONE = np.empty(0)
VOLATILITY_BARS = 20  # number of returns in the standard deviation volatility_20


@dataclass(frozen=True)
class TradeModels:
    """The later models of one refit; None is neutral.

    Attributes
    ----------
    position : PositionModel or None
        None: hold.
    stops : StopModel or None
        None: the fixed multiples.
    risk : RiskModel or None
        None: size 1.
    trades, sized_trades : int
        Number of past out-of-sample trades to learn from, and how many of them have a stop model's
        distances, as the risk model needs.
    """

    position: PositionModel | None = None
    stops: StopModel | None = None
    risk: RiskModel | None = None
    trades: int = 0
    sized_trades: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class TradePlan(Predictions):
    """Predictions, and per bar the plan of an entry on its signal.

    Attributes
    ----------
    stop, target : ndarray of float64, shape (n_bars,)
        Distances in ATR units; from a model, the target is farther.
    atr : ndarray of float64, shape (n_bars,)
        Average true range over 14 bars, in price units.
    market : ndarray of float64, shape (n_bars, 3)
        The last three of `RISK_FEATURES`, see `market_state`.
    X : ndarray of float32, shape (n_bars, n_features)
    models : tuple of TradeModels
        By the number of the refit, see `model`.
    """

    stop: np.ndarray = field(default_factory=lambda: NONE)
    target: np.ndarray = field(default_factory=lambda: NONE)
    atr: np.ndarray = field(default_factory=lambda: NONE)
    market: np.ndarray = field(default_factory=lambda: NONE)
    X: np.ndarray = field(default_factory=lambda: NONE)
    models: tuple[TradeModels, ...] = ()

    @classmethod
    def of(cls, predictions: Predictions, **parts: Any) -> "TradePlan":
        """Return predictions with these additional parts."""
        known = {each.name: getattr(predictions, each.name) for each in fields(Predictions)}
        return cls(**known, **parts)

    @property
    def per_bar(self) -> tuple[str, ...]:
        """Names of the data with a row for each bar."""
        return (*super().per_bar, "stop", "target", "atr", "market", "X")

    def at(self, time: np.ndarray) -> "TradePlan":
        """Return the plan of the bars with these stamps, unknown if there are none."""
        found = super().at(time)
        assert isinstance(found, TradePlan)
        missing = self.index.get_indexer(found.index) < 0
        for values in (found.stop, found.target, found.atr, found.market):
            values[missing] = np.nan
        return found

    def models_at(self, bar: int) -> TradeModels:
        """Return the models of the refit that predicted a bar; neutral ones if none did."""
        number = int(self.model[bar]) if bar >= 0 else NO_MODEL
        return self.models[number] if number >= 0 else TradeModels()

    def advice(self, rows: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return an `Advice` for each open trade; HOLD without a model.

        Parameters
        ----------
        rows : ndarray of int64, shape (n_rows,)
            Bars.
        state : ndarray of float32, shape (n_rows, 7)
            Of the trade at the close of each, see `OpenTrades.states`.

        Returns
        -------
        ndarray of int64, shape (n_rows,)
        """
        X, number = np.hstack([self.X[rows], state]), self.model[rows]
        known = np.isfinite(X).all(axis=1) & (number >= 0)
        advice = np.full(len(X), Advice.HOLD, dtype=np.int64)
        for each in np.unique(number[known]):
            position, own = self.models[each].position, known & (number == each)
            if position is not None:
                advice[own] = position.advise(X[own])
        return advice

    def multiplier(self, bar: int, account: Sequence[float] | np.ndarray) -> float:
        """Return the multiplier for the size of an entry on a bar's signal.

        Parameters
        ----------
        bar : int
        account : sequence of float, shape (4,)
            A row of `account_state`.
        """
        risk = self.models_at(bar).risk
        if risk is None:
            return 1.0
        return float(risk.multipliers(np.append(account, self.market[bar])[None])[0])


def market_state(bars: BarArrays, atr: np.ndarray) -> np.ndarray:
    """Return the last three of `RISK_FEATURES`, shape (n_bars, 3).

    Standard deviation of the last 20 log returns, ATR / close, and the hour (UTC) of the bar's
    stamp.
    """
    moves = np.diff(bars.log_close, prepend=np.nan)
    volatility = np.full(len(bars), np.nan)
    if len(bars) > VOLATILITY_BARS:
        windows = np.lib.stride_tricks.sliding_window_view(moves, VOLATILITY_BARS)
        volatility[VOLATILITY_BARS - 1 :] = windows.std(axis=1)
    hour = bars.time.astype("datetime64[h]").astype(np.int64) % 24
    return np.column_stack([volatility, atr / bars.close, hour])
