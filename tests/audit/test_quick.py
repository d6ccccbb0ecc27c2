"""The audit that goes with every backtest."""

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.opinions import predictions_of
from bt_fusion.audit.quick import quick_audit, sample_of
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.report.checks.strategy_audit import strategy_audit_line
from bt_fusion.report.terminal.checks import strategy_audit_table
from tests.audit.test_strategy_audit import Crossing, Peeks
from tests.report.terminal.drawn import in_one_line, text

BARS = {"": random_walk(1_000)}


def found_of(strategy, bars=BARS, predictions=None):
    return quick_audit(strategy, bars, {}, Account(), predictions or {})


def test_an_honest_strategy_passes_on_a_sample():
    found = found_of(Crossing)
    assert found.passed and found.bars == 300 and found.cuts == 3
    assert strategy_audit_line(found.to_dict()).startswith("nothing looks ahead: ")


def test_one_that_peeks_is_named_with_its_bar():
    found = found_of(Peeks)
    assert found.looks_ahead
    shown = in_one_line(text(strategy_audit_table(found.to_dict(), "Peeks")))
    assert "Audit of Peeks" in shown and "looks ahead" in shown
    assert strategy_audit_line(found.to_dict()).startswith("orders look ahead, first at 2024-01-01")


def test_predictions_of_bars_a_model_was_trained_on_are_found():
    index = BARS[""].index
    predictions = predictions_of(index, np.full(1_000, 0.6))
    assert found_of(Crossing, predictions={"": predictions}).passed
    known = np.where(np.arange(1_000) < 5, index[10].to_datetime64(), predictions.trained_until)
    late = replace(predictions, trained_until=known.astype("datetime64[ns]"))
    (finding,) = found_of(Crossing, predictions={"": late}).findings
    assert finding.kind == "in-sample" and finding.detail.startswith("5 predictions are for bars")
    assert finding.first == str(index[0])


def test_the_sample_begins_where_all_feeds_have_begun():
    both = {"A": BARS[""], "B": BARS[""][600:]}
    assert [each.index[0] for each in sample_of(both).values()] == [BARS[""].index[600]] * 2
    over = {"A": BARS[""][:400], "B": BARS[""][600:]}
    assert list(sample_of(over)) == ["A"]
    assert list(sample_of({"B": over["B"], "A": over["A"]})) == ["A"]
    assert found_of(Crossing, {"B": over["B"], "A": over["A"]}).passed


def test_bars_that_are_too_few_pass_nothing():
    found = found_of(Crossing, {"": BARS[""][:15]})
    assert not found.passed and found.compared == 0
    assert strategy_audit_line(found.to_dict()).startswith("nothing was compared")


def test_the_sample_ends_for_all_symbols_at_the_same_time():
    late = random_walk(500).set_axis(pd.date_range("2024-01-01 04:00", periods=500, freq="min"))
    sample = sample_of({"A": BARS[""], "B": late})
    assert sample["A"].index[-1] == sample["B"].index[-1]
    assert len(sample["A"]) == 300
