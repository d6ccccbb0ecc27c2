"""Strategies in the manner of Backtrader's own samples; none of them knows of ML."""

from datetime import timedelta

import backtrader as bt


class Brackets(bt.Strategy):
    """A limit entry with stop and target around it, each valid for a while (samples/bracket)."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=5), bt.ind.SMA(period=15))
        self.refs = []

    def notify_order(self, order):
        if not order.alive() and order.ref in self.refs:
            self.refs.remove(order.ref)

    def next(self):
        if self.refs or self.position or self.cross[0] <= 0:
            return
        price = self.data.close[0] * 0.999
        orders = self.buy_bracket(
            price=price, valid=timedelta(hours=3), stopprice=price * 0.98, limitprice=price * 1.02
        )
        self.refs = [order.ref for order in orders if order]


class OneCancelsOther(bt.Strategy):
    """Three limit orders that cancel each other, left after ten bars (samples/oco)."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=5), bt.ind.SMA(period=15))
        self.held = 0

    def notify_order(self, order):
        if order.status == order.Completed:
            self.held = len(self)

    def next(self):
        if self.position:
            if len(self) - self.held >= 10:
                self.close()
        elif self.cross[0] > 0:
            close = self.data.close[0]
            first = self.buy(exectype=bt.Order.Limit, price=close * 0.998, valid=timedelta(hours=5))
            for part in (0.995, 0.99):
                self.buy(exectype=bt.Order.Limit, price=close * part, oco=first)


class TrailingStop(bt.Strategy):
    """A market entry that a trailing stop follows (samples/stoptrail)."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=5), bt.ind.SMA(period=15))
        self.stop_order = None

    def notify_order(self, order):
        if self.stop_order is not None and order.ref == self.stop_order.ref and not order.alive():
            self.stop_order = None

    def next(self):
        if not self.position:
            if self.cross[0] > 0:
                self.buy()
        elif self.stop_order is None:
            self.stop_order = self.sell(exectype=bt.Order.StopTrail, trailpercent=0.01)


class SignalsOfAnother(bt.Strategy):
    """Trades one feed by the cross of another (samples/multidata-strategy)."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(self.data1, bt.ind.SMA(self.data1, period=15))
        self.order = None

    def notify_order(self, order):
        if not order.alive():
            self.order = None

    def next(self):
        if self.order:
            return
        if not self.position:
            if self.cross[0] > 0:
                self.order = self.buy(data=self.data0)
        elif self.cross[0] < 0:
            self.order = self.sell(data=self.data0, size=self.position.size)


class Targets(bt.Strategy):
    """Target orders that enlarge, reduce and turn a position (samples/order_target)."""

    params = (("kind", "percent"),)

    def next(self):
        step = len(self) % 40
        part = {0: 0.3, 8: 0.6, 16: 0.2, 24: -0.4, 32: 0.0}.get(step)
        if part is None:
            return
        if self.p.kind == "percent":
            self.order_target_percent(target=part)
        elif self.p.kind == "value":
            self.order_target_value(target=part * self.broker.get_value())
        else:
            self.order_target_size(target=round(100 * part))


class PairTrading(bt.Strategy):
    """Sells one feed and buys the other where they have drifted apart (samples/pair-trading)."""

    def __init__(self):
        spread = self.data0.close / self.data1.close
        self.mean, self.deviation = bt.ind.SMA(spread, period=20), bt.ind.StdDev(spread, period=20)
        self.spread = spread
        self.side = 0

    def next(self):
        away = (self.spread[0] - self.mean[0]) / max(self.deviation[0], 1e-12)
        side = -1 if away > 1.5 else 1 if away < -1.5 else 0
        if side and side != self.side:
            first, second = (self.buy, self.sell) if side > 0 else (self.sell, self.buy)
            first(data=self.data0, size=10 + abs(self.getposition(self.data0).size))
            second(data=self.data1, size=10 + abs(self.getposition(self.data1).size))
            self.side = side
        elif abs(away) < 0.3 and self.side:
            self.close(data=self.data0)
            self.close(data=self.data1)
            self.side = 0


class MemorySaving(bt.Strategy):
    """Indicators of indicators over few bars, for exactbars (samples/memory-savings)."""

    def __init__(self):
        fast, slow = bt.ind.EMA(period=5), bt.ind.EMA(period=15)
        self.macd = fast - slow
        self.signal = bt.ind.EMA(self.macd, period=4)

    def next(self):
        above = self.macd[0] > self.signal[0]
        if above and not self.position:
            self.buy()
        elif not above and self.position:
            self.sell(size=self.position.size)


class Signals(bt.SignalStrategy):
    """Backtrader's own strategy of signals (samples/signals-strategy)."""

    def __init__(self):
        cross = bt.ind.CrossOver(bt.ind.SMA(period=5), bt.ind.SMA(period=15))
        self.signal_add(bt.SIGNAL_LONGSHORT, cross)


# strategy, its params, how many feeds it needs, options of Cerebro
SAMPLES = {
    "brackets": (Brackets, {}, 1, {}),
    "oco": (OneCancelsOther, {}, 1, {}),
    "trailing stop": (TrailingStop, {}, 1, {}),
    "several data": (SignalsOfAnother, {}, 2, {}),
    "target percent": (Targets, {"kind": "percent"}, 1, {}),
    "target value": (Targets, {"kind": "value"}, 1, {}),
    "target size": (Targets, {"kind": "size"}, 1, {}),
    "pair trading": (PairTrading, {}, 2, {}),
    "memory saving": (MemorySaving, {}, 1, {"exactbars": 1}),
    "memory saving -1": (MemorySaving, {}, 1, {"exactbars": -1}),
    "memory saving -2": (MemorySaving, {}, 1, {"exactbars": -2}),
    "signals": (Signals, {}, 1, {}),
    "bar by bar": (Brackets, {}, 1, {"runonce": False}),
    "live": (TrailingStop, {}, 1, {"preload": False, "runonce": False}),
    "cheat on open": (TrailingStop, {}, 1, {"cheat_on_open": True}),
}
