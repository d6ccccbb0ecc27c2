"""The folder of a backtest: a second run leaves nothing of the first."""

import os
from pathlib import Path

import pytest

from bt_fusion import Backtest, Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.draw import redraw
from bt_fusion.saved_runs import run_commit
from bt_fusion.saved_runs import run_folder as module
from bt_fusion.saved_runs.run_folder import FILES
from bt_fusion.saved_runs.saved_run import SavedRun


@pytest.fixture(scope="module")
def result():
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lr",)))
    walk = WalkForward(model, 400, 150, cache=None)
    return Backtest(walk, draws=10, placebo="none").run(planted_edge(700, seed=1))


def test_pictures_of_an_earlier_run_do_not_stand_beside_this_one(result, tmp_path):
    assert [path.name for path in result.write(tmp_path)] == list(FILES)
    drawn = redraw(tmp_path, png=True)
    (tmp_path / "pictures" / "mine.png").write_bytes(b"")
    (tmp_path / "tearsheet.html").write_text("of the first")
    assert len(drawn) > 5 and all(path.is_file() for path in drawn)
    result.write(tmp_path)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file() and path.name[0] != "."}
    assert left == {*FILES, "ledger.jsonl", "mine.png"}


def test_where_the_summary_stands_the_rest_is_of_the_same_run(result, tmp_path, monkeypatch):
    result.write(tmp_path)

    def full(*_):
        raise OSError("no space left on device")

    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(module, "write_json", full)
    with pytest.raises(OSError, match="no space"):
        result.write(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    moved, replace = [], os.replace

    def interrupted(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(Path(source).name)
        replace(source, target)

    monkeypatch.setattr(run_commit.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        result.write(tmp_path)
    monkeypatch.undo()
    assert len(moved) == 1 and not (tmp_path / "summary.json").exists()
    assert SavedRun.read(tmp_path).summary["ml_on"] == result.summary["ml_on"]  # which finishes it
    assert {path.name for path in tmp_path.iterdir()} == set(before)
