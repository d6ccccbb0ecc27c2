"""Stages of the funnel in words."""

import pytest

from bt_fusion.report.charts.funnel_stages import stage_name


@pytest.mark.parametrize(
    "stage", ["asked", "mandatory", "technical", "confident", "agreed", "ordered", "filled"]
)
def test_each_stage_of_ours_tells_who_does_what(stage):
    assert stage_name(stage).split()[0].removesuffix("'s") in ("Strategy", "ML", "Broker")


def test_a_stage_of_your_own_keeps_its_name():
    assert stage_name("volume high") == "Volume high"
