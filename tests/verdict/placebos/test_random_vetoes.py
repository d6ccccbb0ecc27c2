"""Random vetoes: rates, draws, score and size, by hand and by brute force."""

from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.verdict.placebos.entry_outcomes import Costs, Outcomes
from bt_fusion.verdict.placebos.random_vetoes import Accounts, random_vetoes
from bt_fusion.verdict.placebos.replay import ExitRule, RoundTrips, replay
from bt_fusion.verdict.placebos.veto_probability import VetoProbability, entry_probability
from tests.strategies.test_fusion import steps


def market(count=1_500, seed=0):
    """A random walk and the state of its last ten bars."""
    bars = BarArrays.of(random_walk(count, seed))
    state = np.sign(bars.close - np.append(np.full(10, np.nan), bars.close[:-10]))
    return bars, state


def thinned(state, seed, share=0.3, spell=8):
    """A signal that agrees with the state in spells, knowing nothing."""
    rng = np.random.default_rng(seed)
    agrees = np.repeat(rng.random(len(state) // spell + 1) < share, spell)[: len(state)]
    return np.nan_to_num(state) * agrees


def test_entry_probability_is_the_mean_of_all_outcomes():
    rate = np.array([0.5, 0.2, 0.0, 0.9, 0.3, 0.6])
    left = np.array([3, 3, 4, -1, 5, -1])
    expected = np.zeros(6)
    for agrees in np.ndindex(*[2] * 6):
        taken = np.array(agrees)
        chance = np.prod(np.where(taken, rate, 1 - rate))
        bar = 0
        while 0 <= bar < 6:
            expected[bar] += chance * taken[bar]
            bar = left[bar] if taken[bar] else bar + 1
    np.testing.assert_allclose(entry_probability(rate, left), expected)


@pytest.mark.parametrize("exit", ["horizon", "flip", "both"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_the_veto_enters_as_often_on_each_side(exit, share):
    bars, state = market()
    trips = replay(thinned(state, 1, share), state, ExitRule(5, exit))
    long, short = int((trips.side > 0).sum()), int((trips.side < 0).sum())
    outcomes = Outcomes.of(bars, state, ExitRule(5, exit))
    veto = VetoProbability.matching(outcomes, long, short)
    assert veto.entered[outcomes.side > 0].sum() == pytest.approx(long, abs=0.05)
    assert veto.entered[outcomes.side < 0].sum() == pytest.approx(short, abs=0.05)


def test_a_veto_of_more_entries_than_there_are_vetoes_nothing():
    bars, state = market(300)
    outcomes = Outcomes.of(bars, state)
    veto = VetoProbability.matching(outcomes, 1_000, 0)
    assert set(veto.rate[outcomes.side > 0]) == {1.0}
    assert set(veto.rate[outcomes.side < 0]) == {0.0}
    off = replay(np.maximum(np.nan_to_num(state), 0), state)
    np.testing.assert_array_equal(np.flatnonzero(veto.entered > 0.999), off.signal)


def test_where_ml_vetoes_nothing_of_a_side_no_draw_does():
    bars, state = market()
    rule = ExitRule(5)
    trips = replay(np.where(state > 0, state, 0.0), state, rule)  # every long, no short
    outcomes = Outcomes.of(bars, state, rule)
    veto = VetoProbability.matching(outcomes, len(trips.signal), 0)
    assert set(veto.rate[outcomes.side > 0]) == {1.0}
    placebo = random_vetoes(outcomes, trips, 200)
    assert (placebo.drawn.entries == len(trips.signal)).all() and len(trips.signal) > 50
    assert placebo.p_value == 1.0  # the draws are the run itself
    np.testing.assert_allclose(placebo.drawn.profit, placebo.real.profit[0])


def test_a_wait_ends_at_the_first_certain_bar():
    rate = np.array([0.0, 0.5, 0.0, 1.0, 0.5, 1.0])
    outcomes = Outcomes(*np.ones((5, 6)), np.ones(6), 1.0, Costs())
    outcomes = replace(outcomes, exit_bar=np.array([-1, 4, -1, 4, 5, -1]))
    taken = np.zeros((2_000, 6), dtype=bool)
    for who, at in VetoProbability(outcomes, rate, rate).draw(2_000):
        taken[who, at] = True
    assert (taken[:, 3] == ~taken[:, 1]).all() and taken[:, 5].all()
    assert 0.45 < taken[:, 1].mean() < 0.55 and 0.45 < taken[:, 4].mean() < 0.55


def drawn_entries(veto, draws, seed=0):
    entries = [[] for _ in range(draws)]
    for who, at in veto.draw(draws, seed):
        for draw, bar in zip(who, at, strict=True):
            entries[draw].append(int(bar))
    return entries


def test_draws_follow_the_rule_and_its_probabilities():
    bars, state = market(400)
    outcomes = Outcomes.of(bars, state)
    veto = VetoProbability.matching(outcomes, 12, 9)
    entries = drawn_entries(veto, 4_000)
    often = np.bincount(np.concatenate(entries), minlength=400) / 4_000
    error = np.sqrt(veto.entered * (1 - veto.entered) / 4_000)
    assert (np.abs(often - veto.entered) <= 5 * error).all()
    for one in entries[:50]:
        signal = np.zeros(400)
        signal[one] = outcomes.side[one]
        trips = replay(signal, state)  # a replay of a draw's signals is the draw
        assert trips.signal.tolist() == one
    assert drawn_entries(veto, 20, seed=3) == drawn_entries(veto, 20, seed=3)


def test_score_by_hand():
    # one bar trades; moves of bars 1..4: +10 %, -10 %, +20 %, 0; both states up
    bars = BarArrays.of(steps([100, 110, 99, 118.8, 118.8, 118.8]))
    outcomes = Outcomes.of(bars, np.ones(6), ExitRule(1), Costs(0, 0, 1))
    rate = np.array([0.5, 0.0, 1.0, 0.0, 0.0, 0.0])
    veto = VetoProbability(outcomes, rate, entry_probability(rate, outcomes.exit_bar))
    assert veto.entered.tolist() == [0.5, 0, 1, 0, 0, 0]
    # the mean draw makes 1.5 entries; a run of one is held against two thirds of it:
    # positions 1/3 and 2/3 in bars 1 and 3
    figures = Accounts(veto).of(RoundTrips(np.array([0]), np.array([1]), np.array([2])))
    gains = np.array([(1 - 1 / 3) * 0.10, -2 / 3 * 0.20])
    assert figures.score[0] == pytest.approx(gains.sum() / np.sqrt((gains**2).sum()))
    assert figures.entries.tolist() == [1]
    assert figures.expectancy[0] == pytest.approx(0.10)
    assert figures.profit[0] == pytest.approx(0.10)


@pytest.mark.parametrize("exit", ["horizon", "flip"])
def test_figures_are_those_of_the_run_itself(exit):
    bars, state = market(500)
    rule, costs = ExitRule(3, exit), Costs(0.001, 0.0, 0.9)
    outcomes = Outcomes.of(bars, state, rule, costs)
    trips = replay(thinned(state, 4), state, rule)
    long, short = (int((trips.side == side).sum()) for side in (1, -1))
    veto = VetoProbability.matching(outcomes, long, short)
    figures = Accounts(veto).of(trips)
    net = trips.returns(bars.open, 0.001)
    net = net[np.isfinite(net)]
    account = outcomes.per_bar(outcomes.entries_of(trips))
    position = outcomes.exposure(outcomes.entries_of(trips))
    assert figures.win_rate[0] == pytest.approx((net > 0).mean())
    assert figures.profit_factor[0] == pytest.approx(net[net > 0].sum() / -net[net < 0].sum())
    assert figures.sharpe[0] == pytest.approx(account.mean() / account.std(ddof=1))
    assert figures.exposure[0] == pytest.approx((position != 0).mean())
    means = [outcomes.exposure(np.where(outcomes.side == s, veto.entered, 0)) for s in (1, -1)]
    times = [
        count / veto.entered[outcomes.side == s].sum() for count, s in ((long, 1), (short, -1))
    ]
    gains = (position - times[0] * means[0] - times[1] * means[1]) * outcomes.moves
    assert figures.score[0] == pytest.approx(gains.sum() / np.sqrt((gains**2).sum()))


def test_the_edge_is_what_lies_above_the_mean_draw():
    bars, state = market(600)
    outcomes = Outcomes.of(bars, state, costs=Costs(0.001, 0.0, 0.9))
    trips = replay(thinned(state, 4), state)
    placebo = random_vetoes(outcomes, trips, 3_000)
    counts = (int((trips.side == side).sum()) for side in (1, -1))
    veto = VetoProbability.matching(outcomes, *counts)
    mean = np.zeros(600)
    for one in drawn_entries(veto, 3_000):
        mean += outcomes.per_bar(np.bincount(one, minlength=600).astype(float)) / 3_000
    real = outcomes.per_bar(outcomes.entries_of(trips))
    np.testing.assert_allclose(placebo.per_bar, real - mean, atol=4e-4)
    assert placebo.drawn.entries.mean() == pytest.approx(len(trips.signal), abs=0.5)


def test_who_foresees_is_found_and_who_errs_too():
    bars, state = market(2_000)
    outcomes = Outcomes.of(bars, state)
    best = np.nan_to_num(state) * (outcomes.gross > 0)
    worst = np.nan_to_num(state) * (outcomes.gross < 0)
    assert random_vetoes(outcomes, replay(best, state), 200).p_value == 1 / 201
    assert random_vetoes(outcomes, replay(worst, state), 200).p_value == 1.0


def test_whoever_vetoes_nothing_or_everything_scores_nothing():
    bars, state = market(500)
    outcomes = Outcomes.of(bars, state)
    for signal in (state, np.zeros(500)):
        placebo = random_vetoes(outcomes, replay(signal, state), 50)
        assert placebo.real.score.tolist() == [0.0]
        assert not placebo.drawn.score.any()
        assert placebo.p_value == 1.0


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("exit", ["horizon", "flip"])
def test_the_size_is_right_also_for_bunched_entries(exit):
    p_values = []
    for seed in range(60):
        bars, state = market(600, seed)
        trips = replay(thinned(state, seed, spell=20), state, ExitRule(5, exit))
        outcomes = Outcomes.of(bars, state, ExitRule(5, exit))
        p_values.append(random_vetoes(outcomes, trips, 99, seed).p_value)
    # 6 expected in each tail, with a spread of 2.3
    assert 1 <= (np.array(p_values) <= 0.1).sum() <= 14
    assert 1 <= (np.array(p_values) > 0.9).sum() <= 14
