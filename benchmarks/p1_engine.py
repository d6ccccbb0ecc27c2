"""P1: bars to final value with ML on, against stock Backtrader without ML."""

import backtrader as bt
import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import take_turns
from bt_fusion import SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.strategies import FusionStrategy

__all__ = ["measure"]

TRAINING = 4_000
LEAVE = {"exit": "horizon"}


def measure(bars: int = 100_000, repeats: int = 2) -> Measured:
    """Measure both runs over the same bars.

    Stock is a plain Cerebro as its documentation shows it: PandasData, default observers,
    Backtrader's own EMAs and PercentSizer, the same rules as FusionStrategy with ML off and the
    exit `horizon`. Ours is `run_strategy`: the model is fitted beforehand (three members, feature
    set `default`), its features and predictions are computed inside the measured run, TradeStats
    included.
    """
    known = planted_edge(TRAINING + bars)
    model = SignalModel().fit(known[:TRAINING])
    frame = known[TRAINING:]
    seen: dict[str, float | Run] = {}
    works = {
        "stock": lambda: seen.update(stock=stock_run(frame)),
        "ml_on": lambda: seen.update(on=run_strategy(frame, FusionStrategy, model=model, **LEAVE)),
        "ml_off": lambda: seen.update(off=run_strategy(frame, FusionStrategy, ml=False, **LEAVE)),
    }
    seconds = take_turns(works, repeats)
    on, off = seen["on"], seen["off"]
    parts = {f"{name}_s": value for name, value in seconds.items()}
    trades = {"trades_ml_on": on.figures["trades"], "trades_ml_off": off.figures["trades"]}
    return Measured(
        f"{bars:,} bars to final value: ML on against stock Backtrader without ML",
        parts | trades | {"features": len(model.feature_set_)},
        (Ratio("time", seconds["ml_on"] / seconds["stock"], most=0.45),),
    )


class StockStrategy(bt.Strategy):
    """EMA state entries left after five bars, in Backtrader's own parts."""

    def __init__(self):
        self.fast, self.slow = bt.ind.EMA(period=12), bt.ind.EMA(period=26)
        self.order = None
        self.entered = 0

    def next(self):
        if self.order:
            return
        if self.position:
            if len(self) - self.entered >= 5:
                self.order = self.close()
        elif self.fast[0] != self.slow[0]:
            self.order = self.buy() if self.fast[0] > self.slow[0] else self.sell()
            self.entered = len(self)

    def notify_order(self, order):
        if not order.alive():
            self.order = None


def stock_run(bars: pd.DataFrame) -> float:
    """Return the final value of a plain Cerebro."""
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=bars))
    cerebro.addstrategy(StockStrategy)
    cerebro.addsizer(bt.sizers.PercentSizer, percents=95)
    cerebro.broker.setcash(100_000)
    cerebro.broker.setcommission(commission=0.0005)
    cerebro.run()
    return cerebro.broker.getvalue()
