"""Choosing the best of several: by hand, by enumeration, against purgedcv, by simulation."""

from itertools import combinations

import numpy as np
import pytest
from arch.bootstrap import SPA
from purgedcv import probability_of_backtest_overfitting

from bt_fusion.errors import OptionError
from bt_fusion.statistics.bootstrap import block_length
from bt_fusion.statistics.selection_bias import overfitting_probability, superior_predictive_ability


def blocks_of(*means):
    """Bars of deviation 1 in blocks of four, one row of block means a variant."""
    bars = np.tile([1.0, -1.0, 1.0, -1.0], 4)
    return np.stack([np.repeat(row, 4) + bars for row in means], axis=1)


def test_overfitting_by_hand():
    # A has block means 3 0 3 -2, B always 1: within two blocks the Sharpe ratios go like
    #   blocks   1,2   1,3   1,4   2,3   2,4   3,4
    #   A        0.78  2.81  0.17  0.78 -0.66  0.17
    #   B        0.94 everywhere
    # A is best in 1,3 alone, and -0.66 in 2,4 is below B; in the other five B is best, which is
    # below A only in 1,3, after 2,4 was in-sample
    returns = blocks_of([3.0, 0.0, 3.0, -2.0], [1.0, 1.0, 1.0, 1.0])
    assert overfitting_probability(returns, 4) == 2 / 6


def test_overfitting_by_enumeration():
    rng = np.random.default_rng(1)
    returns = blocks_of(*rng.normal(size=(3, 4)))
    last = 0
    for first in combinations(range(4), 2):
        inside = np.isin(np.repeat(np.arange(4), 4), first)
        ratios = [
            returns[rows].mean(axis=0) / returns[rows].std(axis=0, ddof=1)
            for rows in (inside, ~inside)
        ]
        last += ratios[1].argmin() == ratios[0].argmax()
    assert 0 < last < 6
    assert overfitting_probability(returns, 4) == last / 6


def test_a_variant_that_is_always_best_is_not_overfitted():
    rng = np.random.default_rng(0)
    returns = rng.normal(size=(400, 5)) * 0.01
    returns[:, 2] += 0.02
    assert overfitting_probability(returns, 8) == 0.0


def test_what_is_best_in_one_half_and_worst_in_the_other_is_overfitted():
    # two halves: a wins the first, loses the second; b the other way round
    steps = np.tile([0.01, -0.01], 20)
    up, down = np.repeat([0.005, -0.005], 20), np.repeat([-0.005, 0.005], 20)
    assert overfitting_probability(np.stack([up + steps, down + steps], axis=1), 2) == 1.0


@pytest.mark.parametrize(("bars", "variants", "blocks"), [(200, 4, 8), (203, 7, 6), (37, 2, 10)])
def test_agrees_with_purgedcv(bars, variants, blocks):
    rng = np.random.default_rng(bars)
    returns = rng.standard_t(3, size=(bars, variants)) * 0.01 + rng.normal(0, 0.002, variants)
    returns[:, 0] = 0.0  # never trades
    theirs = probability_of_backtest_overfitting(returns.T, blocks)
    assert overfitting_probability(returns, blocks) == theirs.pbo


def test_without_skill_it_is_about_one_half():
    rng = np.random.default_rng(4)
    found = [overfitting_probability(rng.normal(size=(320, 10)), 8) for _ in range(150)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_overfitting_refuses_what_it_cannot_use():
    returns = np.random.default_rng(0).normal(size=(20, 3))
    for blocks in (3, 0, 22):
        with pytest.raises(OptionError, match=f"{blocks} blocks of 20 bars"):
            overfitting_probability(returns, blocks)
    for wrong in (returns[:, :1], returns[:, 0], np.where(returns > 1, np.nan, returns)):
        with pytest.raises(OptionError, match="2 or more variants"):
            overfitting_probability(wrong, 4)


def test_superior_predictive_ability_finds_the_one_that_is_better():
    rng = np.random.default_rng(5)
    benchmark = rng.normal(0, 0.01, 500)
    variants = benchmark[:, None] + rng.normal(0, 0.01, (500, 6))
    chance = superior_predictive_ability(benchmark, variants, draws=300)
    variants[:, 3] += 0.002
    assert superior_predictive_ability(benchmark, variants, draws=300) < 0.01 < 0.1 < chance


@pytest.mark.slow
def test_superior_predictive_ability_holds_its_size():
    rng = np.random.default_rng(6)
    found = []
    for seed in range(150):
        variants = rng.normal(0, 0.01, (150, 4))
        found.append(superior_predictive_ability(np.zeros(150), variants, draws=100, seed=seed))
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.075)


def test_superior_predictive_ability_without_any_difference():
    benchmark = np.random.default_rng(7).normal(size=50)
    assert superior_predictive_ability(benchmark, np.stack([benchmark] * 2, axis=1)) is None
    no_bars = np.empty((0, 2))
    assert superior_predictive_ability(no_bars[:, 0], no_bars) is None
    with pytest.raises(OptionError, match=r"shape \(49,\)"):
        superior_predictive_ability(benchmark[1:], np.zeros((50, 2)))


def test_many_bars_are_tested_as_means_of_neighbours(monkeypatch):
    rng = np.random.default_rng(8)
    benchmark = rng.normal(0, 0.01, 607)
    variants = benchmark[:, None] + rng.normal(0.0004, 0.01, (607, 3))
    every = superior_predictive_ability(benchmark, variants, draws=500)
    monkeypatch.setattr(
        "bt_fusion.statistics.selection_bias.MOST_ROWS", 250
    )  # three together, one left out
    means = (variants - benchmark[:, None])[1:].reshape(202, 3, 3).mean(axis=1)
    some = superior_predictive_ability(benchmark, variants, draws=500)
    assert some == superior_predictive_ability(np.zeros(202), means, draws=500)
    assert some == pytest.approx(every, abs=0.1)


@pytest.mark.parametrize(("bars", "variants", "memory"), [(300, 5, 0.0), (411, 130, 0.6)])
def test_superior_predictive_ability_is_that_of_arch(bars, variants, memory):
    rng = np.random.default_rng(bars)
    noise = rng.normal(0, 0.01, (bars, variants))
    for bar in range(1, bars):
        noise[bar] += memory * noise[bar - 1]
    gained = noise + rng.normal(-0.0008, 0.0008, variants)
    length = max(1, round(block_length(gained[:, gained.mean(axis=0).argmax()])))
    theirs = SPA(np.zeros(bars), -gained, block_size=length, reps=400, seed=3)
    theirs.compute()
    ours = superior_predictive_ability(np.zeros(bars), gained, draws=400, seed=3)
    assert ours == theirs.pvalues["consistent"]
    assert 0 < ours < theirs.pvalues["upper"] < 1  # the centring of poor variants is at work
