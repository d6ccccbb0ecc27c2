"""The audit of the bars in a backtest: its summary, its line, its section."""

from dataclasses import replace

import pandas as pd
import pytest

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.html.sections import sections
from bt_fusion.report.terminal.checks import data_lines

GONE = pd.date_range("2024-01-01 02:00", periods=4, freq="min")  # before the first unseen bar


@pytest.fixture(scope="module")
def job():
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=400, refit_bars=400, cache=None)
    return Backtest(walk, placebo="none", draws=10)


@pytest.fixture(scope="module")
def result(job):
    return job.run(planted_edge(1_000).drop(GONE), "edge")


def test_the_summary_tells_what_is_in_the_bars_those_of_the_training_too(result):
    found = result.summary["audit"]["data"]
    assert found["bars"] == 996
    (gap,) = found["findings"]
    assert (gap["kind"], gap["count"], gap["bars"]) == ("gaps", 1, 4)
    assert gap["first"] == ["2024-01-01 02:04:00"]


def test_a_line_on_the_terminal_and_a_section_of_the_report(result):
    assert data_lines(result.summary) == ["Data       gaps 1 (4 bars, first 2024-01-01 02:04)"]
    section = next(each for each in sections(result.saved) if each.name == "data")
    (table,) = section.data["tables"]
    assert table["rows"] == [["Gaps", "1", "4", "2024-01-01 02:04"]]
    assert section.data["words"][0].startswith("Gaps: features and horizons count bars")


def test_sound_bars_need_no_line_and_no_section(job):
    result = job.run(planted_edge(1_000), "edge")
    assert result.summary["audit"]["data"]["findings"] == []
    assert data_lines(result.summary) == []
    assert "data" not in {section.name for section in sections(result.saved)}


def test_without_an_audit_the_summary_has_none(job):
    summary = replace(job, audit=False).run(planted_edge(1_000), "edge").summary
    assert "audit" not in summary
    assert data_lines(summary) == []


def test_of_several_symbols_each_is_audited(job):
    bars = {"A": planted_edge(1_000), "B": planted_edge(1_000, seed=1).drop(GONE)}
    result = job.run(bars)
    assert set(result.summary["audit"]["data"]) == {"A", "B"}
    assert data_lines(result.summary) == ["Data       B: gaps 1 (4 bars, first 2024-01-01 02:04)"]
