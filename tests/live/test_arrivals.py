"""Arrivals: each bar once, in order, whatever comes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bt_fusion.data.samples import random_walk
from bt_fusion.errors import BarsError
from bt_fusion.live.arrivals import Arrivals

BARS = random_walk(30)


@pytest.fixture
def messages():
    return []


@pytest.fixture
def arrivals(messages):
    return Arrivals(messages.append)


def given_of(arrivals, *parts):
    """Return the stamps that were given of some parts, one list each."""
    return [list(arrivals.new(part).index) for part in parts]


def test_repeated_bars_are_given_once(arrivals, messages):
    parts = given_of(arrivals, BARS[:3], BARS[1:3], BARS[2:4], BARS[3:4])
    assert parts == [list(BARS.index[:3]), [], [BARS.index[3]], []]
    assert (arrivals.repeated, arrivals.changed, arrivals.late) == (4, 0, 0)
    assert arrivals.last == BARS.index[3] and not messages


def test_disorder_is_sorted(arrivals):
    assert given_of(arrivals, BARS[:5][::-1]) == [list(BARS.index[:5])]


def test_the_first_values_of_a_bar_count(arrivals, messages):
    other = BARS[2:3].assign(volume=1.0)
    given_of(arrivals, BARS[:3])
    assert given_of(arrivals, pd.concat([other, BARS[3:4]])) == [[BARS.index[3]]]
    assert arrivals.changed == 1
    assert messages == [f"Changed    {BARS.index[2]} came with other values; the first ones count"]


def test_a_bar_that_comes_after_its_successor_is_left_out(arrivals, messages):
    given_of(arrivals, BARS[:2], BARS[3:4])
    assert given_of(arrivals, BARS[2:3]) == [[]]
    assert arrivals.late == 1 and "came after" in messages[0]


def test_a_broken_bar_is_left_out_and_taken_when_it_comes_whole(arrivals, messages):
    broken = BARS[1:2].assign(close=np.nan)
    assert given_of(arrivals, BARS[:1], broken, BARS[1:2]) == [
        [BARS.index[0]],
        [],
        [BARS.index[1]],
    ]
    assert arrivals.broken == 1 and "NaN in column close" in messages[0]


def test_a_changed_bar_is_reported_once_and_memory_is_bounded(messages, monkeypatch):
    monkeypatch.setattr("bt_fusion.live.arrivals.COMPARED", 4)
    arrivals = Arrivals(messages.append)
    given_of(arrivals, BARS[:10], *[BARS[8:9].assign(volume=1.0)] * 3, BARS[2:3].assign(volume=2.0))
    assert len(messages) == 1 and len(arrivals._given) == 4
    assert (arrivals.changed, arrivals.repeated, arrivals.late) == (1, 3, 0)


def test_nothing_at_all_is_nothing_new(arrivals):
    assert given_of(arrivals, BARS[:0], BARS[:1], BARS[:0]) == [[], [BARS.index[0]], []]


def test_bars_without_a_column_are_an_error(arrivals):
    with pytest.raises(BarsError, match="close"):
        arrivals.new(BARS.drop(columns="close"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 29), max_size=8), max_size=12),
    st.randoms(use_true_random=False),
)
def test_whatever_comes_each_bar_is_given_at_most_once_and_later_than_the_last(parts, draw):
    arrivals, seen, expected = Arrivals(lambda line: None), [], []
    for rows in parts:
        newer = sorted({row for row in rows if not expected or row > expected[-1]})
        expected += newer
        draw.shuffle(rows)
        seen += list(arrivals.new(BARS.iloc[rows]).index)
    assert seen == [BARS.index[row] for row in expected]
