"""SignalFunnel: from bars to filled orders, and why each was lost on the way."""

from collections import Counter

import backtrader as bt

__all__ = ["SignalFunnel"]


class SignalFunnel(bt.Analyzer):
    '''
    Answers "why no trades?": how many bars passed each stage to a filled entry, and for each
    reason how many were lost. Stages are the strategy's own between ``bars`` and ``ordered``:
    ``technical``, ``confident`` and ``agreed`` for fusion and discovery, ``mandatory``,
    ``technical`` and ``agreed`` for hybrid scoring. Without a usable model there is only the
    technical side.

    Methods:
      - ``get_analysis``: ``passed``, the count of each stage, and ``lost``, for each stage the
        reasons with their counts. What passed one stage and not the next is in the next one's
        ``lost``.
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._passed = Counter()
        self._lost = {}
        self._seen = {}  # data feed -> its bars so far

    def prenext(self):
        self.next()

    def next(self):
        for symbol in self.strategy.symbols:
            bars = len(symbol.data)
            if bars > self._seen.get(symbol, 0):
                self._seen[symbol] = bars
                self._follow(symbol)

    def notify_order(self, order):
        if not order.info.get("entry") or order.alive():
            return
        filled = order.status == order.Completed
        self._count("filled", "" if filled else f"rejected: {order.getstatusname()}")

    def stop(self):
        told = self._passed["filled"] + sum(self._why("filled").values())
        waiting = self._passed["ordered"] - told
        self._why("filled")["no bar left"] += waiting
        self.rets["passed"] = dict(self._passed)
        self.rets["lost"] = {stage: dict(+why) for stage, why in self._lost.items()}
        self.rets._close()
        self._seen = None  # a result that travels from another process must not drag feeds along

    def _follow(self, symbol):
        self._passed["bars"] += 1
        for stage, reason in self.strategy.stages(symbol):
            self._count(stage, reason)
            if reason:
                return
        ordered = symbol.outcome == "ordered"
        self._count("ordered", "" if ordered else symbol.outcome or "not looked at")

    def _count(self, stage, reason):
        self._passed[stage] += not reason
        if reason:
            self._why(stage)[reason] += 1

    def _why(self, stage):
        return self._lost.setdefault(stage, Counter())
