"""The health of models in a backtest, and runs that stop a drifted one."""

import warnings

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Sweep, WalkForward
from bt_fusion.errors import BtFusionWarning
from bt_fusion.report.checks.model_health import health_texts
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.evaluation.drift.made import BREAK, TRAIN, bars, model


def ran(**params):
    """Run a backtest of the model whose edge turns round."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        return Backtest(model(), params=params, draws=50).run(bars(), "made")


@pytest.fixture(scope="module")
def stopped():
    return ran(on_drift="stop")


@pytest.mark.slow
def test_the_summary_tells_the_health_over_time_and_notes_the_alarm():
    summary = ran().summary
    (found,) = summary["model"]["health"]
    (alarm,) = found["alarms"]
    assert found["models"] == 1 and alarm["part"] == "hit rate"
    assert alarm["time"] > bars().index[BREAK]
    assert {len(curve) for curve in found["over_time"].values()} == {200}
    assert any("the model has drifted, first by" in note for note in summary["notes"])
    assert health_texts(summary)[0].startswith("The model has drifted, first by")


def test_a_walk_forward_has_the_health_of_its_refits():
    walk = WalkForward(model(), 2_000, 1_000, cache=None)
    summary = Backtest(walk, draws=50, ml="on").run(bars(broken=False)[:5_000]).summary
    (found,) = summary["model"]["health"]
    assert found["models"] == 3 and found["alarms"] == []


@pytest.mark.slow
def test_a_stopped_model_leaves_the_trades_before_its_alarm_as_they_were(stopped):
    first = stopped.summary["model"]["health"][0]["alarms"][0]["time"]
    before = [
        run.trades[run.trades.exit_time < first] for run in (ran().runs["on"], stopped.runs["on"])
    ]
    pd.testing.assert_frame_equal(*(each.drop(columns="commission") for each in before))
    later, off = stopped.runs["on"].signal, stopped.runs["off"].signal
    index = stopped.out_of_sample["made"].bars.index
    np.testing.assert_array_equal(later[index >= first], off[index >= first])
    assert stopped.summary["comparison"]["verdict"]


def test_a_stopped_run_keeps_its_health_in_its_folder(stopped, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        stopped.write(tmp_path)
    table = SavedRun.read(tmp_path).predictions
    assert table.drifted.iloc[-1] == 1 and table.drifted.iloc[0] == 0


@pytest.mark.slow
def test_a_sweep_makes_runs_that_may_be_stopped_in_the_engine(tmp_path):
    job = Backtest(model(), params={"on_drift": "stop"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)
        found = Sweep(job, {"ema_fast": list(range(4, 17))}).run(bars(), out=tmp_path)
        one = ran(on_drift="stop", ema_fast=12).runs["on"]
    assert found.summary["runs"]["replayed"] <= 13  # of ML off alone
    row = found.table[found.table.ema_fast == 12].iloc[0]
    assert row.on_net_profit == pytest.approx(one.figures["net_profit"])


@pytest.mark.slow
def test_ignore_makes_no_health_in_predictions():
    result = ran()
    assert result.out_of_sample["made"].predictions.health is None
    assert len(bars()) - len(result.out_of_sample["made"].bars) == TRAIN
