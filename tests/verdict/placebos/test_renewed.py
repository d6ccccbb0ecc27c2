"""The renewing exit over arrays, against the rule walked bar by bar."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.verdict.placebos.replay import renewed


def walked(state, agrees, hold_bars):
    """(signal, side, exit_bar) of each trip, by the rule as it is written."""
    trips, position, last = [], 0, 0
    for bar in range(len(state) - 1):  # no order of the last bar is filled
        if position == 0:
            if state[bar] and agrees[bar]:
                position, last = state[bar], bar
                trips.append([bar, position, -1])
            continue
        if agrees[bar] and state[bar] == position:
            last = bar
        if state[bar] != position or bar - last >= hold_bars:
            trips[-1][2] = bar + 1
            position = 0
    return [tuple(trip) for trip in trips]


def rows(trips):
    return list(
        zip(trips.signal.tolist(), trips.side.tolist(), trips.exit_bar.tolist(), strict=True)
    )


@given(
    st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(1, 9), st.booleans()), max_size=30),
    st.randoms(use_true_random=False),
    st.integers(1, 6),
    st.floats(0, 1),
)
def test_it_is_the_rule_walked_bar_by_bar(episodes, random, hold_bars, share):
    state = [side for side, length, short in episodes for _ in range(1 if short else length)]
    agrees = [random.random() < share for _ in state]
    trips = renewed(np.array(state, float), np.array(agrees, bool), hold_bars)
    assert rows(trips) == walked(state, agrees, hold_bars)


def test_a_reversal_leaves_one_bar_flat_and_the_first_bar_then_does_not_count():
    state = np.array([1, 1, -1, -1, -1, -1, 1, 1])
    agrees = np.array([1, 1, 1, 0, 0, 1, 1, 1], dtype=bool)
    # long until the open of bar 3; bar 2 agrees with the short side but finds the long position
    assert rows(renewed(state, agrees, 2)) == [(0, 1, 3), (5, -1, 7)]
    assert rows(renewed(state, np.ones(8, dtype=bool), 2)) == [(0, 1, 3), (3, -1, 7)]


def test_a_state_between_the_sides_leaves_the_first_bar_free():
    state = np.array([1, 1, 0, -1, -1, -1, np.nan])
    assert rows(renewed(state, np.ones(7, dtype=bool), 2)) == [(0, 1, 3), (3, -1, -1)]


def test_short_episodes_alternate():
    # every first bar agrees and every episode is one bar: every second one is blocked
    state = np.array([1, -1, 1, -1, 1, -1])
    assert rows(renewed(state, np.ones(6, dtype=bool), 5)) == [(0, 1, 2), (2, 1, 4), (4, 1, -1)]


def test_an_agreement_renews_on_the_very_bar_it_would_have_left():
    agrees = np.array([1, 0, 0, 1, 0, 0, 0, 1, 0], dtype=bool)
    assert rows(renewed(np.ones(9), agrees, 3)) == [(0, 1, 7), (7, 1, -1)]
    assert rows(renewed(np.ones(1), np.ones(1, dtype=bool), 3)) == []
    assert rows(renewed(np.ones(0), np.ones(0, dtype=bool), 3)) == []
