"""System C's points, part by part and edge by edge, on hand-made measures."""

from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.technical.entry_measures import Measures
from bt_fusion.technical.entry_score import EntryRule, MLPoints, TechnicalPoints

PARTS = ("rsi", "band", "volume", "pattern", "macd", "stochastic", "support")
# Nothing here is worth a point: the band is far below, its standard deviation 1.
DULL = {
    "close": 100.0,
    "rsi": 50.0,
    "middle_band": 100.0,
    "lower_band": 98.0,
    "deviation": 1.0,
    "volume_ratio": 1.0,
    "bullish": 0.0,
    "pattern": 0.0,
    "macd": -1.0,
    "macd_signal": 0.0,
    "macd_rise": -0.1,
    "stochastic_k": 50.0,
    "stochastic_d": 50.0,
    "support": np.nan,
    "atr": 1.0,
}


def parts(**values):
    """Points by part of one bar that is dull but for the values given."""
    measured = Measures(**{name: np.array([v]) for name, v in {**DULL, **values}.items()})
    return dict(zip(PARTS, TechnicalPoints().parts(measured)[0], strict=True))


def test_a_dull_bar_has_no_points_and_no_bar_more_than_nine():
    assert set(parts().values()) == {0.0}
    assert TechnicalPoints().highest == 9.0
    best = parts(
        rsi=10,
        lower_band=101,
        volume_ratio=4,
        bullish=2,
        macd=1,
        stochastic_k=5,
        support=100,
    )
    assert sum(best.values()) == 9.0


@pytest.mark.parametrize(
    ("part", "values", "points"),
    [
        ("rsi", {"rsi": 30.0}, 0.0),  # exactly at the limit is not below it
        ("rsi", {"rsi": np.nextafter(30.0, 0)}, 1.0),
        ("rsi", {"rsi": 20.0}, 1.0),
        ("rsi", {"rsi": np.nextafter(20.0, 0)}, 2.0),
        ("band", {"close": 101.0, "lower_band": 100.0}, 0.0),
        ("band", {"close": 100.5, "lower_band": 100.0}, 1.0),  # exactly 0.5 % above
        ("band", {"close": 100.51, "lower_band": 100.0}, 0.0),
        ("band", {"close": 99.5, "lower_band": 100.0}, 1.0),  # exactly half a deviation below
        ("band", {"close": 99.49, "lower_band": 100.0}, 2.0),
        ("volume", {"volume_ratio": 1.49}, 0.0),
        ("volume", {"volume_ratio": 1.5}, 1.0),
        ("volume", {"volume_ratio": 2.99}, 1.0),
        ("volume", {"volume_ratio": 3.0}, 2.0),
        ("pattern", {"bullish": 1.0}, 1.0),
        ("pattern", {"bullish": 2.0}, 1.5),
        ("macd", {"macd": 0.1}, 0.5),
        ("macd", {"macd": 0.0}, 0.0),  # level with its signal, histogram falling
        ("macd", {"macd_rise": 0.01}, 0.5),
        ("macd", {"macd_rise": 0.0}, 0.0),
        ("stochastic", {"stochastic_k": 20.0}, 0.0),
        ("stochastic", {"stochastic_k": 19.9}, 0.5),
        ("support", {"close": 100.5, "support": 100.0}, 0.5),
        ("support", {"close": 99.5, "support": 100.0}, 0.5),  # just below it still counts
        ("support", {"close": 100.51, "support": 100.0}, 0.0),
    ],
)
def test_each_point_and_its_edge(part, values, points):
    found = parts(**values)
    assert found.pop(part) == points
    assert set(found.values()) == {0.0}


def test_the_published_example_scores_seven_and_a_half():
    found = parts(
        rsi=27.3,
        lower_band=99.8,
        volume_ratio=1.8,
        bullish=1.0,  # a hammer
        macd_rise=0.1,
        stochastic_k=15.0,
        support=99.7,
    )
    technical = sum(found.values())
    assert technical == 5.5
    total = technical + MLPoints()(np.array([0.723]))
    assert total == [7.5]
    assert EntryRule()(np.array([27.3]), total, with_ml=True) == [True]


@pytest.mark.parametrize(
    ("probability", "points"),
    [
        (0.70, 2.0),
        (np.nextafter(0.70, 0), 1.0),
        (0.60, 1.0),
        (np.nextafter(0.60, 0), 0.5),
        (0.50, 0.5),
        (np.nextafter(0.50, 0), 0.0),
        (0.45, 0.0),
        (np.nextafter(0.45, 0), -1.0),
        (np.nan, 0.0),
    ],
)
def test_ml_points(probability, points):
    assert MLPoints()(np.array([probability])).tolist() == [points]


@pytest.mark.parametrize(
    ("rsi", "total", "with_ml", "enters"),
    [
        (29.9, 6.0, True, True),
        (29.9, 5.99, True, False),
        (30.0, 11.0, True, False),  # the filter is mandatory, whatever the total
        (29.9, 4.0, False, True),
        (29.9, 3.99, False, False),
        (29.9, 4.0, True, False),
        (np.nan, 9.0, True, False),
        (29.9, np.nan, True, False),
    ],
)
def test_the_entry_rule(rsi, total, with_ml, enters):
    assert EntryRule()(np.array([rsi]), np.array([total]), with_ml).tolist() == [enters]


def test_a_measure_not_known_yet_leaves_no_points_known():
    for name in set(DULL) - {"support"}:
        assert all(np.isnan(value) for value in parts(**{name: np.nan}).values()), name


def test_points_and_thresholds_are_parameters():
    points = replace(TechnicalPoints(), rsi_limit=40.0, rsi=(3.0, 4.0))
    measured = Measures(**{name: np.array([v]) for name, v in {**DULL, "rsi": 35.0}.items()})
    assert points.parts(measured)[0, 0] == 3.0
