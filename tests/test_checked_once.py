"""A backtest checks the bars it is given once, and once the part of them it trades."""

from bt_fusion import Ensemble, SignalModel, WalkForward, load_sample
from bt_fusion.backtest.job import Backtest


def test_a_backtest_checks_each_frame_once(bar_checks):
    walk = WalkForward(SignalModel("fusion", ensemble=Ensemble(["lr"])))
    bars = load_sample("sp500")
    Backtest(walk, audit=False).run(bars)
    assert len(bar_checks) == 2 and bar_checks[0] == len(bars) > bar_checks[1]
