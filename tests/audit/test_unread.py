"""A line that looks ahead is set aside where no order follows it, and only there."""

import backtrader as bt
import pytest

from bt_fusion.audit import audit
from bt_fusion.audit.quick import quick_audit
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account

BARS = random_walk(900)
SPAN = "ichimoku.chikou_span"


class Crosses(bt.Strategy):
    """Trades two honest lines of an Ichimoku."""

    def __init__(self):
        self.ichimoku = bt.ind.Ichimoku()
        self.cross = bt.ind.CrossOver(self.ichimoku.tenkan_sen, self.ichimoku.kijun_sen)

    def enters(self):
        return self.cross[0] > 0

    def next(self):
        if not self.position and self.enters():
            self.buy()
        elif self.position and self.cross[0] < 0:
            self.close()


class FollowsTheSpan(Crosses):
    def enters(self):
        return self.cross[0] > 0 and self.ichimoku.chikou_span[0] > self.data.close[0]


class FollowsItLate(Crosses):
    """Reads the span in the second half of the bars alone, which a quick audit does not run."""

    def enters(self):
        late = len(self) > 450
        return super().enters() and not (late and self.ichimoku.chikou_span[0] < self.data.close[0])


class ShowsIt(Crosses):
    """Gives no order."""

    def next(self):
        pass


def quick(strategy):
    return quick_audit(strategy, {"": BARS}, {}, Account(), {})


@pytest.mark.parametrize("audited", [lambda strategy: audit(strategy, BARS, cuts=8), quick])
def test_a_line_that_no_order_follows_is_set_aside(audited):
    found = audited(Crosses)
    assert not found.looks_ahead and found.passed and found.orders > 0
    assert found.unverified[-1].startswith(f"{SPAN}: looks ahead, first at ")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("strategy", [FollowsTheSpan, FollowsItLate])
def test_a_line_that_orders_follow_stays_a_finding(strategy):
    assert quick(strategy).looks_ahead
    ahead = {each.where for each in audit(strategy, BARS, cuts=8).findings}
    assert SPAN in ahead


def test_without_an_order_it_stays_a_finding():
    found = audit(ShowsIt, BARS, cuts=8)
    assert found.looks_ahead and "orders: the strategy gives none" in found.unverified
