"""What is kept of a file: written and read again, and judged after more trials."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.files import plain
from bt_fusion.statistics.sharpe import TrackRecord, deflated_sharpe
from bt_fusion.universe.row import FileRow
from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.rules import HELPED, NO_EVIDENCE
from tests.verdict.test_rules import GOOD

RETURNS = np.random.default_rng(0).normal(0.002, 0.01, 500)


def row(**changes):
    edge = TrackRecord.of(RETURNS)
    known = {"evidence": GOOD, "edge": edge, "setting_p": 0.0004, "notes": ("a warning",)}
    return FileRow(bars=10, start="2024-01-01", end="2024-01-02", **(known | changes))


def test_a_row_comes_back_as_it_was():
    for each in (row(), row(evidence=None, edge=None, setting_p=None), FileRow(error="broken")):
        assert FileRow.from_dict(json.loads(json.dumps(plain(each.to_dict())))) == each
    tested = replace(GOOD, ranking=ChanceTest(0.1, 0.9, 1_000, 99, 900))
    again = FileRow.from_dict(json.loads(json.dumps(row(evidence=tested).to_dict())))
    assert again.evidence == tested


def test_more_trials_take_the_grade_away():
    assert row().verdict().verdict == HELPED
    assert row().verdict(trials=500).verdict == NO_EVIDENCE
    assert FileRow(error="broken").verdict() is None


def test_trials_count_as_in_a_backtest():
    after = row().after(trials=7)
    assert after.trials == 7
    assert after.edge_dsr == pytest.approx(deflated_sharpe(RETURNS, 7))
    assert after.edge_dsr_against == pytest.approx(deflated_sharpe(-RETURNS, 7))
    assert row(edge=None).after(trials=7).edge_dsr is None


def test_the_p_value_is_that_of_more_draws_after_all_trials():
    assert row().p_value() == pytest.approx(0.0004)
    assert row().p_value(trials=2) == pytest.approx(1 - 0.9996**2)
    assert row(evidence=replace(GOOD, setting=None)).p_value() is None
    assert FileRow(error="broken").p_value() is None
