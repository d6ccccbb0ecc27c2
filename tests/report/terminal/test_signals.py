"""The tables of signals: what they say of an evaluation of a few hand-made lines."""

from dataclasses import replace

import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation import evaluate
from bt_fusion.report.terminal.signals import confidence_table, fused_lines, quality_table
from tests.report.terminal.drawn import in_one_line, text

BARS = planted_edge(600, seed=1, auc=0.8)
FIGURES = {"count": 1_234, "hit_rate": 0.5, "favourable": 0.0123, "adverse": -0.004}
NOTHING = {"count": 0, "hit_rate": None, "favourable": None, "adverse": None}


@pytest.fixture(scope="module")
def evaluation():
    model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"])).fit(BARS[:400])
    found = evaluate(model, BARS, high_confidence=0.65)
    found.labels.parts[-1]["shares"] = {"Down": 0.4, "Up": 0.6}
    lines = [
        {"side": "long", "regime": "all", "signals": "all", **FIGURES},
        {"side": "long", "regime": "all", "signals": "high", **NOTHING},
        {"side": "short", "regime": "up", "signals": "high", **FIGURES, "count": 7},
    ]
    steps = [
        {"confidence": 0.5, "side": "long", **FIGURES},
        {"confidence": 0.5, "side": "short", **FIGURES, "count": 7},
        {"confidence": 0.55, "side": "long", **NOTHING},
        {"confidence": 0.55, "side": "short", **NOTHING},
    ]
    counts = {"-1": 10, "0": 1_190, "1": 0}
    fused = {"bars": 1_200, "counts": counts}
    return replace(found, quality=lines, by_confidence=steps, fused=fused)


def test_sides_regimes_and_confidence_are_columns(evaluation):
    shown = in_one_line(text(quality_table(evaluation)))
    for row in (
        "long │ all │ any │ 1,234 │ 50.0 % │ 1.23 % │ -0.40 %",
        "long │ all │ from 0.65 │ 0 │ - │ - │ -",
        "short │ up │ from 0.65 │ 7 │ 50.0 % │ 1.23 % │ -0.40 %",
        "the label came, as it does on Up 60.0 %, Down 40.0 % of all test rows",
        "Confidence: the side's probability.",
    ):
        assert row in shown


def test_one_side_and_majority_voting_are_said(evaluation):
    long = [line for line in evaluation.quality if line["side"] == "long"]
    shown = in_one_line(text(quality_table(replace(evaluation, quality=long, voting="majority"))))
    assert "as it does on Up 60.0 % of all test rows" in shown
    assert "Confidence: the side's share of the votes." in shown and "short" not in shown


def test_confidences_are_rows_and_sides_columns(evaluation):
    shown = in_one_line(text(confidence_table(evaluation)))
    assert "From ┃ Long ┃ Hit rate ┃ Short ┃ Hit rate" in shown
    assert "0.50 │ 1,234 │ 50.0 % │ 7 │ 50.0 %" in shown and "0.55 │ 0 │ - │ 0 │ -" in shown


def test_fused_signals_are_a_line_where_there_are_any(evaluation):
    (line,) = fused_lines(evaluation)
    assert line == (
        "Fused      signals of 1,200 unseen bars at costs of 0.1 %: short on 10 bars, none "
        "on 1,190, long on 0"
    )
    assert fused_lines(replace(evaluation, fused=None)) == []
