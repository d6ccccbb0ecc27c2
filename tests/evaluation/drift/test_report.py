"""The drift of a saved model: a break named, or what would have been found."""

import json

import pytest

from bt_fusion.errors import BarsError
from bt_fusion.evaluation.drift.report import drift_report
from bt_fusion.files import plain
from tests.evaluation.drift.made import BREAK, TRAIN, bars, model

SINCE = bars().index[TRAIN]


def test_a_break_is_named_with_its_bar_and_reason():
    found = drift_report(model(), bars(), SINCE)
    assert found.alarm["part"] == "hit rate"
    assert found.alarm["time"] > bars().index[BREAK]
    assert found.alarm["bars"] == bars().index.get_loc(found.alarm["time"]) - TRAIN + 1
    assert "train it again" in found.line
    assert {line["feature"] for line in found.features} == {"wick_balance", "return_1", "rsi_14"}
    assert sum(line["rows"] for line in found.calibration) == found.bars - 5
    assert json.dumps(plain(found.to_dict()))


def test_without_a_break_it_says_what_would_have_been_found():
    found = drift_report(model(), bars(broken=False), SINCE)
    assert found.alarm is None and found.line.startswith("no evidence of drift in 4,000 bars")
    assert found.promise.endswith("bars in 95 % of cases")


def test_no_bar_since_then_is_an_error():
    with pytest.raises(BarsError, match="no predicted bar since"):
        drift_report(model(), bars()[: TRAIN - 100], SINCE)
