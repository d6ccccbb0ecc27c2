"""Stop and target orders over arrays, by hand and against the rule walked bar by bar."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.levels import market
from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.agreement_chain import AgreementChain
from bt_fusion.verdict.placebos.agreement_draws import drawn_trips, renewed_to_levels
from bt_fusion.verdict.placebos.chain_pair import ChainPair
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.levels import Distance, LevelExits, Levels, first_touch
from bt_fusion.verdict.placebos.random_agreement import Runs, random_agreement
from bt_fusion.verdict.placebos.replay import NEVER, renewed
from tests.verdict.placebos.test_random_agreement import market as walk
from tests.verdict.placebos.test_random_agreement import spells
from tests.verdict.placebos.test_renewed import rows

BOTH = Levels(Distance(0.02), Distance(0.03))


def bars_of(*ranges):
    """Bars of (open, high, low); the close is the open."""
    opens, highs, lows = (np.array(column, dtype=float) for column in zip(*ranges, strict=True))
    return BarArrays(np.arange(len(opens)), opens, highs, lows, opens, opens)


def exit_of(levels, *after, side=1, slippage=0.0):
    """(bar, price, filled) of a position entered at 100 on bar 1, by the bars after it."""
    bars = bars_of((100, 100, 100), (100, 110, 90), *after)  # the entry's own bar does not count
    found = levels.exits(bars, np.full(len(bars), side), slippage)
    return found.bar[0], found.price[0], found.filled[0]


@pytest.mark.parametrize(
    ("bar", "side", "price"),
    [
        ((100, 101, 98), 1, 98.0),  # touched
        ((97, 99, 96), 1, 97.0),  # opened beyond the stop
        ((100, 103, 99), 1, 103.0),
        ((105, 106, 104), 1, 105.0),  # opened beyond the target
        ((100, 104, 97), 1, 98.0),  # both: the stop
        ((104, 105, 97), 1, 98.0),  # both, and opened beyond the target: still the stop
        ((100, 102, 99), -1, 102.0),
        ((103, 104, 101), -1, 103.0),
        ((100, 101, 97), -1, 97.0),
        ((96, 97, 95), -1, 96.0),
        ((100, 103, 96), -1, 102.0),
    ],
)
def test_prices_by_hand(bar, side, price):
    quiet = (100, 101, 99)
    assert exit_of(BOTH, quiet, bar, side=side) == (3, pytest.approx(price), pytest.approx(price))
    assert exit_of(BOTH, bar, side=side)[0] == 2


def test_a_stop_slips_inside_its_bar_and_a_target_not_beyond_its_price():
    # entered at 100 x 1.001 = 100.1: the stop is 98.098, the target 103.103
    made = exit_of(BOTH, (100, 100, 97), slippage=0.001)
    assert made == (2, pytest.approx(98.098), pytest.approx(98.098 * 0.999))
    made = exit_of(BOTH, (100, 100, 98.05), slippage=0.001)
    assert made == (2, pytest.approx(98.098), 98.05)
    made = exit_of(BOTH, (100, 104, 100), slippage=0.001)
    assert made == (2, pytest.approx(103.103), pytest.approx(103.103))
    made = exit_of(BOTH, (110, 112, 108), slippage=0.001)
    assert made == (2, 110.0, pytest.approx(110 * 0.999))


def test_nothing_is_met_without_a_level_a_side_or_a_bar():
    assert exit_of(BOTH, (100, 102, 99))[0] == 3  # n_bars
    assert np.isnan(exit_of(BOTH, (100, 102, 99))[1:]).all()
    assert exit_of(Levels(target=Distance(0.03)), (100, 102, 1))[0] == 3
    assert exit_of(BOTH, (100, 110, 1), side=0)[0] == 3
    assert BOTH.exits(bars_of((100, 110, 90)), np.array([1])).bar.tolist() == [1]


def test_atr_is_that_of_the_bar_of_the_entry():
    levels = Levels(Distance(units=2.0), atr=np.array([9.0, 1.0, 9.0]))
    assert exit_of(levels, (100, 101, 98)) == (2, 98.0, 98.0)
    assert Levels(Distance(0.1), atr=np.array([np.nan, 1.0])).ready.tolist() == [False, True]


@given(st.integers(0, 10_000), st.integers(1, 70), st.floats(0.0, 4.0))
def test_the_first_touch_is_that_of_a_walk(seed, count, wide):
    rng = np.random.default_rng(seed)
    middle = np.cumsum(rng.normal(0, 1, count))
    low, high = middle - rng.random(count), middle + rng.random(count)
    start = rng.integers(0, count + 2, 20)
    lower, upper = -wide * rng.random(20), wide * rng.random(20)
    found = first_touch(low, high, lower, upper, start)
    for at, down, up, bar in zip(start, lower, upper, found, strict=True):
        touches = [b for b in range(at, count) if low[b] <= down or high[b] >= up]
        assert bar == (touches[0] if touches else count)


def walked(state, agrees, hold_bars, bar):
    """(signal, side, exit_bar, inside) of each trip, by the rule as it is written."""
    trips, position, last, stopped, count = [], 0, 0, 0, len(state)
    for now in range(count):
        if position and bar[trips[-1][0]] == now and trips[-1][2] == NEVER:
            trips[-1][2:] = [now, True]
            stopped, position = position, 0
        if now == count - 1:
            break  # no order of the last bar is filled
        if state[now] != stopped:
            stopped = 0
        if position == 0:
            if state[now] and agrees[now] and state[now] != stopped:
                position, last = state[now], now
                trips.append([now, position, NEVER, False])
            continue
        if agrees[now] and state[now] == position:
            last = now
        if state[now] != position or now - last >= hold_bars:
            trips[-1][2] = now + 1
            position = 0
    return [tuple(trip) for trip in trips]


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(1, 9), st.booleans()), max_size=30),
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.floats(0, 1),
    st.floats(1.0, 20.0),
)
def test_it_is_the_rule_walked_bar_by_bar(episodes, seed, hold_bars, share, wait):
    state = np.array([s for s, length, short in episodes for _ in range(1 if short else length)])
    rng, count = np.random.default_rng(seed), len(state)
    agrees = rng.random(count) < share
    bar = np.minimum(np.arange(count) + 1 + rng.geometric(1 / wait, count), count)
    exits = LevelExits(bar, bar * 1.0, bar * 1.0)
    trips = renewed_to_levels(state, agrees, hold_bars, exits)
    found = [(*row, inside) for row, inside in zip(rows(trips), trips.inside, strict=True)]
    assert found == walked(state, agrees, hold_bars, bar.tolist())
    never = LevelExits(np.full(count, count), bar * 1.0, bar * 1.0)
    assert rows(renewed_to_levels(state, agrees, hold_bars, never)) == rows(
        renewed(state, agrees, hold_bars)
    )


def test_figures_are_those_of_a_walk_over_the_bars():
    (bars, state), costs = walk(600), Costs(0.001, 0.0, 0.9)
    side = np.nan_to_num(state).astype(int)
    levels = Levels(Distance(0.004), Distance(0.006))
    exits = levels.exits(bars, side)
    pair = ChainPair.of_chains(
        Episodes.of(side[:-1]), (AgreementChain(0.1, 0.2, 4), AgreementChain(0.3, 0.3, 4))
    )
    runs = Runs(bars, costs, pair, exits)
    (drawn,) = drawn_trips(pair, 20, 3, exits)
    figures = runs.figures(drawn)
    assert 0.1 < drawn.trips.inside.mean() < 0.9
    for draw in range(20):
        trips = drawn.trips[drawn.draw == draw]
        gained, held, net, paid = np.zeros(600), np.zeros(600), [], np.zeros(600)
        columns = (trips.signal, trips.side, trips.exit_bar, trips.inside)
        for signal, own, left, inside in zip(*columns, strict=True):
            stop = 600 if left < 0 else left + inside
            held[signal + 1 : stop] = own
            gained[signal + 1 : stop] = own * runs.moves[signal + 1 : stop]
            entry, exit = bars.open[signal + 1], bars.open[left]
            if inside:
                exit = exits.price[signal]
                gained[left] = own * (exit / bars.open[left] - 1)
            paid[signal + 1] += 0.001
            if left >= 0:
                net.append(own * (exit / entry - 1) - 0.001 * (1 + exit / entry))
                paid[stop - 1] += 0.001
        chosen = gained.copy()
        for row, own in enumerate((1, -1)):
            mean = pair.position[row]
            chosen -= (held == own).sum() / np.abs(mean).sum() * mean * runs.moves
        assert figures.score[draw] == pytest.approx(chosen.sum() / np.sqrt((chosen**2).sum()))
        assert figures.expectancy[draw] == pytest.approx(np.mean(net))
        assert figures.exposure[draw] == pytest.approx((held != 0).mean())
        account = runs.per_bar(trips)
        np.testing.assert_allclose(account, 0.9 * (gained - paid), atol=1e-15)
        assert figures.sharpe[draw] == pytest.approx(account.mean() / account.std(ddof=1))


@pytest.mark.slow
def test_a_target_is_not_a_choice_where_prices_return():
    above, above_plain, entries = [], [], []
    for seed in range(30):
        bars = market("returning", 800, seed)
        state = np.sign(bars.close - np.append(np.full(20, 100), bars.close[:-20])).astype(int)
        exits = Levels(target=Distance(0.006)).exits(bars, state)
        agrees = spells(800, seed, 0.4)
        like = renewed(state, agrees)
        trips = renewed_to_levels(state, agrees, 5, exits)
        found = random_agreement(bars, state, trips, 5, Costs(), 99, seed, like=like, exits=exits)
        plain = random_agreement(bars, state, like, 5, Costs(), 99, seed)
        above.append(found.real.score[0] - found.drawn.score.mean())
        above_plain.append(found.real.score[0] - plain.drawn.score.mean())
        entries.append(found.drawn.entries.mean() / len(trips.signal))
    # The mean of 30 scores of unit variance has a deviation of 0.18
    assert abs(np.mean(above)) < 0.5 < np.mean(above_plain)
    assert np.mean(entries) == pytest.approx(1, abs=0.1)
