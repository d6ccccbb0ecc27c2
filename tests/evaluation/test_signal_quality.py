"""Signal quality: sides, hits and excursions by hand; one sign of excursions everywhere."""

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation.signal_quality import (
    labelled_signals,
    quality_by_confidence,
    sides,
    signal_quality,
)
from bt_fusion.labels import Labels
from bt_fusion.statistics.excursions import excursions, quality_by
from tests.evaluation.predicted import few_bars, predictions_of
from tests.models.test_predictions import counted

NOTHING = {"count": 0, "hit_rate": None, "favourable": None, "adverse": None}


def test_sides_by_what_the_classes_mean():
    two = [[0.4, 0.6], [0.6, 0.4], [np.nan, np.nan]]
    assert sides(predictions_of(two)).tolist() == [1, -1, 0]
    assert sides(predictions_of(two, two_sided=False)).tolist() == [1, 0, 0]
    three = [[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.3, 0.5]]
    assert sides(predictions_of(three, (-1, 0, 1))).tolist() == [-1, 0, 1]


def test_equal_probabilities_are_no_side():
    assert sides(predictions_of([[0.5, 0.5]])).tolist() == [0]
    three = [[0.4, 0.2, 0.4], [0.4, 0.4, 0.2]]
    assert sides(predictions_of(three, (-1, 0, 1))).tolist() == [0, 0]


def test_majority_voting_takes_the_side_of_the_signal():
    votes = counted((2, 2, 0), (0, 0, 2), (0, 1, 2), (1, 1, 1), members=3, classes=(-1, 0, 1))
    assert votes.voting == "majority"
    assert sides(votes).tolist() == [1, -1, 0, 0]


@pytest.fixture
def signals():
    """Long at 10, hit; short at 10, hit; long at 8, missed; two whose horizon is not over."""
    proba = [[0.3, 0.7], [0.55, 0.45], [0.45, 0.55], [0.1, 0.9], [0.1, 0.9]]
    labels = Labels(np.array([1, 0, 0, np.nan, np.nan]), np.array([2, 3, 4, -1, -1]))
    return labelled_signals(predictions_of(proba), labels, few_bars(), 2)


def test_labelled_signals_by_hand(signals):
    assert signals.index.tolist() == [0, 1, 2]
    assert signals.side.tolist() == ["long", "short", "long"]
    assert signals.hit.tolist() == [True, True, False]
    assert signals.confidence.tolist() == [0.7, 0.55, 0.55]
    # highest 12, lowest 7; seen short 7 and 11; highest 13, lowest 8
    assert signals.favourable.tolist() == pytest.approx([0.2, 0.3, 0.625])
    assert signals.adverse.tolist() == pytest.approx([-0.3, -0.1, 0.0])


def test_quality_of_each_side_by_hand(signals):
    lines = signal_quality(signals)
    assert [(q["side"], q["regime"], q["signals"]) for q in lines] == [
        (side, regime, name)
        for side in ("long", "short")
        for regime in ("all", "ranging", "up", "down")
        for name in ("all", "high")
    ]
    long, high, short = lines[0], lines[1], lines[8]
    assert long == pytest.approx(
        {
            "side": "long",
            "regime": "all",
            "signals": "all",
            "count": 2,
            "hit_rate": 0.5,
            "favourable": (0.2 + 0.625) / 2,
            "adverse": -0.15,
        }
    )
    assert (high["count"], high["hit_rate"], high["favourable"]) == (1, 1.0, pytest.approx(0.2))
    assert (short["count"], short["hit_rate"]) == (1, 1.0)
    assert lines[2] == {**long, "regime": "ranging"}  # five bars: no trend is known yet
    assert lines[4] == {"side": "long", "regime": "up", "signals": "all", **NOTHING}


def test_a_hit_is_the_class_of_the_side():
    """A bar of no trade is a miss for either side, whatever the price did."""
    three = [[0.2, 0.2, 0.6]] * 3 + [[0.6, 0.2, 0.2]] * 2
    labels = Labels(np.array([1.0, 0, -1, -1, 0]), np.arange(5))
    table = labelled_signals(predictions_of(three, (-1, 0, 1)), labels, few_bars(), 1)
    assert table.hit.tolist() == [True, False, False, True]  # the last bar has no horizon


def test_a_label_of_one_side_has_no_shorts():
    proba = [[0.3, 0.7], [0.8, 0.2], [0.4, 0.6], [0.5, 0.5], [0.5, 0.5]]
    labels = Labels(np.array([1.0, 0, 0, 0, 0]), np.arange(5))
    table = labelled_signals(predictions_of(proba, two_sided=False), labels, few_bars(), 2)
    lines = signal_quality(table)
    assert {line["side"] for line in lines} == {"long"} and len(lines) == 8
    assert (lines[0]["count"], lines[0]["hit_rate"]) == (2, 0.5)


def test_quality_by_confidence_by_hand(signals):
    found = quality_by_confidence(signals)
    figures = [(q["confidence"], q["side"], q["count"], q["hit_rate"]) for q in found]
    assert figures == [
        (0.50, "long", 2, 0.5),
        (0.50, "short", 1, 1.0),
        (0.55, "long", 2, 0.5),  # .55 reaches .55
        (0.55, "short", 1, 1.0),
        (0.60, "long", 1, 1.0),
        (0.60, "short", 0, None),
        (0.65, "long", 1, 1.0),
        (0.65, "short", 0, None),
        (0.70, "long", 1, 1.0),
        (0.70, "short", 0, None),
    ]


def test_one_sign_of_excursions_here_and_in_the_analyzer():
    """What `evaluate` calls adverse is what `SignalQuality` calls so: 0 or less."""
    bars, horizon = planted_edge(300, seed=2), 5
    up = np.where(np.arange(300) % 2, 0.7, 0.3)
    predictions = predictions_of(np.column_stack([1 - up, up]))
    labels = Labels(np.zeros(300), np.arange(300))
    lines = signal_quality(labelled_signals(predictions, labels, bars, horizon))
    table = excursions(BarArrays.of(bars), sides(predictions), horizon)
    side = sides(predictions)
    figures = quality_by(table.assign(side=side, hit=side < 0), ["side"])
    for line, sign in ((lines[0], 1), (lines[8], -1)):
        expected = figures.loc[sign]
        assert line["hit_rate"] == expected["hit_rate"] == (sign < 0)
        assert line["adverse"] == pytest.approx(expected["adverse"]) and line["adverse"] < 0
        assert line["favourable"] == pytest.approx(expected["favourable"])
        assert line["favourable"] > 0
