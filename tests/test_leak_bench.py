"""The bench of planted leaks, on few bars: every leak is named, and nothing that is honest."""

import pandas as pd
import pytest

from benchmarks.leaks.__main__ import is_wrong
from benchmarks.leaks.cases import all_cases
from benchmarks.leaks.cut_at_signals import cut_at_signals
from benchmarks.leaks.registry import CASES, KINDS
from benchmarks.leaks.table import CaseResult, summary
from benchmarks.leaks.tried import try_case
from bt_fusion.data.samples import random_walk

STAMPS = pd.date_range("2024-01-01", periods=900, freq="15min", name="datetime")
BARS = random_walk(900).set_axis(STAMPS)
ON_ARRAYS = [case for case in all_cases() if case.kind in ("feature", "label", "member")]
RUN = [case for case in all_cases() if case.kind in ("indicator", "strategy", "feeds", "training")]
QUICK = (
    *("IndexPlusOne", "Repaints", "OwnRecursion"),
    *("NextClose", "ReadsTheFrame", "FillsAtTheClose", "KeptByTheClass", "FromTheNotebook"),
    *("DuringWarmUp", "Guesses", "WaitsForAPrice", "TooEarly", "LongerWhenOver"),
)


def test_the_bench_has_leaks_and_controls_of_every_kind():
    for kind in KINDS:
        assert {case.leaks for case in CASES.values() if case.kind == kind} == {True, False}
    assert sum(case.leaks for case in CASES.values()) >= 100
    assert sum(not case.leaks for case in CASES.values()) >= 40


@pytest.mark.parametrize("case", ON_ARRAYS, ids=lambda case: case.name)
def test_what_is_made_from_bars_is_named_if_it_leaks(case):
    tried = try_case(case, BARS, 0)
    assert not is_wrong(case, tried), tried.says


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", QUICK)
def test_what_is_run_is_named_if_it_leaks(name):
    tried = try_case(CASES[name], BARS[:500], 0)
    assert not is_wrong(CASES[name], tried), tried.says


@pytest.mark.slow
@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_all_that_is_run_is_named_if_it_leaks(case):
    tried = try_case(case, BARS, 0)
    assert not is_wrong(case, tried), tried.says


@pytest.mark.slow
def test_the_other_method_sees_far_leaks_and_no_next_close():
    """Freqtrade's issue 11346: it holds one more bar than the signal needs."""
    assert cut_at_signals(CASES["ForwardLine"], BARS) is True
    assert cut_at_signals(CASES["NextClose"], BARS) is False
    assert cut_at_signals(CASES["PlainCrossing"], BARS) is False
    assert cut_at_signals(CASES["WaitsForAPrice"], BARS) is True  # its issue 12168
    assert cut_at_signals(CASES["HonestDirection"], BARS) is None


def test_a_summary_counts_leaks_and_alarms():
    named = CaseResult(CASES["next_return"], [try_case(CASES["next_return"], BARS, 0)], [True])
    honest = CaseResult(CASES["rsi"], [try_case(CASES["rsi"], BARS, 0)], [False])
    assert summary([named, honest]) == {
        "leaks": 1,
        "named": 1,
        "cut_at_signals": "1 of 1",
        "honest": 1,
        "alarms": 0,
        "its_alarms": "0 of 1",
    }
