"""BrokerGuard: unexpected events at the broker."""

from dataclasses import dataclass
from math import inf, isfinite

import backtrader as bt
import pandas as pd

from bt_fusion.analyzers.exposure import Exposure
from bt_fusion.analyzers.guard_text import UNITS, guard_text
from bt_fusion.indicators.line_arrays import feed_names, stamps

__all__ = ["BrokerGuard"]

ROUNDING = 1e-9  # fraction of the account that float sums may be off by
GAP = 0.01  # part of the account that an opening gap and costs add to what was ordered
REFUSED = (bt.Order.Margin, bt.Order.Rejected)
DRIFT = 2  # times what orders may take: half of it is borrowed, and brokers ask for margin


class BrokerGuard(bt.Analyzer):
    '''
    Finds problems that Backtrader's broker does not report: NaN cash or value, orders on bars
    without a price or on old bars, rejected orders, positions larger than the account, borrowed
    cash, and an account below zero. Each kind is listed once, with the first bar, the count, and
    what to do. A sound run lists nothing.

    Params:
      - ``leverage`` (default 1.0): highest allowed leverage of orders, as a multiple of the
        account's value. The ``leverage`` or ``margin`` of a commission scheme comes on top

    Methods:
      - ``get_analysis``: a dictionary of

        - ``findings``, a list of dictionaries in time order: ``kind`` (str), ``time`` (Timestamp,
          of the first bar), ``feed`` (str, its name), ``count`` (int), ``unit`` (str, ``orders`` or
          ``bars``: the unit of the count) and ``text`` (str, what happened and what to do)
        - ``max_leverage`` (float), the account's highest leverage, after a fill or at a close

      - ``text``: the findings as text, one line each; '' for none

    Kinds:
      - ``nan_cash``, ``nan_value``: NaN or infinite cash (permanent), or value only
      - ``nan_order``: placed on a bar without a price, or filled without one
      - ``stale_order``: its feed had no new bar when it was placed
      - ``margin``, ``rejected``: the two ways a broker rejects an order
      - ``leverage``: an order took the positions above ``leverage`` times the account's value, or
        prices took them above twice that
      - ``negative_cash``, ``negative_value``: below 0

    Formula:
      - leverage = sum of abs(value of a position) / value of the account

    Note:
      The value of a position is what its commission scheme takes from the cash: size * price /
      leverage of a stock, size * margin of a future. A short counts like a long, though Backtrader
      adds its price to the cash. Up to 1 % above ``leverage`` counts as an opening gap. Expired,
      cancelled and partly filled orders are not findings, nor are orders rejected only because of
      an earlier NaN order. A live broker reports orders with a delay, so ``stale_order`` is checked
      only with Backtrader's own broker.
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
        self._time, self._next_ref = 0.0, 0  # of the last call; number of the next order then
        self._seen = set()  # numbers of orders the broker has reported
        self._exposure = Exposure(self.strategy)
        self._shared = len(self.strategy.env.runningstrats) > 1
        self._filled = {}  # data feed -> price of its last fill on this bar
        self._opened = False  # whether one of these fills opened a position or added to one
        self._nan_orders = set()  # numbers of orders without a price
        self._last_nan = None, 0  # time and number of the last of them
        self._rounding = ROUNDING * abs(self.strategy.broker.getvalue())
        self._most = 0.0
        self._above = False  # whether orders took the account above its leverage
        self._lowest_cash = self._lowest_value = inf

    def notify_order(self, order):
        if not order:  # vetoed by ``with_ml``: no broker ever had it
            return
        if order.ref not in self._seen:
            self._seen.add(order.ref)
            self._check_new(order)
        if order.status in REFUSED:
            self._check_refused(order)
        if order.executed.size:
            self._check_fills(order)

    def notify_cashvalue(self, cash, value):
        if self._filled or self._shared:
            self._exposure.update()
        if cash < 0 or value < 0:
            self._check_below_zero(cash, value)
        if not isfinite(value):
            self._note_nan(cash)
        elif self._exposure.held and value > 0:
            self._check_leverage(cash, value)
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
        # a result from another process must not carry feeds along
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

    def _check_new(self, order):
        placed = order.created
        if self._several and self._is_stale(order):
            self._note("stale_order", self._time, order.data)
        prices = placed.pclose + (placed.price or 0.0) + (placed.pricelimit or 0.0)
        if not isfinite(prices + placed.size):
            self._last_nan = placed.dt, order.ref
            self._note_nan_order(order, placed.dt)

    def _check_refused(self, order):
        now = order.data.datetime[0]
        if order.status == order.Rejected:
            self._note("rejected", now, order.data, child=order.parent is not None)
        elif not self._refused_for_nan(order):
            self._note("margin", now, order.data)

    def _check_fills(self, order):
        for part in order.executed.iterpending():  # fills since its last notification
            if not isfinite(part.price):
                self._note_nan_order(order, order.executed.dt)
            held = order.data if order.data._compensate is None else order.data._compensate
            self._filled[held] = part.price
            self._opened = self._opened or bool(part.opened)

    def _is_stale(self, order):
        if order.data.replaying:  # its bar still grows
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
        '''Return whether the cash would have been enough without earlier orders without a price'''
        placed, first = self._last_nan
        after = order.created.dt == placed and order.ref > first  # their cash is summed together
        cash = self.strategy.broker.getcash()
        return after or order.ref in self._nan_orders or cash != cash

    def _note_nan(self, cash):
        if isfinite(cash):
            held = self._exposure.largest()
            self._note_account("nan_value", [d for d in held if not isfinite(d.close[0])])
        else:
            self._note_account("nan_cash")

    def _note_account(self, kind, feeds=()):
        '''Record an account finding, with the feed of a fill, or of the largest position'''
        first = next(iter([*feeds, *self._filled, *self._exposure.largest()]), None)
        self._note(kind, self.strategy.datetime[0], first)

    def _check_below_zero(self, cash, value):
        if cash < -self._rounding:
            self._lowest_cash = min(cash, self._lowest_cash)
            self._note_account("negative_cash")
        if value < -self._rounding:
            self._lowest_value = min(value, self._lowest_value)
            self._note_account("negative_value")

    def _check_leverage(self, cash, value):
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
    """Return the number of the next order; only the counter's repr shows it."""
    return int(repr(bt.Order.refbasis).strip("count()"))


@dataclass
class Finding:
    """First bar of a kind of finding, in Backtrader's days, its feed, and its count."""

    days: float
    feed: str
    facts: dict
    count: int = 0
