"""The ablation inside a backtest, to its last file."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from bt_fusion import Backtest, OptionError, SignalModel, WalkForward, redraw
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.terminal.groups import result_tables
from bt_fusion.strategies import ManagedStrategy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def job(managed):
    walk = WalkForward(managed, 800, 200, cache=None)
    return Backtest(walk, strategy=ManagedStrategy, ablation=True, draws=99)


@pytest.fixture(scope="module")
def folder(job, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation") / "run"
    result = job.run(planted_edge(2_400, seed=3, auc=0.7), "edge")
    result.write(folder)
    redraw(folder, png=True)
    return folder


def test_the_summary_holds_the_rows_and_the_report_shows_them(folder):
    summary = json.loads((folder / "summary.json").read_text())
    names = [row["name"] for row in summary["ablation"]]
    assert names == ["technical", "signal", "position", "stops", "risk"]
    assert summary["ablation"][0]["net_profit"] == summary["ml_off"]["net_profit"]
    assert summary["ablation"][-1]["net_profit"] == summary["ml_on"]["net_profit"]
    page = (folder / "report.html").read_text()
    assert "One model after the other" in page and page.count("<polyline") >= 5
    assert (folder / "pictures" / "ablation.png").stat().st_size > 10_000
    assert "notes" in summary and not any("went wrong" in note for note in summary["notes"])


def test_the_terminal_shows_the_rows(folder, capsys):
    from bt_fusion.saved_runs.saved_run import SavedRun

    run = SavedRun.read(folder)
    Console(width=80).print(result_tables(run.summary, run.trades))
    shown = capsys.readouterr().out
    assert "One model after the other" in shown and "+ position" in shown
    assert "no evidence" in shown and "…" not in shown.split("The same bars")[0]


def test_what_cannot_be_ablated_is_refused_before_any_work(job):
    bars = planted_edge(900)
    for changes, message in (
        ({"strategy": "fusion"}, "take --strategy managed"),
        ({"model": WalkForward(SignalModel("fusion"), 300)}, "needs a managed model"),
        ({"ml": "off"}, "needs ML"),
    ):
        with pytest.raises(OptionError, match=message):
            replace(job, **changes).run(bars)
    with pytest.raises(OptionError, match="one symbol, not 2"):
        job.run({"A": bars, "B": bars})
