"""Backtest with a strategy given as a class: run, written, drawn again and explained."""

import subprocess
import sys
from pathlib import Path

import backtrader as bt
import pytest

from bt_fusion import Backtest, Ensemble, OptionError, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.account import Account
from bt_fusion.report.draw import redraw
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.strategies import FusionStrategy, with_ml
from bt_fusion.sweep.sweep import Sweep
from bt_fusion.why.why import explain_entry

BARS = planted_edge(1_000, seed=1, auc=0.8)


class Average(bt.Strategy):
    params = (("period", 10),)

    def __init__(self):
        self.average = bt.ind.SMA(period=self.p.period)

    def next(self):
        if not self.position and self.data.close[0] > self.average[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.average[0]:
            self.close()


def job(strategy, **options):
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, 400, 600, cache=None)
    return Backtest(walk, strategy, **{"draws": 10, "params": {"ml_threshold": 0.4}, **options})


def test_costs_that_may_be_meant_in_percent_are_noted():
    account = Account(commission=0.1, share=0.5)
    dear = job(Average, ml="off", account=account).run(BARS)
    assert "commission and slippage take 10 % a side; 0.1 % would be 0.001" in dear.summary["notes"]


@pytest.fixture
def csv(tmp_path):
    BARS.to_csv(tmp_path / "edge.csv")
    return str(tmp_path / "edge.csv")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("ml", ["both", "on", "off"])
def test_a_class_is_run_written_drawn_and_explained(ml, csv, tmp_path):
    result = job(Average, ml=ml, source={"data": csv}).run(BARS, "edge")
    named = job(f"{__name__}:Average", ml=ml).run(BARS, "edge")
    for run in result.runs:
        assert result.runs[run].trades.equals(named.runs[run].trades)
    folder = tmp_path / "run"
    result.write(folder)
    assert len(redraw(folder)) == 2
    assert SavedRun.read(folder).summary["config"]["strategy"] == f"{__name__}:Average"
    for run in result.runs:
        found = explain_entry(folder, trade=1, run=run)
        assert (found.technical.outcome, found.side) == ("ordered", "long")
        assert found.model.same


def test_our_own_classes_go_by_their_names():
    assert job(FusionStrategy).config({"": BARS})["strategy"] == "fusion"
    assert job(with_ml(Average)).config({"": BARS})["strategy"] == f"{__name__}:Average"


SCRIPT = """
import sys
from pathlib import Path

import backtrader as bt

from bt_fusion import Ensemble, SignalModel, WalkForward, read_bars
from bt_fusion import Backtest
from bt_fusion.why.why import explain_entry


class Always(bt.Strategy):
    def next(self):
        if not self.position and len(self) % 10 == 0:
            self.buy()
        elif self.position and len(self) % 10 == 5:
            self.close()


csv, out = sys.argv[1:] if __name__ == "__main__" else ("", "")
if csv:
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, 400, 600, cache=None)
    params = {"ml_threshold": 0.4}
    job = Backtest(walk, Always, params=params, source={"data": csv}, draws=10)
    job.run(read_bars(csv), "edge").write(out)
    print(explain_entry(out, trade=1, run="off").technical.outcome)
"""


@pytest.mark.slow
def test_a_class_of_a_script_is_found_in_its_file(csv, tmp_path):
    script, out = tmp_path / "mine.py", tmp_path / "run"
    script.write_text(SCRIPT)
    made = subprocess.run(
        [sys.executable, script, csv, out], capture_output=True, text=True, check=False
    )
    assert made.stdout == "ordered\n", made.stderr
    assert SavedRun.read(out).summary["config"]["strategy"] == f"{script}:Always"
    assert explain_entry(out, trade=2).side == "long"
    script.unlink()
    with pytest.raises(OptionError, match=r"mine\.py:Always of the run is not there any more"):
        explain_entry(out, trade=2)


def test_a_class_that_cannot_be_found_again_says_so(csv, tmp_path):
    class Local(Average):
        pass

    result = job(Local, source={"data": csv}).run(BARS, "edge")
    result.write(tmp_path / "run")
    with pytest.raises(OptionError, match=r"<locals>\.Local, cannot be found again: .*function"):
        explain_entry(tmp_path / "run", trade=1)
    for wrong in (3, int, object()):
        with pytest.raises(OptionError, match="neither a name nor a class"):
            job(wrong).run(BARS)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_of_a_class(jobs, tmp_path):
    found = Sweep(job(Average), {"period": [5, 10]}, jobs).run(BARS, "edge", out=tmp_path)
    assert found.summary["failed"] == 0
    assert found.summary["config"]["strategy"] == f"{__name__}:Average"
    alone = job(Average, params={"ml_threshold": 0.4, "period": 5}).run(BARS, "edge").summary
    assert found.table.on_net_profit[0] == pytest.approx(alone["ml_on"]["net_profit"])


@pytest.mark.parametrize("bars", ["candles.csv", Path("candles.csv"), {"A": "candles.csv"}])
def test_a_path_in_place_of_bars_is_refused(bars):
    with pytest.raises(OptionError, match=r"candles\.csv.*: give a DataFrame, such as read_bars"):
        Backtest().run(bars)
    with pytest.raises(OptionError, match="give a DataFrame"):
        Sweep(Backtest(), {"ema_fast": [5, 8]}).run(bars)
