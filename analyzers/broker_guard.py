"""BrokerGuard: what the broker did that a strategy's author would not expect."""

from dataclasses import dataclass
from math import inf, isfinite

import backtrader as bt
import pandas as pd

from bt_fusion.analyzers.exposure import Exposure
from bt_fusion.analyzers.guard_text import UNITS, guard_text
from bt_fusion.indicators.line_arrays import feed_names, stamps

__all__ = ["BrokerGuard"]

ROUNDING = 1e-9  # part of the account that sums of floats may be off by
GAP = 0.01  # part of the account that an opening gap and costs add to what was ordered
REFUSED = (bt.Order.Margin, bt.Order.Rejected)
DRIFT = 2  # times what orders may take: half of it is borrowed, and brokers ask for margin


class BrokerGuard(bt.Analyzer):
    '''
    Looks for what Backtrader's broker does without a word: cash or value that is NaN, orders on
    bars without a price or on old ones, orders that are refused, positions that are worth more
    than the account, borrowed cash, an account that lost more than it had. Each is listed once,
    with the first bar, how often it came, and what to do. A sound run lists nothing.

    Params:
      - ``leverage`` (default 1.0): how many times the account's value orders may take. What a
        commission scheme grants by its ``leverage`` or ``margin`` is on top of it

    Methods:
      - ``get_analysis``: a dictionary of

        - ``findings``, a list by time of dictionaries: ``kind`` (str), ``time`` (Timestamp, of
          the first bar), ``feed`` (str, its name), ``count`` (int), ``unit`` (str, ``orders`` or
          ``bars``: what is counted) and ``text`` (str, what happened and what to do)
        - ``max_leverage`` (float), the most times its value the account ever had in positions,
          after a fill or at a close

      - ``text``: the findings as text, one line each; '' where there are none

    Kinds:
      - ``nan_cash``, ``nan_value``: NaN or infinite, the cash for good, or the value alone
      - ``nan_order``: placed on a bar without a price, or filled at none
      - ``stale_order``: its feed had no new bar when it was placed
      - ``margin``, ``rejected``: the two ways in which a broker refuses
      - ``leverage``: an order took the positions above ``leverage`` times the account's value, or
        prices took them above twice that
      - ``negative_cash``, ``negative_value``: below 0

    Formula:
      - leverage = sum of abs(value of a position) / value of the account

    Note:
      A position is worth what its commission scheme takes for it from the cash: size * price /
      leverage of a stock, size * margin of a future. A short counts like a long, though
      Backtrader adds its price to the cash. Up to 1 % above ``leverage`` is an opening gap.
      Orders that expire, are cancelled or are filled in part are no findings, nor are those
      refused only because NaN was ordered before. A live broker tells of orders at its own
      time, so that of another than Backtrader's own ``stale_order`` is not looked for.
    '''

    params = (("leverage", 1.0),)

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._found = {}  # kind -> Finding
        self._names = feed_names(self.strategy.datas)
        own = isinstance(self.strategy.broker, bt.brokers.BackBroker)
        self._several = own and len(self.strategy.datas) > 1
        # bars of each feed at the last two calls
        self._bars = self._bars_before = dict.fromkeys(self.strategy.datas, 0)
        self._time, self._next_ref = 0.0, 0  # of the last call, the number an order would get then
        self._seen = set()  # numbers of the orders the broker has told of
        self._exposure = Exposure(self.strategy)
        self._shared = len(self.strategy.env.runningstrats) > 1
        self._filled = {}  # data feed -> price of its last fill on this bar
        self._opened = False  # whether one of these fills opened a position or added to one
        self._nan_orders = set()  # numbers of the orders without a price
        self._last_nan = None, 0  # when the last of them was placed, and its number
        self._rounding = ROUNDING * abs(self.strategy.broker.getvalue())
        self._most = 0.0
        self._above = False  # whether orders took the account above its leverage
        self._lowest_cash = self._lowest_value = inf

    def notify_order(self, order):
        if not order:  # vetoed by ``with_ml``: no broker ever had it
            return
        if order.ref not in self._seen:
            self._seen.add(order.ref)
            self._look_at_new(order)
        if order.status in REFUSED:
            self._look_at_refused(order)
        if order.executed.size:
            self._look_at_fills(order)

    def notify_cashvalue(self, cash, value):
        if self._filled or self._shared:
            self._exposure.update()
        if cash < 0 or value < 0:
            self._look_below_zero(cash, value)
        if not isfinite(value):
            self._note_nan(cash)
        elif self._exposure.held and value > 0:
            self._look_at_leverage(cash, value)
        if self._filled:
            self._filled, self._opened = {}, False

    def next(self):
        if self._several:
            self._bars_before, self._bars = self._bars, {data: len(data) for data in self._bars}
            self._time, self._next_ref = self.strategy.datetime[0], next_ref()

    def prenext(self):
        self.next()

    def stop(self):
        found = sorted(self._found.items(), key=lambda item: item[1].days)
        self.rets["findings"] = [self._listed(kind, finding) for kind, finding in found]
        self.rets["max_leverage"] = self._most
        self.rets._close()
        # a result that travels from another process must not drag feeds along
        self._names = self._bars = self._bars_before = self._filled = self._exposure = None
        self._seen = self._nan_orders = None

    def text(self):
        '''Return the findings as text, one line each'''
        return "\n".join(
            f"{each['time']} {each['feed']}".rstrip()
            + f" ({each['count']:,} {each['unit'][: -1 if each['count'] == 1 else None]}): "
            + each["text"]
            for each in self.rets["findings"]
        )

    def _look_at_new(self, order):
        placed = order.created
        if self._several and self._is_stale(order):
            self._note("stale_order", self._time, order.data)
        prices = placed.pclose + (placed.price or 0.0) + (placed.pricelimit or 0.0)
        if not isfinite(prices + placed.size):
            self._last_nan = placed.dt, order.ref
            self._note_nan_order(order, placed.dt)

    def _look_at_refused(self, order):
        now = order.data.datetime[0]
        if order.status == order.Rejected:
            self._note("rejected", now, order.data, child=order.parent is not None)
        elif not self._refused_for_nan(order):
            self._note("margin", now, order.data)

    def _look_at_fills(self, order):
        for part in order.executed.iterpending():  # what was filled since it last told of itself
            if not isfinite(part.price):
                self._note_nan_order(order, order.executed.dt)
            held = order.data if order.data._compensate is None else order.data._compensate
            self._filled[held] = part.price
            self._opened = self._opened or bool(part.opened)

    def _is_stale(self, order):
        if order.data.replaying:  # its bar goes on
            return False
        bars, before = (each.get(order.data, 0) for each in (self._bars, self._bars_before))
        if order.ref >= self._next_ref:  # placed since the last call, before this bar is over
            return len(order.data) == bars
        return bars == before

    def _note(self, kind, days, data=None, **facts):
        feed = self._names.get(data, "")
        self._found.setdefault(kind, Finding(days, feed, facts)).count += 1

    def _note_nan_order(self, order, days):
        if order.ref not in self._nan_orders:
            self._nan_orders.add(order.ref)
            self._note("nan_order", days, order.data)

    def _refused_for_nan(self, order):
        '''Tell whether the cash would have sufficed, had no order before been without a price'''
        placed, first = self._last_nan
        after = order.created.dt == placed and order.ref > first  # their cash is summed in one go
        cash = self.strategy.broker.getcash()
        return after or order.ref in self._nan_orders or cash != cash

    def _note_nan(self, cash):
        if isfinite(cash):
            held = self._exposure.largest()
            self._note_account("nan_value", [d for d in held if not isfinite(d.close[0])])
        else:
            self._note_account("nan_cash")

    def _note_account(self, kind, feeds=()):
        '''Note what concerns the account, with the feed of a fill, or of the largest position'''
        first = next(iter([*feeds, *self._filled, *self._exposure.largest()]), None)
        self._note(kind, self.strategy.datetime[0], first)

    def _look_below_zero(self, cash, value):
        if cash < -self._rounding:
            self._lowest_cash = min(cash, self._lowest_cash)
            self._note_account("negative_cash")
        if value < -self._rounding:
            self._lowest_value = min(value, self._lowest_value)
            self._note_account("negative_value")

    def _look_at_leverage(self, cash, value):
        leverage, limit = self._exposure.worth(cash, value) / value, self.p.leverage
        if leverage > self._most:
            self._most = leverage
        if self._opened:  # as ordered, before the bar moved on
            ordered = self._exposure.leverage_at(self._filled, value)
            self._above = ordered > limit + GAP
            self._most = max(self._most, ordered)
        elif self._above:
            self._above = leverage > limit + GAP
        if self._above or leverage > DRIFT * limit:
            self._note_account("leverage")

    def _listed(self, kind, finding):
        facts = {"leverage": self._most, "cash": self._lowest_cash, "value": self._lowest_value}
        return {
            "kind": kind,
            "time": pd.Timestamp(stamps(finding.days)[()]),
            "feed": finding.feed,
            "count": finding.count,
            "unit": UNITS[kind],
            "text": guard_text(kind, {**facts, **finding.facts}),
        }


def next_ref():
    """Return the number that the next order will have, which only the counter's name tells."""
    return int(repr(bt.Order.refbasis).strip("count()"))


@dataclass
class Finding:
    """The first bar of a kind, in Backtrader's days, its feed, and how often it came."""

    days: float
    feed: str
    facts: dict
    count: int = 0
