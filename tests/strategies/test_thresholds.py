"""Threshold: which side of its limit a value is on, and how far."""

import math

import pytest

from bt_fusion.strategies import Threshold


@pytest.mark.parametrize(
    ("rule", "value", "passed", "margin"),
    [
        (">=", 0.6, True, 0.0),
        (">", 0.6, False, 0.0),
        ("<", 0.6, False, 0.0),
        (">=", 0.5, False, -0.1),
        (">", 0.7, True, 0.1),
        ("<", 0.5, True, 0.1),
        ("<", 0.7, False, -0.1),
    ],
)
def test_each_rule_below_at_and_above_its_limit(rule, value, passed, margin):
    threshold = Threshold("P", value, 0.6, rule)
    assert threshold.passed is passed
    assert threshold.margin == pytest.approx(margin, abs=1e-12)


@pytest.mark.parametrize("rule", [">=", ">", "<"])
def test_what_is_not_known_passes_nothing(rule):
    threshold = Threshold("P", math.nan, 0.6, rule)
    assert not threshold.passed and math.isnan(threshold.margin)
