"""SignalFunnel: how many bars become filled orders, and why the others do not."""

from collections import Counter

import backtrader as bt

from bt_fusion.analyzers.entries import Entries
from bt_fusion.analyzers.signal_stages import lines_are_kept, stage_counts, why_not
from bt_fusion.indicators import find_ensembles
from bt_fusion.indicators.line_arrays import feed_names
from bt_fusion.strategies import OnePosition

__all__ = ["SignalFunnel"]

ENDS = {bt.Order.Canceled: "cancelled", bt.Order.Expired: "expired"}


class SignalFunnel(Entries):
    '''
    Answers "why no trades?": how many bars passed each stage to a filled entry, and how many were
    lost for each reason. Strategies with their own stages have these between ``bars`` and
    ``ordered``: ``technical``, ``confident`` and ``agreed`` for fusion and discovery,
    ``mandatory``, ``technical`` and ``agreed`` for hybrid scoring. For any other strategy, a bar
    without an entry is lost at ``asked`` (warming up, an open position or order, no prediction or a
    neutral signal of its ``MLEnsemble``, no entry), and an entry vetoed by ``with_ml`` is lost at
    ``agreed``.

    Methods:
      - ``get_analysis``: ``passed``, the count of each stage, and ``lost``, the reasons of each
        stage with their counts. A bar that passes one stage but not the next is in the next stage's
        ``lost``. The last two stages count orders, the others bars of any data feed. What
        ``ManagedStrategy`` adds to an open position does not count.
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        super().start()
        ours = isinstance(self.strategy, OnePosition)
        self._symbols = {one.data: one for one in self.strategy.symbols} if ours else {}
        feeds = self._symbols or self.strategy.datas
        later = lines_are_kept(self.strategy)  # then stages are counted after the run
        self._outcomes = [(each, []) for each in self._symbols.values()] if later else None
        self._counts = {data: Counter() for data in feeds}  # (stage, why lost there) -> bars
        self._bars = dict.fromkeys(feeds, 0)  # so far
        self._reached = dict.fromkeys(feeds)  # by the last bar: each stage, why it was lost there
        self._stage_counts = {data: Counter() for data in feeds}  # stages of earlier bars -> bars
        self._waiting = {}  # number of each entry order that has not ended -> its data feed
        self._entered = set()  # feeds with an entry on this call
        self._vetoed = {}  # feeds with a veto on this call -> why
        self._vetoes = 0  # vetoes of ``with_ml`` already handled
        self._filter = getattr(self.strategy, "ml_filter", None)  # of ``with_ml``
        # the filter's ensembles act on orders only: they do not block bars
        self._ensembles = find_ensembles(self.strategy) if self._filter is None else {}
        self._feeds = {name: data for data, name in feed_names(self.strategy.datas).items()}
        self._warming = True

    def prenext(self):
        super().next()

    def next(self):
        self._warming = False
        super().next()

    def entry(self, order, bars):
        if order.data not in self._counts:  # a feed that our strategy does not trade
            return
        symbol = self._symbols.get(order.data)
        if symbol and symbol.outcome != "ordered":  # it adds to an open position
            return
        self._entered.add(order.data)
        self._waiting[order.ref] = order.data
        if not self._symbols:
            self._counts[order.data]["ordered", ""] += 1
        self._note_end(order)  # cheat-on-open: it may be filled by now

    def notify_order(self, order):
        super().notify_order(order)
        self._note_end(order)

    def _note_end(self, order):
        if order.ref in self._waiting and not order.alive():
            data = self._waiting.pop(order.ref)
            filled = order.status == order.Completed
            why = ENDS.get(order.status) or f"rejected: {order.getstatusname()}"
            self._counts[data]["filled", "" if filled else why] += 1

    def bar(self):
        if self._outcomes is None:
            self._count_stages()
            return
        for symbol, outcomes in self._outcomes:
            if self.strategy.alone or len(symbol.data) > len(outcomes):
                outcomes.append(symbol.outcome)

    def _count_stages(self):
        self._note_vetoes()
        for data, bars in self._bars.items():
            now = len(data)
            if now > bars:
                self._bars[data] = now
                self._stage_counts[data][self._reached[data]] += 1
                self._reached[data] = self._stages(data)
            elif data in self._entered or data in self._vetoed:  # a call caused by another feed
                self._reached[data] = max(self._reached[data], self._stages(data), key=passes)
        self._entered.clear()
        self._vetoed.clear()

    def stop(self):
        super().stop()
        for symbol, outcomes in self._outcomes or ():
            self._stage_counts[symbol.data] = stage_counts(self.strategy, symbol, outcomes)
        for data, counts in self._stage_counts.items():
            counts[self._reached[data]] += 1
            for reached, bars in counts.items():
                self._counts[data].update(dict.fromkeys(reached or (), bars))
        for data in self._waiting.values():
            self._counts[data]["filled", "no bar left"] += 1
        # a feed that a strategy only reads does not count as untraded
        passed = ("asked", ""), ("agreed", ""), ("ordered", "")
        traded = [
            counts
            for data, counts in self._counts.items()
            if data in self._symbols or any(counts[each] for each in passed)
        ]
        passed, lost = summed(traded or self._counts.values())
        lost.setdefault("filled", {})
        self.rets["passed"], self.rets["lost"] = passed, lost
        self.rets._close()
        # a result from another process must not carry feeds along
        self._counts = self._bars = self._waiting = self._symbols = self._ensembles = None
        self._filter = self._feeds = self._reached = self._stage_counts = self._outcomes = None

    def _note_vetoes(self):
        for veto in self._filter.vetoes[self._vetoes :] if self._filter else ():
            self._vetoes += 1
            unknown = veto.probability != veto.probability
            why = "no prediction" if unknown else "vetoed by ML"
            self._vetoed[self._feeds[veto.data]] = why

    def _stages(self, data):
        symbol = self._symbols.get(data)
        reached = [("bars", "")]
        for stage in self.strategy.stages(symbol) if symbol else self._stages_of_any(data):
            reached.append(stage)
            if stage[1]:
                return tuple(reached)
        if symbol:
            reached.append(("ordered", why_not(symbol.outcome)))
        return tuple(reached)

    def _stages_of_any(self, data):
        entered = data in self._entered
        yield "asked", "" if entered or data in self._vetoed else self._why_not(data)
        if self._filter:
            yield "agreed", "" if entered else self._vetoed[data]

    def _why_not(self, data):
        '''Return why a strategy without its own stages may not have entered'''
        ml = self._ensembles.get(data)
        signal = 1 if ml is None else ml.values()[2]
        if self._warming:
            return "warming up"
        if self.strategy.getposition(data).size:
            return "position open"
        if any(each is data for each in self._waiting.values()):  # a feed's == compares prices
            return "order pending"
        if signal != signal:
            return "no prediction"
        return "no entry" if signal else "no entry, ML neutral"


def passes(reached):
    """Return the number of stages a bar passed"""
    return sum(not reason for _, reason in reached)


def summed(counts):
    """Return the number of bars that passed each stage, and of those lost there by reason"""
    passed, lost = {}, {}
    for bars in counts:
        for (stage, reason), number in bars.items():
            passed.setdefault(stage, 0)
            if reason:
                reasons = lost.setdefault(stage, {})
                reasons[reason] = reasons.get(reason, 0) + number
            else:
                passed[stage] += number
    orders = ("ordered", "filled")  # counted on arrival, which may be before other stages
    stages = sorted(passed, key=lambda stage: orders.index(stage) + 1 if stage in orders else 0)
    return {stage: passed[stage] for stage in stages}, lost
