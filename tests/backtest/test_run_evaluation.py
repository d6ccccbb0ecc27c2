"""A mistake in the evaluation costs what it touches, never a finished run."""

import json

import numpy as np
import pytest

from bt_fusion import BtFusionWarning
from bt_fusion.backtest.chance.chance_figures import BINS, histogram
from bt_fusion.report.draw import redraw
from bt_fusion.report.terminal.comparison import comparison_table
from bt_fusion.saved_runs.run_folder import FILES
from bt_fusion.statistics.performance import LEAST_DAYS
from bt_fusion.strategies import with_ml
from bt_fusion.verdict.conditions import Condition
from tests.backtest.test_job import BARS, Average, job
from tests.report.terminal.drawn import in_one_line, text

# the function that fails, and what is then said to have failed
FAULTS = {
    "bt_fusion.backtest.chance.matched_chance.random_subsets": "the verdict",
    "bt_fusion.backtest.pair_verdict.judge": "the verdict",
    "bt_fusion.backtest.comparison.trade_intervals": "the comparison",
    "bt_fusion.backtest.run_evaluation.decompose": "the decomposition",
    "bt_fusion.backtest.difference.robustness.delayed_returns": "robustness",
    "bt_fusion.backtest.difference.buy_and_hold.own_gain": "buy and hold",
    "bt_fusion.backtest.pair_verdict.certainty": "statistics",
    "bt_fusion.backtest.difference.agreed_entries.agreement_groups": "the table of agreement",
}
NEEDED = {"the verdict", "the comparison", "statistics"}


def broken(*args, **options):
    raise ValueError("nothing to divide by")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("component", FAULTS)
def test_a_fault_in_the_evaluation_loses_no_run(component, monkeypatch, tmp_path):
    what = FAULTS[component]
    monkeypatch.setattr(component, broken)
    with pytest.warns(BtFusionWarning, match=f"^{what} failed: ValueError: nothing to divide by"):
        result = job(Average).run(BARS, "edge")
    result.write(tmp_path)
    assert all((tmp_path / name).stat().st_size for name in FILES)
    summary = json.loads((tmp_path / "summary.json").read_text())
    failed = [note for note in summary["notes"] if "failed" in note]
    assert failed == [f"{what} failed: ValueError: nothing to divide by"]
    verdict, because = (summary["comparison"][name] for name in ("verdict", "because"))
    if what in NEEDED:
        assert (verdict, because) == ("not judged", "not judged: ValueError: nothing to divide by")
    else:
        assert verdict == "no evidence"
    assert summary["ml_on"]["trades"] > 0 and summary["timing"]["judge_s"] > 0
    assert [path.name for path in redraw(tmp_path)] == ["report.html", "comparison.png"]
    shown = in_one_line(text(comparison_table(summary)))
    assert f"{what} failed" in shown and verdict in shown


def test_what_stands_before_the_fault_is_kept(monkeypatch):
    monkeypatch.setattr("bt_fusion.backtest.pair_verdict.judge", broken)
    with pytest.warns(BtFusionWarning):
        comparison = job(Average).run(BARS, "edge").summary["comparison"]
    assert comparison["win_rate"]["off"] > 0
    assert set(comparison["decomposition"]) == {"costs", "side_mix", "choice", "exits", "sizes"}
    assert set(comparison["robustness"]) == {"delay_1", "costs_x2", "without_best_5"}


def test_an_interruption_is_no_fault(monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("bt_fusion.backtest.run_evaluation.compare_runs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job(Average).run(BARS, "edge")


@pytest.mark.parametrize("ml", ["on", "off"])
def test_a_run_alone_has_buy_and_hold(ml):
    summary = job(Average, ml=ml).run(BARS, "edge").summary
    assert summary["comparison"] is None
    assert summary["buy_hold"]["max_drawdown"] > 0


def test_buy_and_hold_stands_beside_both_runs():
    result = job(Average).run(BARS, "edge")
    summary = result.summary
    assert summary["comparison"]["buy_hold"] == summary["buy_hold"]
    assert result.equity.columns.tolist() == [
        "off",
        "on",
        "buy_hold",
        "above_chance",
        "ranked",
    ]
    assert result.equity.buy_hold.iloc[-1] == summary["buy_hold"]["final_value"]


def test_where_ml_vetoes_nothing_there_is_a_histogram():
    result = job(with_ml(Average), params={"ml_threshold": 0.0}).run(BARS, "edge")
    assert result.summary["comparison"]["trades"]["vetoed"] == 0
    placebo = result.summary["statistics"]["placebo"]
    assert sum(placebo["histogram"]["counts"]) == placebo["draws"]


ROUNDED = [1e5, np.nextafter(1e5, 2e5), 1e5]  # of draws that took the same trades


@pytest.mark.parametrize(
    "values",
    [
        [-500.0] * 9,
        ROUNDED,
        [1e300, 1e300],
        [np.nan, np.inf, 3.0],
        [],
        [0.0, 1.0, 2.0],
    ],
)
def test_every_draw_has_its_bin(values):
    found = histogram(np.array(values))
    assert sum(found["counts"]) == np.isfinite(values).sum()
    assert len(found["counts"]) == BINS and (np.diff(found["edges"]) > 0).all()


def test_short_runs_are_judged_by_ratios_of_a_bar():
    assert (BARS.index[-1] - BARS.index[0]).days < LEAST_DAYS
    summary = job(Average).run(BARS, "edge").summary
    assert summary["ml_on"]["sharpe"] is None and summary["comparison"]["sharpe"]["ci95"] is None
    assert summary["statistics"]["sharpe"] is not None
    assert any(rule["name"] == Condition.SHARPE for rule in summary["comparison"]["rules"])
