"""Matched chance under the renewing exit, by hand and by brute force."""

import re

import numpy as np
import pytest
from scipy.special import ndtr

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.verdict.placebos.agreement_chain import AgreementChain
from bt_fusion.verdict.placebos.agreement_draws import DrawnTrips, drawn_trips
from bt_fusion.verdict.placebos.chain_pair import ChainPair
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.random_agreement import Runs, random_agreement
from bt_fusion.verdict.placebos.replay import RoundTrips, renewed
from bt_fusion.verdict.placebos.trades import Trades, trade_paths
from tests.strategies.test_fusion import steps

COSTS = Costs(0.001, 0.0, 0.9)


def market(count=1_500, seed=0):
    """A random walk and the state of its last twenty bars."""
    bars = BarArrays.of(random_walk(count, seed))
    state = np.sign(bars.close - np.append(np.full(20, np.nan), bars.close[:-20]))
    return bars, state


def spells(count, seed, share=0.3, length=6):
    """Agreement in spells, knowing nothing."""
    rng = np.random.default_rng([seed, 1])
    return np.repeat(rng.random(count // length + 1) < share, length)[:count]


def test_figures_are_those_of_a_walk_over_the_bars():
    bars, state = market(400)
    pair = ChainPair.of_chains(
        Episodes.of(np.nan_to_num(state[:-1]).astype(int)),
        (AgreementChain(0.1, 0.2, 4), AgreementChain(0.3, 0.3, 4)),
    )
    runs = Runs(bars, COSTS, pair)
    (drawn,) = drawn_trips(pair, 20, seed=3)
    figures = runs.figures(drawn)
    for draw in range(20):
        rows = drawn.draw == draw
        trips = RoundTrips(*(getattr(drawn.trips, n)[rows] for n in ("signal", "side", "exit_bar")))
        position = np.zeros(400)
        for start, stop, side in zip(*trips.spans(400), trips.side, strict=True):
            position[start:stop] = side
        chosen = position.copy()
        for row, side in enumerate((1, -1)):
            mean = pair.position[row]
            chosen -= (position == side).sum() / np.abs(mean).sum() * mean
        gains = chosen * runs.moves
        assert figures.score[draw] == pytest.approx(gains.sum() / np.sqrt((gains**2).sum()))
        net = trips.returns(bars.open, COSTS.commission)
        net = net[np.isfinite(net)]
        assert figures.entries[draw] == len(trips.side)
        assert figures.expectancy[draw] == pytest.approx(net.mean())
        assert figures.win_rate[draw] == pytest.approx((net > 0).mean())
        factor = net[net > 0].sum() / -net[net < 0].sum()
        assert figures.profit_factor[draw] == pytest.approx(factor)
        assert figures.exposure[draw] == pytest.approx((position != 0).mean())
        account = runs.per_bar(trips)
        assert figures.sharpe[draw] == pytest.approx(account.mean() / account.std(ddof=1))
        changed = np.abs(np.diff(position, append=position[-1]))
        entered = np.zeros(400)
        entered[trips.signal + 1] = 1
        paid = entered + (changed > 0) * (position != 0)
        np.testing.assert_allclose(account, 0.9 * (position * runs.moves - 0.001 * paid))


def test_the_score_by_hand():
    # one long episode; moves of bars 1..4: +10 %, -10 %, +20 %, 0. Chance agrees on each bar,
    # held for one: half a position on every bar from 1 on
    bars = BarArrays.of(steps([100, 110, 99, 118.8, 118.8]))
    chains = AgreementChain(0.5, 0.5, 1), AgreementChain(0.0, 1.0, 1)
    pair = ChainPair.of_chains(Episodes.of(np.ones(4, dtype=int)), chains)
    assert pair.position.tolist() == [[0, 0.5, 0.5, 0.5, 0.5], [0] * 5]
    run = RoundTrips(np.array([0]), np.array([1]), np.array([2]))
    figures = Runs(bars, Costs(0, 0, 1), pair).of(run)
    # one bar held: a half of the mean draw, which holds two
    gains = np.array([(1 - 0.25) * 0.10, -0.25 * -0.10, -0.25 * 0.20])
    assert figures.score[0] == pytest.approx(gains.sum() / np.sqrt((gains**2).sum()))
    assert figures.expectancy[0] == pytest.approx(0.10)
    assert figures.profit[0] == pytest.approx(0.10)
    assert figures.exposure[0] == pytest.approx(1 / 5)
    assert figures.win_rate[0] == 1.0
    assert np.isnan(figures.profit_factor[0])  # nothing was lost


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_draws_enter_and_hold_as_much_on_each_side(share):
    bars, state = market(4_000)
    noise = np.random.default_rng(1).standard_normal(4_000)
    lasting = np.convolve(noise, np.ones(4), "same")
    trips = renewed(state, lasting > np.quantile(lasting, 1 - share))
    placebo = random_agreement(bars, state, trips, draws=1_000)
    assert placebo.misfit < 1e-6
    assert placebo.drawn.entries.mean() == pytest.approx(len(trips.side), rel=0.01)
    assert placebo.drawn.exposure.mean() == pytest.approx(placebo.real.exposure[0], rel=0.01)
    assert abs(placebo.drawn.score.mean()) < 0.15
    assert placebo.drawn.score.std() == pytest.approx(1.0, abs=0.1)


def test_the_edge_is_what_lies_above_the_mean_draw():
    bars, state = market(300)
    trips = renewed(state, spells(300, 2))
    placebo = random_agreement(bars, state, trips, 5, COSTS, draws=10)
    entries, held = (np.array([(trips.side == s).sum() for s in (1, -1)]), np.zeros(2))
    start, stop = trips.spans(300)
    for row, side in enumerate((1, -1)):
        held[row] = (stop - start)[trips.side == side].sum()
    pair = ChainPair.matching(state, entries, held, 5)
    runs = Runs(bars, COSTS, pair)
    mean = np.zeros(300)
    for block in drawn_trips(pair, 4_000, seed=1):
        for draw in range(block.draws):
            rows = block.draw == draw
            columns = (getattr(block.trips, n)[rows] for n in ("signal", "side", "exit_bar"))
            mean += runs.per_bar(RoundTrips(*columns)) / 4_000
    np.testing.assert_allclose(placebo.per_bar, runs.per_bar(trips) - mean, atol=4e-4)


def test_seeds_give_the_same_draws_again():
    bars, state = market(500)
    trips = renewed(state, spells(500, 3))
    first, again, other = (
        random_agreement(bars, state, trips, draws=120, seed=s) for s in (1, 1, 2)
    )
    assert first.drawn.score.tolist() == again.drawn.score.tolist()
    assert first.drawn.score.tolist() != other.drawn.score.tolist()
    assert len(first) == 120


def test_who_foresees_is_found_and_who_errs_too():
    bars, state = market(3_000)
    ahead = np.append(bars.open[7:] / bars.open[1:-6] - 1, np.zeros(7))
    good = np.nan_to_num(state) * ahead > 0
    best = random_agreement(bars, state, renewed(state, good), draws=199)
    assert best.p_value == 1 / 200
    assert best.p_against == 1.0
    worst = random_agreement(bars, state, renewed(state, ~good), draws=199)
    assert worst.p_against == 1 / 200
    # few draws say less than the normal tail, many never more than it
    assert best.p_value >= ndtr(-best.real.score[0])


def test_whoever_vetoes_nothing_or_everything_scores_nothing():
    bars, state = market(500)
    for agrees in (np.ones(500, dtype=bool), np.zeros(500, dtype=bool)):
        placebo = random_agreement(bars, state, renewed(state, agrees), draws=50)
        assert placebo.real.score.tolist() == [0.0]
        assert not placebo.drawn.score.any()
        assert placebo.p_value == placebo.p_against == 1.0
        assert set(placebo.drawn.entries) == {placebo.real.entries[0]}


def test_paths_of_the_same_fills_give_the_same_figures():
    bars, state = market(800)
    agrees = spells(800, 5)
    agrees[-20:] = False
    trips = renewed(state, agrees)
    assert trips.exit_bar[-1] >= 0  # none is open, which paths would leave out
    entry, left = trips.signal + 1, trips.exit_bar
    bought, sold = bars.open[entry], bars.open[left]
    paths = Trades(
        kind=trips.side.tolist(),
        entry=entry,
        exit=left,
        net=trips.returns(bars.open, 0.0),
        share=np.full(len(entry), 0.9),
        path=trade_paths(bars.open, entry, left, bought, sold, 0.9 * trips.side),
    )
    # a rule's position is worth the same on every bar, a fill's grows with its price
    rule, fills = (
        random_agreement(bars, state, trips, 5, Costs(0, 0, 0.9), 50, paths=each)
        for each in (None, paths)
    )
    for name in ("entries", "expectancy", "win_rate", "profit_factor", "exposure"):
        assert getattr(fills.real, name)[0] == pytest.approx(getattr(rule.real, name)[0])
    assert fills.real.score[0] == pytest.approx(rule.real.score[0], abs=0.05)
    assert fills.real.sharpe[0] == pytest.approx(rule.real.sharpe[0], abs=0.003)
    np.testing.assert_allclose(fills.drawn.score, rule.drawn.score)


def test_periodic_agreement_is_a_misfit():
    bars, state = market(3_000)
    agrees = np.arange(3_000) % 7 == 0  # one bar flat between two positions, as regular as a clock
    placebo = random_agreement(bars, state, renewed(state, agrees, 6), 6, draws=20)
    assert placebo.misfit > 0.1
    assert re.fullmatch(r"\d+ (long|short) trades, ML-on \d+", placebo.worst_fit)


@pytest.mark.slow
def test_the_size_is_right_also_for_bunched_agreement():
    p_values = []
    for seed in range(60):
        bars, state = market(600, seed)
        trips = renewed(state, spells(600, seed, length=20))
        p_values.append(random_agreement(bars, state, trips, draws=99, seed=seed).p_value)
    # 6 expected in each tail, with a spread of 2.3; the larger of two tails makes it fewer
    assert 1 <= (np.array(p_values) <= 0.1).sum() <= 14
    assert 1 <= (np.array(p_values) > 0.9).sum() <= 16


def test_draws_without_trips_have_figures():
    bars = market(300)[0]
    pair = ChainPair.of_chains(
        Episodes.of(np.ones(299, dtype=int)), (AgreementChain(0.001, 0.999, 3),) * 2
    )
    empty = np.empty(0, dtype=np.int64)
    figures = Runs(bars, COSTS, pair).figures(
        DrawnTrips(empty, RoundTrips(empty, empty, empty), draws=2)
    )
    assert figures.entries.tolist() == [0, 0]
    assert figures.profit.tolist() == [0.0, 0.0]
    assert np.isnan(figures.sharpe).all()
