"""Sizers."""

import backtrader as bt

from bt_fusion.strategies.one_position import OnePosition

__all__ = ["EquityShare"]


class EquityShare(bt.Sizer):
    '''
    Sizes a position as a share of the account's value. With several symbols the share is split
    between them, and no symbol takes more than its part of the remaining cash. An ``OnePosition``
    knows its symbols; any other strategy is assumed to trade one at a time, unless ``split`` is
    True.

    Params:
      - ``share`` (default 0.95): fraction of the value; the rest covers commission and an
        opening gap
      - ``whole`` (default False): only whole units
      - ``split`` (default False): always split between all data feeds
    '''

    params = (("share", 0.95), ("whole", False), ("split", False))

    def _getsizing(self, comminfo, cash, data, isbuy):
        position = self.broker.getposition(data)
        if position.size:  # a close is as large as the position
            return abs(position.size)
        size = self._part(cash) * self.p.share / data.close[0]
        return max(0, int(size) if self.p.whole else size)

    def _part(self, cash):
        ours = isinstance(self.strategy, OnePosition)
        datas = [symbol.data for symbol in self.strategy.symbols] if ours else []
        if self.p.split:
            datas = self.strategy.datas
        if len(datas) < 2:
            return self.broker.getvalue()
        free = sum(not self.broker.getposition(data).size for data in datas)
        return min(self.broker.getvalue() / len(datas), cash / max(1, free))
