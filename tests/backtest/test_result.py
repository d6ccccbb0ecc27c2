"""A result: what it shows of itself, and its folder: a second run leaves nothing of the first."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bt_fusion import (
    Backtest,
    Direction,
    Ensemble,
    FileError,
    OptionError,
    SignalModel,
    WalkForward,
)
from bt_fusion.backtest.job_checks import with_threshold
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.result import with_probabilities
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.draw import redraw
from bt_fusion.saved_runs import run_commit
from bt_fusion.saved_runs import run_folder as module
from bt_fusion.saved_runs.run_folder import FILES
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.evaluation.predicted import predictions_of


@pytest.fixture(scope="module")
def result():
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lr",)))
    walk = WalkForward(model, 400, 150, cache=None)
    return Backtest(walk, draws=10, placebo="none").run(planted_edge(700, seed=1))


@pytest.mark.slow
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


def test_printing_shows_the_table_without_colours(result):
    shown = str(result)
    assert "ML off" in shown and "Sharpe ratio" in shown and "\x1b" not in shown
    assert shown == repr(result) and "Result(" not in shown


def test_equity_and_trades_are_tables(result, tmp_path):
    equity, trades = result.equity, result.trades
    assert isinstance(equity.index, pd.DatetimeIndex) and equity.index.name == "datetime"
    assert list(equity)[:2] == ["off", "on"] and equity.index.equals(result.bars.index)
    assert trades.index.tolist() == list(range(len(trades))) and set(trades.run) <= {"off", "on"}
    result.write(tmp_path)
    saved = SavedRun.read(tmp_path).equity
    assert list(saved) == ["datetime", *equity]


def test_entries_of_both_runs_have_the_probability_of_their_side(result):
    entries, predicted = result.entries, result.predictions.to_frame().set_index("datetime")
    assert set(entries.run) == {"off", "on"} and set(entries.side) == {"long", "short"}
    for entry in entries.itertuples():
        line = "probability_up" if entry.side == "long" else "probability_down"
        assert entry.probability == pytest.approx(predicted[line][entry.time])


def test_an_entry_gets_the_probability_of_its_symbol_and_none_before_the_first_prediction():
    known = {
        "A": predictions_of([[np.nan, np.nan], [0.4, 0.6], [0.3, 0.7]]),
        "B": predictions_of([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]),
    }
    hours = known["A"].index
    parts = {name: OutOfSample(None, None, one, None) for name, one in known.items()}
    entries = pd.DataFrame(
        [("A", "long", hours[0]), ("B", "short", hours[0]), ("A", "short", hours[2])],
        columns=["symbol", "side", "time"],
    )
    found = with_probabilities(entries, parts).probability
    assert found.tolist() == pytest.approx([np.nan, 0.9, 0.3], nan_ok=True)
    logged = with_probabilities(entries.assign(probability=[0.5, np.nan, np.nan]), parts)
    assert logged.probability.tolist() == pytest.approx([0.5, 0.9, 0.3])


def test_the_verdict_is_a_grade_and_a_sentence(result):
    verdict = result.verdict
    assert verdict.grade == "no verdict" and "take placebo='veto'" in verdict.sentence
    assert str(verdict) == f"{verdict.grade}: {verdict.sentence}"
    comparison = {"verdict": "ML hurt", "because": "ML hurt: it lost.", "change": "Nothing."}
    verdict = replace(result, summary={**result.summary, "comparison": comparison}).verdict
    assert (verdict.grade, verdict.sentence) == ("ML hurt", "it lost.")
    assert str(verdict) == "ML hurt: it lost.\nNothing."
    alone = replace(result, summary={**result.summary, "comparison": None})
    assert "take ml='both'" in alone.verdict.sentence


def test_the_plot_has_both_runs_and_a_legend(result):
    from matplotlib import pyplot

    figure = result.plot()
    top, below = figure.axes
    names = [text.get_text() for text in top.get_legend().get_texts()]
    assert names == ["Buy and hold", "ML off", "ML on"] and len(below.lines) == 2
    pyplot.close(figure)


def test_the_report_is_whole_or_not_written(result, tmp_path, monkeypatch):
    path = result.report(str(tmp_path / "new" / "r.html"))
    assert path.read_text().rstrip().endswith("</html>")
    with pytest.raises(OptionError, match="is a folder; give the name of a file"):
        result.report(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileError, match="No space left"):
        result.report(path)
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == ["r.html"]


def test_any_model_will_do(edge):
    model = SignalModel(["gap"], ensemble=Ensemble(["lgb"]))  # which needs no other process
    made = Backtest(model, draws=10, ml="on", audit=False).run(edge)
    assert made.summary["model"]["members"] == ["lgb"] and made.summary["data"]["name"] == "bars"
    backtest = Backtest("fusion")
    assert with_threshold(backtest, {"": edge}).params == {"ml_threshold": 0.6}
    assert Backtest(strategy="discovery").signal_model.features == "mar"
    with pytest.raises(OptionError, match="model is a int"):
        Backtest(3).run(edge)
