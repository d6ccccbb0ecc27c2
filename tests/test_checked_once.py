"""A backtest checks the bars it is given once, and once the part of them it trades."""

from bt_fusion import Ensemble, SignalModel, WalkForward, load_sample
from bt_fusion.backtest.job import Backtest
from bt_fusion.data import bars as bars_module


def test_a_backtest_checks_each_frame_once(monkeypatch):
    made = []
    check = bars_module._check

    def counted(frame):
        made.append(len(frame))
        return check(frame)

    monkeypatch.setattr(bars_module, "_check", counted)
    walk = WalkForward(SignalModel("fusion", ensemble=Ensemble(["lr"])))
    bars = load_sample("sp500")
    Backtest(walk).run(bars)
    assert len(made) == 2 and made[0] == len(bars) > made[1]
