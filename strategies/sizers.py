"""Sizers."""

import backtrader as bt

__all__ = ["EquityShare"]


class EquityShare(bt.Sizer):
    '''
    Sizes a position as a share of the account's value. A strategy that trades several symbols
    has it split between them, and no symbol takes more than its part of the cash that is left.

    Params:
      - ``share`` (default 0.95): fraction of the value; the rest covers commission and an
        opening gap
      - ``whole`` (default False): only whole units
    '''

    params = (("share", 0.95), ("whole", False))

    def _getsizing(self, comminfo, cash, data, isbuy):
        position = self.broker.getposition(data)
        if position.size:  # a close is as large as the position
            return abs(position.size)
        size = self._part(cash) * self.p.share / data.close[0]
        return max(0, int(size) if self.p.whole else size)

    def _part(self, cash):
        symbols = getattr(self.strategy, "symbols", ())
        if len(symbols) < 2:
            return self.broker.getvalue()
        free = sum(not self.broker.getposition(symbol.data).size for symbol in symbols)
        return min(self.broker.getvalue() / len(symbols), cash / free)
