"""Sizers."""

import backtrader as bt

__all__ = ["EquityShare"]


class EquityShare(bt.Sizer):
    """
    Sizes a position as a share of the account's value.

    Params:
      - ``share`` (default 0.95): fraction of the value; the rest covers commission and an
        opening gap
      - ``whole`` (default False): only whole units
    """

    params = (("share", 0.95), ("whole", False))

    def _getsizing(self, comminfo, cash, data, isbuy):
        position = self.broker.getposition(data)
        if position.size:  # a close is as large as the position
            return abs(position.size)
        size = self.broker.getvalue() * self.p.share / data.close[0]
        return max(0, int(size) if self.p.whole else size)
