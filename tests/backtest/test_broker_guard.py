"""The broker guard in a backtest: its summary, its line, its section."""

import json

import backtrader as bt
import pandas as pd
import pytest

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward
from bt_fusion.analyzers.guard_text import UNITS
from bt_fusion.data.samples import planted_edge
from bt_fusion.files import plain
from bt_fusion.report.checks.broker_guard import NAMES, guard_line, guards_of
from bt_fusion.report.html.page import page
from bt_fusion.report.html.sections import sections
from bt_fusion.report.terminal.checks import guard_lines
from bt_fusion.report.terminal.comparison import comparison_table
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.report.terminal.drawn import text


class ThreeTimesShort(bt.Strategy):
    """Sells three times the account, once, for fifty bars."""

    def next(self):
        if len(self) == 10:
            self.sell(size=3 * self.broker.getvalue() / self.data.close[0])
        elif len(self) == 60:
            self.close()


def made(strategy, ml="both"):
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=400, refit_bars=400, cache=None)
    job = Backtest(walk, strategy, ml=ml, placebo="none", draws=10, audit=False)
    return job.run(planted_edge(1_000), "edge")


@pytest.fixture(scope="module")
def result():
    return made(ThreeTimesShort)


def test_the_summary_has_it_of_each_run(result):
    guard = result.summary["guard"]
    assert set(guard) == {"off", "on"}
    (found,) = guard["off"]["findings"]
    start = planted_edge(1_000).index[400]
    assert found["kind"] == "leverage"
    assert found["time"] == start + pd.Timedelta(minutes=10)  # ordered on the bar before
    assert (found["feed"], found["count"], found["unit"]) == ("edge", 50, "bars")
    assert 4.2 < guard["off"]["max_leverage"] < 4.3  # the price rose
    assert guard["on"] == {"findings": [], "max_leverage": 0.0}  # ML let nothing pass


def test_a_line_on_the_terminal_and_a_section_of_the_report(result):
    (line,) = guard_lines(result.summary)
    most = result.summary["guard"]["off"]["max_leverage"]
    when = "2024-01-01 06:50 edge"
    assert line == f"Guard      ML off: leverage up to {most:.2f} (50 bars, first {when})"
    assert line in text(comparison_table(result.summary))
    section = next(each for each in sections(result.saved) if each.name == "guard")
    (table,) = section.data["tables"]
    ((name, cases, first, words),) = table["rows"]
    assert (table["caption"], name, cases) == ("ML off", f"Leverage up to {most:.2f}", "50 bars")
    assert first == when and words.startswith("Positions were worth up to")
    assert "What the broker changed" in page(result.saved)


def test_written_and_read_again_it_reads_the_same(result, tmp_path):
    result.write(tmp_path)
    summary = SavedRun.read(tmp_path).summary
    assert summary["guard"] == json.loads(json.dumps(plain(result.summary["guard"])))
    assert guard_lines(summary) == guard_lines(result.summary)


def test_a_sound_run_has_no_line_and_no_section():
    result = made("fusion", ml="off")
    assert result.summary["guard"]["off"]["findings"] == []
    assert guard_lines(result.summary) == []
    assert "guard" not in {section.name for section in sections(result.saved)}


def test_a_run_of_an_older_version_has_none(result):
    older = {name: value for name, value in result.summary.items() if name != "guard"}
    assert guards_of(older) == {} and guard_lines(older) == []
    assert "Guard" not in text(comparison_table(older))


def test_every_kind_has_a_name():
    assert set(NAMES) == set(UNITS)
    found = [
        {"kind": kind, "time": "2024-01-02T00:00:00", "feed": "", "count": 1, "unit": unit}
        for kind, unit in UNITS.items()
    ]
    line = guard_line({"findings": found, "max_leverage": 2.0})
    assert line.startswith("NaN cash (1 bar, first 2024-01-02), NaN value (1 bar, ")
    assert "leverage up to 2.00 (1 bar, first 2024-01-02), " in line
