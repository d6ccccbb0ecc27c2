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
        self._told = Counter()  # (stage, why lost there, empty if not) -> bars
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
        self._told["filled", "" if filled else f"rejected: {order.getstatusname()}"] += 1

    def stop(self):
        passed, lost = {}, {}
        for (stage, reason), count in self._told.items():
            passed.setdefault(stage, 0)
            if reason:
                lost.setdefault(stage, {})[reason] = count
            else:
                passed[stage] = count
        at_the_end = lost.setdefault("filled", {})
        filled = passed.get("filled", 0) + sum(at_the_end.values())
        waiting = passed.get("ordered", 0) - filled
        if waiting:
            at_the_end["no bar left"] = waiting
        self.rets["passed"], self.rets["lost"] = passed, lost
        self.rets._close()
        self._seen = None  # a result that travels from another process must not drag feeds along

    def _follow(self, symbol):
        self._told["bars", ""] += 1
        for stage, reason in self.strategy.stages(symbol):
            self._told[stage, reason] += 1
            if reason:
                return
        ordered = symbol.outcome == "ordered"
        self._told["ordered", "" if ordered else symbol.outcome or "not looked at"] += 1
