"""LeanCerebro: Backtrader's run over preloaded bars, with fewer calls per bar."""

from math import inf, nan

import backtrader as bt

from bt_fusion.engine.lean_broker import LeanBroker

__all__ = ["LeanCerebro"]

# Backtrader's methods of a strategy's bar that are replaced here
STEPS = ("_oncepost", "_notify", "_next_analyzers", "_next_observers", "clear", "forward")


class LeanCerebro(bt.Cerebro):
    """
    A ``Cerebro`` for one strategy over preloaded feeds. Broker, strategy and analyzers see each bar
    in the same order and with the same values as in Backtrader. Lines move without a call for each
    of them, and calls without effect are skipped: a bar without news for an analyzer, a method that
    is not overridden. Any other setup runs as in Backtrader.
    """

    params = (("stdstats", False),)

    def __init__(self):
        super().__init__()
        self.setbroker(LeanBroker())

    def _runonce(self, runstrats):
        if len(runstrats) == 1 and self._is_plain(runstrats[0]):
            self._run_bars(runstrats[0])
        else:
            super()._runonce(runstrats)

    def _is_plain(self, strategy):
        """Return whether the strategy uses Backtrader's own methods for a bar"""
        steps = all(getattr(type(strategy), name) is getattr(bt.Strategy, name) for name in STEPS)
        observers = strategy._lineiterators[bt.LineIterator.ObsType]
        more = self.p.cheat_on_open or self.p.quicknotify or self.runwriters
        return steps and not (observers or more or strategy._slave_analyzers)

    def _run_bars(self, strategy):
        strategy._once()
        strategy.reset()
        feeds = sorted(self.datas, key=lambda data: (data._timeframe, data._compression))
        bar = Bar(strategy)
        while (now := move(feeds)) < inf:
            if self._timerscheat:
                self._check_timers([strategy], now, cheat=True)
            self._brokernotify()
            if self._event_stop:
                return
            if self._timers:
                self._check_timers([strategy], now, cheat=False)
            bar.close(now)
            if self._event_stop:
                return


def move(feeds):
    """Move the next feeds, and return their time; inf if no bar is left."""
    if len(feeds) == 1:
        now = feeds[0].advance_peek()
        if now < inf:
            feeds[0].advance()
        return now
    ahead = [feed.advance_peek() for feed in feeds]
    now = min(ahead)
    if now < inf:
        for feed, its in zip(feeds, ahead, strict=True):
            if its <= now:
                feed.advance()
    return now


class Bar:
    """A strategy's and its analyzers' calls at the close of a bar, as ``Strategy._oncepost``."""

    def __init__(self, strategy):
        self._strategy, self._broker = strategy, strategy.broker
        indicators = strategy._lineiterators[bt.LineIterator.IndType]
        self._moved = [(clock_of(each), lines_of(each)) for each in indicators if moves(each)]
        self._others = [each for each in indicators if not moves(each)]
        self._lines = lines_of(strategy)
        receivers = (strategy, *strategy.analyzers)
        self._cash = [call for each in receivers if (call := calls(each, "notify_cashvalue"))]
        self._fund = [call for each in receivers if (call := calls(each, "notify_fund"))]
        self._next, self._order, self._trade = (
            [call for each in strategy.analyzers if (call := calls(each, name))]
            for name in ("next", "notify_order", "notify_trade")
        )
        self._status = 1  # below 0 once every feed has enough bars for the strategy

    def close(self, now):
        strategy = self._strategy
        for clock, lines in self._moved:
            if clock.lencount > lines[0].lencount:
                for line in lines:
                    line._idx += 1
                    line.lencount += 1
        for each in self._others:
            if len(each._clock) > len(each):
                each.advance()
        for line in self._lines:
            line._idx += 1
            line.lencount += 1
            line.array.append(nan)
        strategy.lines.datetime[0] = now
        news = strategy._orderspending or strategy._tradespending
        if news:
            self._notify_orders()
        self._notify_cash()
        if self._status < 0:
            strategy.next()
            for call in self._next:
                call()
        else:
            self._begin()
        if news:  # ``clear`` would also keep every copy of every order, which is never read
            strategy._orderspending, strategy._tradespending = [], []

    def _notify_orders(self):
        strategy = self._strategy
        for order in strategy._orderspending:
            if order.exectype != order.Historical or order.histnotify:
                strategy.notify_order(order)
            for call in self._order:
                call(order)
        for trade in strategy._tradespending:
            strategy.notify_trade(trade)
            for call in self._trade:
                call(trade)

    def _notify_cash(self):
        broker = self._broker
        if self._cash:
            cash, value = broker.getcash(), broker.getvalue()
            for call in self._cash:
                call(cash, value)
        if self._fund:
            fund = broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares
            for call in self._fund:
                call(*fund)

    def _begin(self):
        strategy = self._strategy
        self._status = status = strategy._getminperstatus()
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        strategy._next_analyzers(status)


def calls(receiver, name):
    """Return the method Backtrader calls on a strategy or analyzer, None if it is empty."""
    kind = bt.Strategy if isinstance(receiver, bt.Strategy) else bt.Analyzer
    if getattr(receiver, "_children", ()):
        return getattr(receiver, f"_{name}")
    return None if getattr(type(receiver), name) is getattr(kind, name) else getattr(receiver, name)


def lines_of(moving):
    """Return the line buffers of an indicator, a strategy, or an operation on lines."""
    return getattr(moving.lines, "lines", moving.lines)


def clock_of(indicator):
    return lines_of(indicator._clock)[0]


def moves(indicator):
    """Return whether moving an indicator only moves its lines."""
    own = bt.Indicator.advance, bt.LineBuffer.advance
    buffers = [*lines_of(indicator), clock_of(indicator)]
    whole = all(line.advance.__func__ is bt.LineBuffer.advance for line in buffers)
    return type(indicator).advance in own and whole
