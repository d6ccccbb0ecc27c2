"""OnePosition: order keeping, entries, stops, targets and exits, the same for every strategy."""

import backtrader as bt

from bt_fusion.indicators import MLEnsemble
from bt_fusion.models.predictions import Signal

__all__ = ["OnePosition", "Symbol"]


class Symbol:
    """One data feed of a strategy: its lines, its orders, and what became of its last signal.

    ``technical`` and ``ml`` are indicators (``ml`` None without ML), ``signal`` is the line that
    enters: 1 long, -1 short. ``outcome`` is what the last bar's signal led to: empty without one,
    ``ordered``, or why it was not.
    """

    def __init__(self, data, technical, signal, ml=None):
        self.data, self.technical, self.signal, self.ml = data, technical, signal, ml
        self.order = None  # the pending entry or exit
        self.exit_orders = []  # stop and target of the open position
        self.entered = 0  # length of the data at the signal of the open position
        self.outcome = ""
        self.needed = None  # bars the indicators of the feed need, known once the run has begun
        self._bar = None

    @property
    def name(self):
        return self.data._name

    def has_new_bar(self):
        """Tell whether the feed has moved since the last call; feeds of other stamps call, too"""
        bar, self._bar = self._bar, bar_of(self.data)
        return len(self.data) > 0 and bar != self._bar


