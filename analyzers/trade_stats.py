"""TradeStats: trades, equity and figures of a run."""

from collections import defaultdict, deque
from dataclasses import dataclass
from math import nan

import backtrader as bt
import pandas as pd

from bt_fusion.indicators.line_arrays import feed_names, keep_bar_before, stamps
from bt_fusion.statistics.performance import run_figures

__all__ = ["TradeStats"]

TRADE_COLUMNS = (
    "symbol",
    "side",
    "entry_time",
    "entry_price",
    "exit_time",
    "exit_price",
    "size",
    "pnl",
    "commission",
    "bars",
    "exit_reason",
    "share",
    "signal_time",
    "value",
)
TIMES = ("entry_time", "exit_time", "signal_time")  # kept in Backtrader's days
REASONS = {bt.Order.Stop: "stop", bt.Order.StopTrail: "stop", bt.Order.Limit: "limit"}


class TradeStats(bt.Analyzer):
    '''
    Trades, equity and statistics of a run. A trade runs from flat to flat. A trade still open at
    the end is listed with the exit reason ``open``, valued at the last close, and counts as neither
    won nor lost.

    Methods:
      - ``get_analysis``: the statistics as a dictionary, fractions rather than percent, None if
        undefined (no trades, no losses, too few bars)
      - ``trades``: a DataFrame, one row per trade, in order of exit; ``share`` is the position as a
        fraction of the account's value at its entry, ``signal_time`` the bar of the order that
        opened it (the previous bar for an order at a bar's open), ``value`` the opened amount in
        cash, including the multiplier of the feed's commission scheme
      - ``opened_by``: the number of the order that opened each trade
      - ``equity``: a Series, the account's value at the close of each bar

    Note:
      Pass ``exit_reason=...`` to an order to list that reason with the trade it closes.
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self.rejected = 0  # orders the broker rejected, mostly for lack of cash
        self._rows = []
        self._openers = []
        self._legs = defaultdict(deque)  # data feed and trade id -> trades not listed yet
        self._names = feed_names(self.strategy.datas)
        keep_bar_before(*(data.lines.datetime for data in self.strategy.datas))
        self._at_open = {}  # number of an order at a bar's open -> time of the bar before
        self._last = {}  # data feed with an open trade -> close and timestamp of its last bar
        self._broker, self._clock = self.strategy.broker, self.strategy.lines.datetime
        self._drops_bars = self.strategy.env._exactbars > 0  # bars are not kept until the run stops
        self._times = []
        self._values = [self.strategy.broker.getvalue()]
        self._bars_in_market = 0

    def notify_order(self, order):
        if order.status in (order.Margin, order.Rejected):
            self.rejected += 1
        self._note_the_open(order)
        data = order.data if order.data._compensate is None else order.data._compensate
        legs = self._legs[data, order.tradeid]
        for part in order.executed.iterpending():  # fills since its last notification
            for size in (part.closed, part.opened):
                if size:
                    self._follow(legs, order, size, part.price)

    def notify_trade(self, trade):
        if trade.isclosed:
            legs = self._legs[trade.data, trade.tradeid].popleft()
            self._list(trade, legs, trade.pnlcomm, trade.dtclose)

    def prenext(self):
        self.next()

    def next(self):
        broker = self._broker
        self._times.append(self._clock[0])
        self._values.append(broker.getvalue())
        self._bars_in_market += any([position.size for position in broker.positions.values()])
        if self._drops_bars:
            self._note_last()

    def stop(self):
        for (data, number), pending in self._legs.items():
            for legs in pending:
                self._list_open(data, number, legs)
        # a result from another process must not carry feeds along
        self._legs = self._last = self._names = self._at_open = None
        self._broker = self._clock = None
        self.rets.update(self._figures())
        self.rets._close()

    def trades(self):
        '''Return one row per trade, in order of exit'''
        trades = pd.DataFrame(self._rows, columns=list(TRADE_COLUMNS))
        return trades.assign(**{name: stamps(trades[name]) for name in TIMES if len(trades)})

    def opened_by(self):
        '''Return the number of the order that opened each trade'''
        return list(self._openers)

    def equity(self):
        '''Return the account's value at the close of each bar'''
        index = pd.DatetimeIndex(stamps(self._times), name="datetime")
        return pd.Series(self._values[1:], index=index, name="equity")

    def _note_last(self):
        '''Note the last bar of each feed with an open trade'''
        for (data, _), legs in self._legs.items():
            if legs:
                self._last[data] = data.lines.close[0], data.lines.datetime[0]

    def _note_the_open(self, order):
        '''Record an order placed before this bar ended: its signal is the previous bar'''
        if order.status > order.Accepted:  # already reported
            return
        now = order.data.datetime[0]
        if order.created.dt == now and len(order.data) > 1 and self._times[-1:] < [now]:
            self._at_open.setdefault(order.ref, order.data.datetime[-1])

    def _follow(self, legs, order, size, price):
        '''Add a fill to the trade it opens, enlarges or reduces, as Backtrader's trades do'''
        if not legs or legs[-1].flat:
            mult = self.strategy.broker.getcommissioninfo(order.data).p.mult
            signal = self._at_open.get(order.ref, order.created.dt)
            legs.append(Legs(self._values[-1], signal, order.ref, mult))
        if legs[-1].opened * size >= 0:
            legs[-1].enter(size, price)
        else:
            legs[-1].leave(size, price, reason_of(order))

    def _list(self, trade, legs, pnl, closed):
        self._rows.append(
            (
                self._names.get(trade.data, trade.data._name),
                "long" if legs.opened > 0 else "short",
                trade.dtopen,
                legs.entry_price,
                closed,
                legs.exit_price,
                abs(legs.opened),
                pnl,
                trade.commission,
                len(trade.data) - trade.baropen if trade.isopen else trade.barlen,
                legs.reason,
                legs.share,
                legs.signal,
                legs.value,
            )
        )
        self._openers.append(legs.order)

    def _list_open(self, data, number, legs):
        '''List a trade still open as if it were closed at the last close, without commission'''
        for trade in self.strategy._trades[data][number]:
            if trade.isopen:
                price, last = self._last.get(data) or (data.close[0], data.datetime[0])
                pnl = trade.pnlcomm + trade.size * (price - trade.price) * legs.mult
                legs.leave(-trade.size, price, "open")
                self._list(trade, legs, pnl, last)

    def _figures(self):
        trades = self.trades()
        closed = trades[trades.exit_reason != "open"]
        pnl = closed.pnl.to_numpy(dtype=float)
        value = closed.value.to_numpy(dtype=float)
        equity = self.equity()
        return {
            **run_figures(pnl, pnl / value, equity),
            "exposure": self._bars_in_market / max(1, len(equity)),
            "commission": float(trades.commission.sum()),
            "final_value": float(equity.iloc[-1]),
            "rejected": self.rejected,
        }


