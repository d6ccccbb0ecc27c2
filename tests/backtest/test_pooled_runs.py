"""Finished runs of several markets, graded together."""

import json
import shutil

import pandas as pd
import pytest

from bt_fusion import Backtest, Ensemble, RunError, SignalModel, WalkForward
from bt_fusion.backtest.pooled_runs import pool_runs
from bt_fusion.cli.main import main
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.report.terminal.pooled import pooled_table
from bt_fusion.statistics.bootstrap import Bootstrap
from tests.report.terminal.drawn import in_one_line, text

FEW = Bootstrap(draws=50)


def made(bars, name, folder, **options):
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
    job = Backtest(WalkForward(model, 800, 800, cache=None), draws=100, **options)
    result = job.run(bars, name)
    result.write(folder)
    return result.summary


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    hourly = dict(start="2020-01-01", freq="h")
    for name, seed in (("A", 1), ("B", 2)):
        bars = planted_edge(2_400, seed=seed, auc=0.75)
        made(bars.set_axis(pd.date_range(periods=len(bars), **hourly)), name, root / name)
    return [root / "A", root / "B"]


@pytest.mark.slow
def test_two_markets_give_one_grade(folders):
    found = pool_runs(folders, FEW)
    assert "helped" in found.verdict.verdict
    assert [market.name for market in found.markets] == ["A", "B"]
    single = [market.evidence.setting.p_value for market in found.markets]
    assert found.evidence.setting.p_value < min(single)
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in folders]
    assert found.evidence.trades_on == sum(each["ml_on"]["trades"] for each in summaries)
    shown = in_one_line(text(pooled_table(found.to_dict())))
    assert "together" in shown and "over 2 markets" in shown


def test_the_command_draws_each_and_prints_the_table(folders, tmp_path, capsys):
    path = tmp_path / "pooled.json"
    with pytest.raises(SystemExit) as ended:
        main(["report", *map(str, folders), "--json", str(path)])
    assert not ended.value.code
    assert "together" in capsys.readouterr().out
    assert "helped" in json.loads(path.read_text())["verdict"]
    assert all((folder / "report.html").is_file() for folder in folders)


def test_what_runs_differ_in_is_said(folders, tmp_path):
    assert pool_runs(folders, FEW).notes == []
    options = {"params": {"exit": "flip", "ml_threshold": 0.5}}
    made(planted_edge(2_400, seed=3, auc=0.75), "C", tmp_path, **options)
    found = pool_runs([folders[0], tmp_path], FEW)
    assert "exit (default, flip) and ml_threshold (default, 0.5)" in found.notes[0]
    shown = in_one_line(text(pooled_table(found.to_dict())))
    assert "Did ML help? fusion" in shown and "so no one setting is judged" in shown


def test_the_same_bars_are_one_market(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders[0], copy)
    with pytest.raises(RunError, match="of the same bars"):
        pool_runs([folders[0], copy])


def test_a_run_without_a_verdict_is_refused(folders, tmp_path):
    made(random_walk(1_200), "C", tmp_path, placebo="none")
    with pytest.raises(RunError, match="holds no comparison with random filters"):
        pool_runs([*folders, tmp_path])