class OnePosition(bt.Strategy):
    '''
    Base of strategies with at most one position and one pending order a data feed. Entries are
    market orders, filled at the feed's next open; a stop and a target may follow them,
    from the bar after that on. A feed is only looked at, and its orders are only filled, when it
    has a new bar; feeds may start at different times.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, for all feeds, or a dictionary of
        them by feed name

    Methods to override:
      - ``exit_reason(symbol)``: why to leave the position now, or None
      - ``stop_and_target(symbol, price, side)``: stop and target price of a position entered at
        ``price``, None for none
      - ``stages(symbol)``: pairs (stage, why the bar is lost there, empty if it is not), the way
        from a bar to a signal
    '''

    params = (
        ("model", None),
        ("ml", True),
        ("hold_bars", 5),
        ("long_only", False),
        ("on_missing", "warn"),
    )
    ml_only = ("on_missing",)  # params that nothing reads where ``ml`` is False

    def exit_reason(self, symbol):
        '''Return why to leave the position now, or None'''
        return "horizon" if self.held(symbol) >= self.p.hold_bars else None

    def stop_and_target(self, symbol, price, side):
        '''Return the prices of stop and target, None for none'''
        return None, None

    def watch(self, *symbols):
        '''Say which feeds are traded; the first one's lines become the strategy's own'''
        self.symbols = symbols
        self.technical, self.signal = symbols[0].technical, symbols[0].signal
        if symbols[0].ml is not None:
            self.ml = symbols[0].ml

    def ensemble(self, data, **params):
        '''Return the ML ensemble of a feed'''
        given = {"model": self.p.model, "on_missing": self.p.on_missing}
        return MLEnsemble(data, **(given | params))

    @property
    def unchecked(self):
        '''Return what lets an order that closes a position by the broker's check of cash.

        The check of Backtrader's own broker would take stop and target for two sales and might
        refuse one; and an order that waits for it cannot be cancelled.
        '''
        own = isinstance(self.broker, bt.brokers.BackBroker)
        return {"_checksubmit": False} if own else {}

    def held(self, symbol):
        '''Return how many bars ago the open position was decided on'''
        return len(symbol.data) - symbol.entered

    def prenext(self):
        if len(self.datas) > 1:  # Backtrader waits for all feeds; each is looked at from its start
            self.next()

    def next(self):
        for symbol in self.symbols:
            moved = symbol.has_new_bar()
            symbol.outcome = self.act(symbol) if moved and self.ready(symbol) else ""

    def ready(self, symbol):
        '''Tell whether the indicators of a feed have the bars they need'''
        if symbol.needed is None:  # a feed's == compares prices
            pairs = zip(self.datas, self._minperiods, strict=True)
            symbol.needed = next(period for data, period in pairs if data is symbol.data)
        return len(symbol.data) >= symbol.needed

    def act(self, symbol):
        '''Enter or leave, and return what became of the signal'''
        side = self.side(symbol)
        if symbol.order:
            return "order pending" if side else ""
        if self.getposition(symbol.data).size:
            reason = self.exit_reason(symbol)
            if reason:
                self.leave(symbol, reason)
            return "position open" if side else ""
        if not side:
            return ""
        if side < 0 and self.p.long_only:
            return "long only"
        return self.enter(symbol, side)

    def side(self, symbol):
        '''Return 1, -1 or 0 as the entry signal says; NaN is 0'''
        signal = self.signal_line(symbol)[0]
        return int(signal > 0) - int(signal < 0)

    def signal_line(self, symbol):
        '''Return the line that enters; a subclass may replace ``self.signal``'''
        return self.signal if symbol is self.symbols[0] else symbol.signal

    def enter(self, symbol, side):
        '''Open a position at the feed's next open'''
        place = self.buy if side > 0 else self.sell
        symbol.order = awaiting(place(data=symbol.data, entry=True))
        if not symbol.order:
            return "size 0"
        symbol.entered = len(symbol.data)
        return "ordered"

    def leave(self, symbol, reason):
        '''Close the position at the feed's next open'''
        for order in symbol.exit_orders:
            self.cancel(order)
        close = self.close(data=symbol.data, exit_reason=reason, **self.unchecked)
        symbol.order = awaiting(close)

    def notify_order(self, order):
        symbol = next((s for s in self.symbols if s.data is order.data), None)
        if symbol is None or order.alive():
            return
        if symbol.order and order.ref == symbol.order.ref:  # Backtrader hands over copies
            symbol.order = None
            if order.status == order.Completed and self.getposition(order.data).size:
                self.place_stop_and_target(symbol, order)
        symbol.exit_orders = [each for each in symbol.exit_orders if each.ref != order.ref]

    def place_stop_and_target(self, symbol, entry):
        '''Put stop and target behind the position that has just been entered'''
        place, side = (self.sell, 1) if entry.isbuy() else (self.buy, -1)
        stop, target = self.stop_and_target(symbol, entry.executed.price, side)
        kinds = ((stop, bt.Order.Stop, "stop"), (target, bt.Order.Limit, "target"))
        for price, kind, reason in kinds:  # the stop first: it counts where a bar touches both
            if price is not None:
                other = symbol.exit_orders[0] if symbol.exit_orders else None
                order = place(
                    data=symbol.data,
                    size=abs(entry.executed.size),
                    exectype=kind,
                    price=price,
                    oco=other,
                    exit_reason=reason,
                    **self.unchecked,
                )
                symbol.exit_orders.append(awaiting(order))

    def stages(self, symbol):
        '''Return pairs of stage and why the bar is lost there'''
        state = symbol.technical.state[0]
        yield "technical", "warming up" if state != state else "" if state else "no state"
        if symbol.ml is not None and symbol.ml.usable:
            yield from self.ml_stages(symbol, state)

    def ml_stages(self, symbol, state):
        '''Return the stages of ML: confident in a side, and agreed with the technical one'''
        up, down = symbol.ml.probability[0], symbol.ml.probability_down[0]
        sure = self.confident(up) or self.confident(down)
        unsure = "no prediction" if up != up else "" if sure else "not confident"
        yield "confident", unsure
        yield "agreed", "" if self.side(symbol) else "ML takes the other side"

    def thresholds(self, symbol, both=False):
        '''Return a ``Threshold`` for each value an entry of this bar depends on'''
        state = symbol.technical.state[0]
        if symbol.ml is not None and symbol.ml.usable:
            up, down = symbol.ml.probability[0], symbol.ml.probability_down[0]
            for side, name, value in ((1, "P(up)", up), (-1, "P(down)", down)):
                if both or state * side >= 0:
                    yield from self.ml_thresholds(symbol, name, value)

    def ml_thresholds(self, symbol, name, probability):
        '''Return what the probability of a side is held against'''
        return ()

    def entry_facts(self, symbol):
        '''Return what an entry rests on, name by name'''
        facts = {"symbol": symbol.name, "price": symbol.data.close[0]}
        if symbol.ml is not None:
            facts |= ml_facts(symbol.ml)
        return facts


def ml_facts(ml):
    """Return probability, class and level of an ``MLEnsemble`` at this bar"""
    signal = ml.signal[0]
    known = signal == signal
    return {
        "probability": ml.probability[0],
        "class": Signal(int(signal)).name if known else None,
        "level": str(ml.levels(ml.confidence[0])) if known else None,
    }


def bar_of(data):
    """Return what tells one bar of a feed from the next, also while it grows on replay"""
    if not len(data):
        return None
    return len(data), data.datetime[0], data.close[0], data.volume[0]


def awaiting(order):
    """Keep the broker from filling an order before its feed has a new bar.

    Backtrader tries pending stop and limit orders whenever any feed moves, also against the
    range of a bar that was over when the order was given.
    """
    if order:
        given = bar_of(order.data)
        order.active = lambda: bar_of(order.data) != given
    return order
