"""Ranks over bars, against loops."""

import numpy as np
import pytest

from bt_fusion.verdict.rank_shifts import (
    PredictedBars,
    RankedBars,
    gains,
    random_shifts,
    running_rank,
    scaled_by_volatility,
)


def predicted(count=120, seed=0, time=None):
    rng = np.random.default_rng(seed)
    opens = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    state = np.repeat(rng.choice([-1, 1, 0, np.nan], count, p=[0.4, 0.4, 0.1, 0.1]), 7)[:count]
    probability = np.where(rng.random(count) < 0.1, np.nan, rng.random(count))
    return PredictedBars(opens, opens[-1] * 1.01, state, probability, time)


def so_far(values, first=20):
    """Rank of each value among those before it, by loops; NaN for the first ones."""
    ranks = []
    for at, value in enumerate(values):
        before = values[:at]
        below, equal = (before < value).sum(), (before == value).sum()
        ranks.append((below + equal / 2) / at - 0.5 if at >= first else np.nan)
    return np.array(ranks)


def looped(market, hold_bars, steps=(0, 0)):
    """Gain of each bar, by loops; ranks of the long and short bars moved by whole steps."""
    count = len(market.opens) - 1
    position = np.zeros(count)
    for side, step in zip((1, -1), steps, strict=True):
        bars = [
            t
            for t in range(count)
            if market.state[t] == side and np.isfinite(market.probability[t])
        ]
        ranks = np.roll(np.nan_to_num(so_far(market.probability[bars])), step)
        for bar, rank in zip(bars, ranks, strict=True):
            for later in range(bar, min(bar + hold_bars, count)):
                position[later] += side * rank
    ends = np.append(market.opens[2:], market.last_close)
    return position * scaled_by_volatility(ends / market.opens[1:] - 1)


@pytest.mark.parametrize("hold_bars", [1, 5])
def test_gains_are_those_of_loops(hold_bars):
    market = predicted()
    ranked = RankedBars.of(market, hold_bars)
    expected = looped(market, hold_bars)
    total, square = gains([ranked])
    assert total[0] == pytest.approx(expected.sum(), rel=1e-4)
    assert square[0] == pytest.approx((expected**2).sum(), rel=1e-4)
    sizes = np.array([ranked.long, len(ranked.bar) - ranked.long])
    steps = np.array([[7, 12], [25, 9]])
    total, square = gains([ranked], steps / sizes)
    for draw in range(2):
        expected = looped(market, hold_bars, steps[draw])
        assert total[draw] == pytest.approx(expected.sum(), rel=1e-4)
        assert square[draw] == pytest.approx((expected**2).sum(), rel=1e-4)


@pytest.mark.parametrize("count", [0, 1, 30, 1_024, 2_500])
def test_running_ranks_are_those_of_loops(count):
    values = np.random.default_rng(0).integers(0, 60, count).astype(float)  # some are equal
    np.testing.assert_allclose(running_rank(values), so_far(values))
    np.testing.assert_allclose(running_rank(values, 3), so_far(values, 3))


def test_ranked_bars_by_hand():
    opens = np.arange(100.0, 150.0)
    state = np.where(np.arange(50) < 24, 1, -1)
    ranked = RankedBars.of(PredictedBars(opens, 150.0, state, np.arange(50) / 50), 5)
    assert ranked.bar.tolist() == list(range(49))  # the last bar's order is never filled
    assert ranked.long == 24
    assert np.flatnonzero(np.isfinite(ranked.rank)).tolist() == [*range(20, 24), *range(44, 49)]
    assert ranked.rank[[20, 48]].tolist() == [0.5, 0.5]  # each is the highest so far
    assert ranked.gross[0] == pytest.approx(106 / 101 - 1)
    assert ranked.gross[30] == pytest.approx(-(136 / 131 - 1))
    assert np.isfinite(ranked.gross).sum() == 44  # bar 43's trade ends at the open of bar 49
    few = np.where(np.arange(50) < 19, 1, -1)
    assert RankedBars.of(PredictedBars(opens, 150.0, few, np.arange(50) / 50), 5).long == 0


def test_volatility_is_known_before_the_return_begins():
    returns = np.array([0.01, -0.02, 0.01, 0.0])
    mean = (returns**2).mean()
    second = 0.94 * mean + 0.06 * 0.01**2
    third = 0.94 * second + 0.06 * 0.02**2
    expected = returns[:3] / np.sqrt([mean, second, third])
    np.testing.assert_allclose(scaled_by_volatility(returns)[:3], expected)
    assert scaled_by_volatility(np.zeros(3)).tolist() == [0.0] * 3
    assert scaled_by_volatility(np.empty(0)).tolist() == []


def test_gains_at_the_same_time_are_added_before_they_are_squared():
    first = predicted(time=np.arange(120))
    total, square = gains([RankedBars.of(first, 5)])
    twice_total, twice_square = gains([RankedBars.of(first, 5)] * 2)
    assert twice_total[0] == pytest.approx(2 * total[0])
    assert twice_square[0] == pytest.approx(4 * square[0])
    later = predicted(time=np.arange(120) + 500)
    apart_total, apart_square = gains([RankedBars.of(first, 5), RankedBars.of(later, 5)])
    assert apart_total[0] == pytest.approx(2 * total[0])
    assert apart_square[0] == pytest.approx(2 * square[0])


def test_distances_are_a_twentieth_of_the_ring_at_least():
    distances = random_shifts((10_000, 2), np.random.default_rng(0))
    assert distances.min() >= 0.05
    assert distances.max() <= 0.95
    assert abs(np.corrcoef(distances.T)[0, 1]) < 0.05
