"""Bars, signals and plans that tests of managed trades share."""

import numpy as np
import pandas as pd

from benchmarks.opinions import predictions_of
from bt_fusion.data.bars import BarArrays
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.risk_model import RiskModel
from bt_fusion.trade_models.trade_plan import TradeModels, TradePlan, market_state

WARM_UP = 30  # bars without a signal: the strategy's indicators warm up


def gappy_bars(seed: int, count: int = 300) -> pd.DataFrame:
    """Bars on whole prices with gaps between them, some of them wide, and flat stretches."""
    rng = np.random.default_rng(seed)
    gap, move, above, below = rng.normal(0, [[3.0], [5.0], [3.0], [3.0]], (4, count))
    gap *= np.where(rng.random(count) < 0.1, 8.0, rng.random(count) < 0.5)
    still = np.repeat(rng.random(count // 10 + 1) < 0.1, 10)[:count]
    rows, last = np.empty((count, 4)), 1_000.0
    for t in range(count):
        open_ = last if still[t] else max(50.0, np.rint(last + gap[t]))
        close = open_ if still[t] else max(50.0, np.rint(open_ + move[t]))
        high, low = max(open_, close), min(open_, close)
        if not still[t]:
            high, low = high + np.rint(abs(above[t])), low - np.rint(abs(below[t]))
        rows[t] = open_, high, max(low, 1.0), close
        last = close
    bars = pd.DataFrame(rows, columns=["open", "high", "low", "close"])
    index = pd.date_range("2024-01-01", periods=count, freq="h")
    return bars.assign(volume=1_000.0).set_index(index)


def random_sides(rng: np.random.Generator, count: int, share: float = 0.3) -> np.ndarray:
    """Signals on a share of the bars, none while the strategy warms up."""
    side = rng.choice([-1, 0, 1], count, p=[share / 2, 1 - share, share / 2])
    side[:WARM_UP] = 0
    return side


def plan_for(bars, up=0.5, stop=1.5, target=1.5, atr=None, X=None, models=None) -> TradePlan:
    """A plan that says these things of the bars."""
    arrays, count = BarArrays.of(bars), len(bars)
    atr = np.full(count, 10.0) if atr is None else atr
    predictions = predictions_of(bars.index, np.broadcast_to(np.asarray(up, float), count))
    return TradePlan.of(
        predictions,
        stop=np.broadcast_to(np.asarray(stop, float), count),
        target=np.broadcast_to(np.asarray(target, float), count),
        atr=atr,
        market=market_state(arrays, atr),
        X=np.zeros((count, 1), dtype=np.float32) if X is None else X,
        models=(models or TradeModels(),),
    )


class Follows(ManagedStrategy):
    '''A managed strategy that enters on given signals, one a bar'''

    params = (("sides", None), ("ema_fast", 1), ("ema_slow", 2))

    def side(self, symbol):
        sides = self.p.sides
        sides = sides[symbol.name] if isinstance(sides, dict) else sides
        return int(sides[len(symbol.data) - 1])


class FirstFeature(PositionModel):
    """A position model that says what the first feature says: -1, 0 or 1."""

    def advise(self, X):
        return X[:, 0].astype(np.int64)


class Halves(RiskModel):
    """A risk model that halves every trade."""

    def multipliers(self, X):
        return np.full(len(X), 0.5)
