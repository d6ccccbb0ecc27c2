"""OnePosition: shared order handling, entries, stops, targets and exits of all strategies."""

from numbers import Real

import backtrader as bt

from bt_fusion.errors import OptionError
from bt_fusion.indicators import MLEnsemble
from bt_fusion.strategies.entry_reasons import EntryReasons
from bt_fusion.strategies.parameters import renaming
from bt_fusion.strategies.symbol import awaiting

__all__ = ["OnePosition"]

LEVELS = {"stop": "atr_stop", "target": "atr_target"}  # in fractions, and in ATR units


class OnePosition(EntryReasons, bt.Strategy, metaclass=renaming(type(bt.Strategy))):
    '''
    Base of strategies with at most one position and one pending order per data feed. Entries are
    market orders, filled at the feed's next open; an optional stop and target are active from the
    bar after that. A feed is evaluated, and its orders are filled, only when it has a new bar.
    Feeds may start at different times.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, for all feeds, or a dictionary of
        them by feed name
      - ``ml`` (default True): False trades the technical signals alone
      - ``hold_bars`` (default 5): exit after this many bars
      - ``stop``, ``target`` (default None): distances from the entry price, fractions
      - ``atr_stop``, ``atr_target`` (default None): the same in ATR units
      - ``atr_period`` (default 14)
      - ``long_only`` (default False)
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on, or ``raise``
      - ``on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop`` using it from that bar on, until it is replaced

    Methods to override:
      - ``exit_reason(symbol)``: the reason to exit now, or None
      - ``stop_and_target(symbol, price, side)``: stop and target price of a position entered at
        ``price``, None for none
      - ``stages(symbol)``: pairs (stage, why the bar is lost there or ''), the path from a bar to a
        signal

    Note:
      ``aliases`` maps other names of params to these: ``use_ml_ensemble`` is ``ml``,
      ``ml_model_path`` is ``model``.
    '''

    params = (
        ("model", None),
        ("ml", True),
        ("hold_bars", 5),
        ("stop", None),
        ("target", None),
        ("atr_stop", None),
        ("atr_target", None),
        ("atr_period", 14),
        ("long_only", False),
        ("on_missing", "warn"),
        ("on_drift", "ignore"),
    )
    ml_only = ("on_missing", "on_drift")  # params without effect if ``ml`` is False
    aliases = {"use_ml_ensemble": "ml", "ml_model_path": "model"}

    def exit_reason(self, symbol):
        '''Return the reason to exit now, or None'''
        return "horizon" if self.held(symbol) >= self.p.hold_bars else None

    def stop_and_target(self, symbol, price, side):
        '''Return the prices of stop and target, None for none'''
        return self.level(symbol, price, -side, "stop"), self.level(symbol, price, side, "target")

    def level(self, symbol, price, side, name):
        '''Return a price at the distance of param ``name``, a fraction or in ATR units'''
        share, units = getattr(self.p, name), getattr(self.p, LEVELS[name])
        if share:
            return price * (1 + side * share)
        return price + side * units * symbol.atr[0] if units else None

    def watch(self, *symbols):
        '''Set the traded feeds; the first one's lines become the strategy's own'''
        check_levels(self.p)
        self.symbols = symbols
        self.alone = len(self.datas) == 1 and not self.data.replaying  # then each call is a new bar
        self.technical, self.signal = symbols[0].technical, symbols[0].signal
        if symbols[0].ml is not None:
            self.ml = symbols[0].ml
        for symbol in symbols:
            if symbol.atr is None and (self.p.atr_stop or self.p.atr_target):
                symbol.atr = bt.ind.ATR(symbol.data, period=self.p.atr_period)

    def ensemble(self, data, **params):
        '''Return the ML ensemble of a feed'''
        named = ("model", "on_missing", "on_drift")
        given = {name: getattr(self.p, name) for name in named}
        return MLEnsemble(data, **(given | params))

    @property
    def unchecked(self):
        '''Return the arguments that exempt a closing order from the broker's cash check.

        Backtrader's broker would count stop and target as two sales and might reject one; and an
        order waiting for the check cannot be cancelled.
        '''
        own = isinstance(self.broker, bt.brokers.BackBroker)
        return {"_checksubmit": False} if own else {}

    def held(self, symbol):
        '''Return the number of bars since the signal of the open position'''
        return len(symbol.data) - symbol.entered

    def prenext(self):
        if len(self.datas) > 1:  # Backtrader waits for all feeds; we evaluate each from its start
            self.next()

    def next(self):
        for symbol in self.symbols:
            moved = self.alone or symbol.has_new_bar()
            symbol.outcome = self.act(symbol) if moved and self.ready(symbol) else ""

    def ready(self, symbol):
        '''Return whether a feed has enough bars for its indicators'''
        if symbol.needed is None:  # a feed's == compares prices
            pairs = zip(self.datas, self._minperiods, strict=True)
            symbol.needed = next(period for data, period in pairs if data is symbol.data)
        if not symbol.ready:  # once ready, always ready
            symbol.ready = len(symbol.data) >= symbol.needed
        return symbol.ready

    def act(self, symbol):
        '''Enter or exit, and return the outcome of the signal'''
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
        '''Return the entry signal: 1, -1 or 0; NaN is 0'''
        signal = self.signal_line(symbol)[0]
        return int(signal > 0) - int(signal < 0)

    def signal_line(self, symbol):
        '''Return the line that enters; a subclass may replace ``self.signal``'''
        return self.signal if symbol is self.symbols[0] else symbol.signal

    def enter(self, symbol, side):
        '''Open a position at the feed's next open'''
        place = self.buy if side > 0 else self.sell
        symbol.order = self.awaiting(place(data=symbol.data, entry=True))
        if not symbol.order:
            return "size 0"
        symbol.entered = len(symbol.data)
        return "ordered"

    def awaiting(self, order):
        '''Keep the broker from filling an order before its feed has a new bar'''
        return order if self.alone else awaiting(order)

    def leave(self, symbol, reason):
        '''Close the position at the feed's next open'''
        for order in symbol.exit_orders:
            self.cancel(order)
        close = self.close(data=symbol.data, exit_reason=reason, **self.unchecked)
        symbol.order = self.awaiting(close)

    def notify_order(self, order):
        symbol = next((s for s in self.symbols if s.data is order.data), None)
        if symbol is None or order.alive():
            return
        if symbol.order and order.ref == symbol.order.ref:  # Backtrader passes copies
            symbol.order = None
            if order.status == order.Completed and self.getposition(order.data).size:
                symbol.side = 1 if order.isbuy() else -1
                symbol.last = max(symbol.last, len(symbol.data) - 1)  # the bar of its signal
                self.place_stop_and_target(symbol, order)
        elif self.closed_by(symbol, order):
            self.stopped_out(symbol)
        if symbol.exit_orders:
            symbol.exit_orders = [each for each in symbol.exit_orders if each.ref != order.ref]

    def closed_by(self, symbol, order):
        '''Return whether a stop or target order of ours has closed the position'''
        ours = any(each.ref == order.ref for each in symbol.exit_orders)
        closed = not self.getposition(order.data).size
        return ours and closed and order.status == order.Completed

    def stopped_out(self, symbol):
        '''Record that a stop or target order has closed the position'''

    def place_stop_and_target(self, symbol, entry):
        '''Place stop and target orders for the position just entered'''
        place, side = (self.sell, 1) if entry.isbuy() else (self.buy, -1)
        stop, target = self.stop_and_target(symbol, entry.executed.price, side)
        kinds = ((stop, bt.Order.Stop, "stop"), (target, bt.Order.Limit, "target"))
        for price, kind, reason in kinds:  # the stop first: it counts if a bar touches both
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
                symbol.exit_orders.append(self.awaiting(order))


def check_levels(params):
    """Raise OptionError for a stop or target that is not a distance, or given in two units"""
    for name, in_atr in LEVELS.items():
        share, units = getattr(params, name), getattr(params, in_atr)
        if share is not None and not (isinstance(share, Real) and 0 <= share < 1):
            raise OptionError(f"{name} {share} must be a fraction: 0.01 is 1 %")
        if units is not None and not (isinstance(units, Real) and units >= 0):
            raise OptionError(f"{in_atr} {units} must be a distance in ATR units, 0 or more")
        if share and units:
            raise OptionError(f"{name} {share} and {in_atr} {units} say two distances; give one")
