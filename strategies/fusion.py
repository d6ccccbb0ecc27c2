"""FusionStrategy: EMA cross and ML ensemble, traded where they agree (system A)."""

import backtrader as bt

from bt_fusion.errors import unknown_name
from bt_fusion.indicators import EMACross, FusedSignal, MLEnsemble

__all__ = ["FusionStrategy"]

EXITS = ("horizon", "flip", "both")


class FusionStrategy(bt.Strategy):
    """
    Trades the state of an EMA cross, with ML on only where the ensemble agrees. Entries are
    market orders, filled at the next open; the exit rule is the same with and without ML.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes
      - ``ml`` (default True): False trades the technical state alone
      - ``ema_fast``, ``ema_slow`` (default 12, 26)
      - ``ml_threshold`` (default 0.60): least probability that counts as agreement
      - ``exit`` (default horizon): ``horizon`` leaves after ``hold_bars`` bars, as long as the
        forecast reaches; ``flip`` when the state turns against the position; ``both`` whichever
        comes first
      - ``hold_bars`` (default 5): the horizon of the model's label
      - ``atr_stop`` (default None): distance of a stop order from the entry price, in ATR units
      - ``atr_period`` (default 14)
      - ``long_only`` (default False)
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on with the
        technical state alone, or ``raise``
    """

    params = (
        ("model", None),
        ("ml", True),
        ("ema_fast", 12),
        ("ema_slow", 26),
        ("ml_threshold", 0.60),
        ("exit", "horizon"),
        ("hold_bars", 5),
        ("atr_stop", None),
        ("atr_period", 14),
        ("long_only", False),
        ("on_missing", "warn"),
    )

    def __init__(self):
        if self.p.exit not in EXITS:
            raise unknown_name("exit", self.p.exit, EXITS)
        self.technical = EMACross(self.data, fast=self.p.ema_fast, slow=self.p.ema_slow)
        self.signal = self.technical.state
        if self.p.ml:
            self.ml = MLEnsemble(self.data, model=self.p.model, on_missing=self.p.on_missing)
            fused = FusedSignal(self.technical.state, self.ml, ml_threshold=self.p.ml_threshold)
            self.signal = fused.fused
        if self.p.atr_stop:
            self.atr = bt.ind.ATR(self.data, period=self.p.atr_period)
        self.order = None  # the pending entry or exit
        self.stop_order = None
        self.entered = 0  # length of the data at the signal of the open position

    def next(self):
        if self.order:
            return
        if self.position:
            reason = self.exit_reason()
            if reason:
                self.leave(reason)
        elif self.signal[0] > 0:
            self.order = self.buy()
        elif self.signal[0] < 0 and not self.p.long_only:
            self.order = self.sell()
        if self.order and not self.position:
            self.entered = len(self.data)

    def exit_reason(self):
        """Return why to leave the position now, or None"""
        held = len(self.data) - self.entered
        if self.p.exit != "flip" and held >= self.p.hold_bars:
            return "horizon"
        if self.p.exit != "horizon" and self.technical.state[0] * self.position.size < 0:
            return "flip"
        return None

    def leave(self, reason):
        """Close the position at the next open"""
        if self.stop_order:
            self.cancel(self.stop_order)
        self.order = self.close(exit_reason=reason)

    def notify_order(self, order):
        if order.alive():
            return
        if self.order and order.ref == self.order.ref:  # Backtrader hands over copies
            self.order = None
            if order.status == order.Completed and self.position and self.p.atr_stop:
                self.place_stop(order)
        elif self.stop_order and order.ref == self.stop_order.ref:
            self.stop_order = None

    def place_stop(self, entry):
        """Put a stop order behind the position that has just been entered"""
        distance = self.p.atr_stop * self.atr[0]
        place, side = (self.sell, -1) if entry.isbuy() else (self.buy, 1)
        self.stop_order = place(
            exectype=bt.Order.Stop,
            price=entry.executed.price + side * distance,
            exit_reason="stop",
        )
