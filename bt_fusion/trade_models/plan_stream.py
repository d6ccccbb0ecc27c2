"""The plan of a fitted managed model bar by bar, equal to that of one batch."""

import numpy as np
import talib

from bt_fusion.data.bar_buffer import BarBuffer
from bt_fusion.models.streaming.model_stream import ModelStream
from bt_fusion.technical.series import wilder_memory
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.stop_model import signal_side
from bt_fusion.trade_models.trade_plan import VOLATILITY_BARS, TradePlan, market_state

__all__ = ["PlanStream"]

MARKET_BARS = VOLATILITY_BARS + 1  # input of `market_state` for one bar


class PlanStream(ModelStream):
    """A fitted ManagedModel, bar by bar.

    Parameters
    ----------
    model : ManagedModel
        Fitted.
    allow_in_sample : bool
        Also predict bars at or before `trained_until_`.
    """

    def __init__(self, model: ManagedModel, *, allow_in_sample: bool = False):
        super().__init__(model, allow_in_sample=allow_in_sample)
        self.recipe = model.recipe()
        needed = max(wilder_memory(self.recipe.atr_period), MARKET_BARS)
        self.buffer = BarBuffer(keep=max(self.buffer.keep or 0, needed))

    def current(self) -> TradePlan:
        """Return the plan of the last bar, unknown if it is in-sample."""
        predictions, bars = super().current(), self.buffer.arrays()
        atr = talib.ATR(bars.high, bars.low, bars.close, self.recipe.atr_period)
        X = self.features().latest(bars, memo=self.memo)[-1:]
        stop, target = np.full(1, np.nan), np.full(1, np.nan)
        models, known = self.model.trade_models_, bool(predictions.known[0])
        if known and models.stops is None:
            stop[:], target[:] = self.recipe.stop, self.recipe.target
        elif known:
            sides = predictions.probability_up, predictions.probability_down
            side = signal_side(predictions.signal(), *sides)
            stop, target = models.stops.distances(np.column_stack([X, side]).astype(np.float32))
        return TradePlan.of(
            predictions,
            stop=stop,
            target=target,
            atr=atr[-1:],
            market=market_state(bars.tail(MARKET_BARS), atr[-MARKET_BARS:])[-1:],
            X=X,
            models=(models,),
        )
