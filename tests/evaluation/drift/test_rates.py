"""False alarms and delays over whole models: a smaller form of `python -m benchmarks drift`."""

import pytest

from benchmarks.drift import measure


@pytest.mark.slow
def test_alarms_come_seldom_without_drift_and_in_time_with_it():
    found = {ratio.name: ratio.value for ratio in measure(runs=40, breaks=20, jobs=1).ratios}
    assert found["false alarms"] <= 0.05
    assert found["breaks found in time"] >= 0.9