@dataclass
class Legs:
    """Fills between two flat positions; sizes are signed.

    `signal` is the bar of the opening order, in Backtrader's days, `order` that order's number, and
    `mult` the multiplier of the feed's commission scheme.
    """

    equity: float
    signal: float
    order: int
    mult: float
    opened: float = 0.0
    spent: float = 0.0
    closed: float = 0.0
    received: float = 0.0
    reason: str = ""
    size: float = 0.0  # remaining size, bit for bit that of Backtrader's trade

    def enter(self, size: float, price: float) -> None:
        """Add a fill that opens or enlarges the position."""
        self.size += size
        self.opened += size
        self.spent += size * price

    def leave(self, size: float, price: float, reason: str) -> None:
        """Add a fill that reduces or closes it."""
        self.size += size
        self.closed += size
        self.received += size * price
        self.reason = reason

    @property
    def flat(self) -> bool:
        return not self.size

    @property
    def entry_price(self) -> float:
        return self.spent / self.opened

    @property
    def exit_price(self) -> float:
        return self.received / self.closed

    @property
    def value(self) -> float:
        return abs(self.spent) * self.mult

    @property
    def share(self) -> float:
        return self.value / self.equity if self.equity else nan


def reason_of(order) -> str:
    """Return the reason an order carries, else one named after its type."""
    return order.info.get("exit_reason") or REASONS.get(order.exectype, "order")
