"""Which bars the signal picture shows."""

from dataclasses import replace

import pandas as pd
import pytest

from bt_fusion.errors import OptionError
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.saved_runs.saved_run import SavedRun

HOURS = pd.date_range("2024-01-01", periods=600, freq="h")


@pytest.mark.parametrize(
    ("view", "first", "last"),
    [
        (DEFAULT_VIEW, 100, 599),
        (SignalView(1), 599, 599),
        (SignalView(1_000), 0, 599),
        (SignalView(3, "2024-01-01 05:00"), 3, 5),
        (SignalView(3, "2024-01-01 05:59"), 3, 5),
        (SignalView(3, "2024-01-01 07:00+02:00"), 3, 5),
        (SignalView(3, pd.Timestamp("2024-01-01 01:00")), 0, 1),
        (SignalView(3, "2030-01-01"), 597, 599),
    ],
)
def test_the_last_bars_until_a_time(view, first, last):
    found = HOURS[view.rows(HOURS)]
    assert (found[0], found[-1]) == (HOURS[first], HOURS[last])


@pytest.mark.parametrize("bars", [0, -5, 2.5, "many"])
def test_a_number_of_bars_is_whole_and_at_least_1(bars):
    with pytest.raises(OptionError, match=r"bars .* must be a whole number of bars, 1 or more"):
        SignalView(bars)


@pytest.mark.parametrize("until", ["soon", "2024-13-01", "", [1, 2]])
def test_what_is_no_time_is_refused(until):
    with pytest.raises(OptionError, match="is no ISO date; write 2020-01-31"):
        SignalView(until=until)


def test_a_time_before_the_first_bar_is_refused():
    with pytest.raises(OptionError, match="until 2023-12-31 23:59:00 is before the first bar; "):
        SignalView(until="2023-12-31 23:59").rows(HOURS)


def test_a_symbol_is_one_of_the_runs(run_folder):
    one = SavedRun.read(run_folder)
    both = replace(one, bars=pd.concat([one.bars.assign(symbol=name) for name in "AB"]))
    assert DEFAULT_VIEW.symbol_of(both) == "A" and SignalView(symbol="B").symbol_of(both) == "B"
    assert DEFAULT_VIEW.symbol_of(one) == SignalView(symbol="edge").symbol_of(one) == "edge"
    with pytest.raises(OptionError, match="unknown symbol 'C': Known: A, B"):
        SignalView(symbol="C").symbol_of(both)
