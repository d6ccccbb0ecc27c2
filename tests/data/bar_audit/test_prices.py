"""Outliers, wicks and splits."""

import numpy as np
import pytest

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.bar_audit.prices import volatility
from bt_fusion.data.samples import planted_edge, random_walk
from tests.data.bar_audit.calendars import NOW

PRICES = ["open", "high", "low", "close"]


def found(bars):
    return {f.kind: f.rows.tolist() for f in audit_bars(bars, NOW).findings}


def moved(bars, rows, factor):
    """Return bars whose prices are multiplied in some rows."""
    bars = bars.copy()
    bars.loc[bars.index[rows], PRICES] *= factor
    return bars


def test_closes_that_stand_apart_for_one_bar_are_outliers():
    bars = moved(moved(random_walk(1_000), [400], 1.2), [700], 0.83)
    assert found(bars) == {"outliers": [400, 700]}


def test_a_move_that_stays_is_none():
    assert found(moved(random_walk(1_000), slice(400, None), 1.2)) == {}


def test_a_move_that_the_volatility_so_far_explains_is_none():
    assert found(moved(random_walk(1_000), [400], 1.04)) == {}


@pytest.mark.parametrize(("column", "factor"), [("high", 1.25), ("low", 0.8)])
def test_a_wick_far_beyond_the_usual_range(column, factor):
    bars = random_walk(1_000)
    bars.iloc[500, bars.columns.get_loc(column)] *= factor
    assert found(bars) == {"wicks": [500]}


def test_a_long_wick_is_none():
    bars = random_walk(1_000)
    bars.iloc[500, 1] *= 1.02
    assert found(bars) == {}


@pytest.mark.parametrize(
    "ratio", [1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 10, 2 / 3, 2, 3, 4, 5, 10, 3 / 2]
)
def test_a_jump_by_a_ratio_of_splits(ratio):
    assert found(moved(planted_edge(1_000), slice(600, None), ratio)) == {"splits": [600]}


@pytest.mark.parametrize("ratio", [0.85, 1.3, 0.58])
def test_a_jump_by_another_ratio_is_no_split(ratio):
    assert found(moved(planted_edge(1_000), slice(600, None), ratio)) == {}


def test_the_volatility_knows_bars_before_alone():
    moves = np.random.default_rng(0).normal(0, 0.01, 5_000)
    known = volatility(moves)
    assert np.isnan(known[:20]).all()
    assert np.nanmean(known) == pytest.approx(0.0103, rel=0.03)  # the greater of two estimates
    moves[300:] *= 50
    assert volatility(moves)[300] == known[300]


def test_where_nothing_moved_nothing_is_far():
    assert np.isnan(volatility(np.zeros(50))).all()
