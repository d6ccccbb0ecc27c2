"""Filled, frozen and untraded stretches."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.bars import check_bars
from bt_fusion.data.samples import random_walk
from tests.data.bar_audit.calendars import NOW

PRICES = ["open", "high", "low", "close"]


def found(bars):
    return {f.kind: (f.count, f.bars, f.rows.tolist()) for f in audit_bars(bars, NOW).findings}


def filled(bars, *spans):
    """Return bars whose spans are drawn as straight lines."""
    bars = bars.copy()
    for start, stop in spans:
        bars.iloc[start:stop] = np.nan
    return bars.interpolate()


def frozen(bars, start, count):
    """Return bars of which some equal the first of them."""
    bars = bars.copy()
    bars.iloc[start : start + count] = bars.iloc[start].to_numpy()
    return bars


def test_bars_on_a_straight_line_are_filled():
    bars = filled(random_walk(500), (100, 101), (200, 233))
    assert found(bars) == {"filled": (2, 34, [100, *range(200, 233)])}


def test_without_volume_a_straight_line_must_be_longer():
    bars = filled(random_walk(500).assign(volume=0.0), (100, 102), (200, 203))
    assert found(bars) == {"filled": (1, 3, [200, 201, 202])}


def test_equal_bars_are_frozen():
    bars = frozen(frozen(random_walk(500), 50, 3), 300, 7)
    assert found(bars) == {"frozen": (2, 10, [50, 51, 52, *range(300, 307)])}


def test_two_equal_bars_are_not_frozen_yet():
    assert found(frozen(random_walk(500), 50, 2)) == {}


@pytest.mark.parametrize(("count", "cases"), [(4, {}), (5, {"frozen": (1, 5, [*range(50, 55)])})])
def test_quiet_bars_of_one_price_may_repeat_four_times(count, cases):
    bars = random_walk(500)
    bars.iloc[50, [0, 1, 2, 3]] = bars.close.iloc[50]
    assert found(frozen(bars, 50, count)) == cases


def test_bars_without_volume_count_and_are_not_frozen_too():
    bars = random_walk(500)
    bars.iloc[60:70, :4] = bars.close.iloc[60]
    bars.iloc[60:70, 4] = 0.0
    assert found(bars) == {"zero_volume": (10, 10, [*range(60, 70)])}


def test_a_file_without_any_volume_does_not_say_so_of_each_bar():
    assert found(random_walk(500).assign(volume=0.0)) == {}


def test_coarse_prices_that_stand_still_now_and_then_are_not_frozen():
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.integers(-1, 2, 3_000)) * 0.01
    index = pd.date_range("2024-01-01", periods=3_000, freq="min")
    volume = rng.integers(1, 4, 3_000)
    columns = dict.fromkeys(PRICES, close) | {"volume": volume}
    assert found(check_bars(pd.DataFrame(columns, index=index))) == {}
