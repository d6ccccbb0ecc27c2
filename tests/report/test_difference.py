"""Where the difference comes from and how firm it is, as written."""

import pytest

from bt_fusion.report.difference import (
    difference_parts,
    difference_sentence,
    difference_table,
    robustness_line,
    robustness_table,
)
from bt_fusion.report.terminal.comparison import comparison_table
from bt_fusion.saved_runs.saved_run import SavedRun
from tests.report.terminal.drawn import in_one_line, text

PARTS = {"costs": 71_000.0, "side_mix": 3_000.0, "choice": 8_000.4, "exits": -0.2, "sizes": 0.0}
SPLIT = {"paid": 73_000.0, "fewer_trades": -2_000.0}


def summary_of(vetoed=40, added=3, **comparison):
    trades = {"vetoed": vetoed, "added": added}
    found = {"trades": trades, "decomposition": PARTS, "decomposition_costs": SPLIT}
    return {"comparison": {**found, **comparison}, "config": {"account": {"cash": 50_000.0}}}


def test_the_sentence():
    sentence = difference_sentence(summary_of()["comparison"])
    assert sentence == (
        "Of the +82,000 difference: +71,000 fewer trades and their costs, +3,000 side mix, "
        "+8,000 choice of entries, 0 exits, 0 sizes."
    )
    assert len(sentence.split()) <= 30


@pytest.mark.parametrize(
    ("vetoed", "added", "name"),
    [
        (2, 1, "fewer trades and their costs"),
        (1, 2, "more trades and their costs"),
        (2, 2, "costs"),
    ],
)
def test_costs_are_named_by_the_number_of_trades(vetoed, added, name):
    parts = difference_parts(summary_of(vetoed, added)["comparison"])
    assert list(parts.values()) == list(PARTS.values()) and next(iter(parts)) == name


def test_the_table_is_in_cash_and_percent_of_the_start():
    head, rows = difference_table(summary_of())
    assert head == ["", "Cash", "Of the cash at the start"]
    assert rows == [
        ["Fewer trades and their costs", "+71,000", "+142.0 %"],
        ["- commission and slippage", "+73,000", "+146.0 %"],
        ["- number of trades, at ML off's mean", "-2,000", "-4.0 %"],
        ["Side mix", "+3,000", "+6.0 %"],
        ["Choice of entries", "+8,000", "+16.0 %"],
        ["Exits", "0", "0.0 %"],
        ["Sizes", "0", "0.0 %"],
        ["Sum", "+82,000", "+164.0 %"],
    ]


def test_older_versions_and_runs_alone_have_none():
    for comparison in (None, {}, {"trades": {}, "attribution_sentence": "ML avoided 3 losers"}):
        summary = summary_of() | {"comparison": comparison}
        assert difference_sentence(comparison or {}) == "" and difference_table(summary)[1] == []
        assert robustness_line(summary) == "" and robustness_table(summary)[1] == []


def test_robustness():
    pair = {"off": 0.9, "on": None}
    way = {"p_value": None, "profit_factor": pair, "expectancy": {"off": -0.0012, "on": 0.0}}
    found = dict.fromkeys(("delay_1", "costs_x2", "without_best_5"), way)
    summary = summary_of(robustness=found)
    summary |= {
        "ml_off": {"profit_factor": 1.1, "expectancy": 0.001},
        "ml_on": {"expectancy": 0.002},
    }
    assert robustness_line(summary) == (
        "profit factor off -> on: as traded 1.10 -> -, a bar later 0.90 -> -, "
        "costs doubled 0.90 -> -, without the best 5 0.90 -> -"
    )
    head, rows = robustness_table(summary)
    assert len(head) == 5 and len(rows) == 4
    assert rows[0] == ["As traded", "1.10", "-", "0.100 %", "0.200 %"]
    assert rows[1] == ["A bar later", "0.90", "-", "-0.120 %", "0.000 %"]


def test_a_finished_run_shows_all_of_it_on_the_terminal(run_folder):
    summary = SavedRun.read(run_folder).summary
    shown = in_one_line(text(comparison_table(summary)))
    for words in ("Buy & hold", "Where the difference in profit comes from", "Sum", "open trades"):
        assert words in shown
    assert robustness_line(summary) in shown and "points" in shown
