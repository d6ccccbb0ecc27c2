"""Random subsets of trades, by hand."""

import numpy as np
import pytest

from bt_fusion.subsets import Pool, Trades, random_subsets


def trades(entry, gross, kind=None, cost=0.0, share=1.0):
    entry, gross = np.array(entry, int), np.array(gross, float)
    return Trades(
        kind=kind or ["long"] * len(entry),
        entry=entry,
        exit=entry + 1,
        gross=gross,
        net=gross - cost,
        share=np.full(len(entry), share),
    )


OFF = trades([0, 2, 4, 6], [0.1, -0.1, 0.2, 0.0], ["long", "short", "long", "long"], cost=0.01)


def test_the_pool_keeps_kinds_apart_and_knows_what_ml_on_shares():
    on = trades([0, 2, 5], [0.1, -0.1, 0.3], ["long", "short", "long"])
    pool = Pool.of(OFF, on)
    assert pool.kept.tolist() == [1, 1, 0, 0]
    assert pool.own.tolist() == [2]
    assert pool.expected.tolist() == pytest.approx([2 / 3, 1, 2 / 3, 2 / 3])
    rng = np.random.default_rng(0)
    drawn = pool.draw(rng, 3_000)
    assert not drawn[:, 4].any()  # nor does chance take what only ML-on made
    taken = drawn[:, :4]
    assert set(taken[:, 1]) == {1.0}  # the only short trade
    assert set(taken[:, [0, 2, 3]].sum(axis=1)) == {2.0}
    np.testing.assert_allclose(taken.mean(axis=0), pool.expected, atol=0.05)
    assert taken.max() == 2.0  # the trade at another bar is drawn with replacement


def test_the_same_trade_twice_is_two_trades():
    twice = trades([3, 3], [0.1, 0.2])
    assert twice.numbered() == [("long", 3, 0), ("long", 3, 1)]


def test_score_and_edge_by_hand():
    on = trades([0, 4], [0.1, 0.2], cost=0.01)
    placebo = random_subsets(OFF, on, 8, draws=400)
    # long gains 0.1, 0.2, 0.0 with mean 0.1; ML took the first two of three
    surprise = np.array([1 / 3, 1 / 3, -2 / 3]) * np.array([0.0, 0.1, -0.1])
    score = surprise.sum() / np.sqrt((surprise**2).sum())
    assert placebo.real.score[0] == pytest.approx(score)
    assert placebo.real.entries.tolist() == [2]
    assert placebo.real.expectancy[0] == pytest.approx(0.14)
    assert placebo.real.profit[0] == pytest.approx(1.09 * 1.19 - 1)
    edge = np.zeros(8)
    edge[1], edge[5], edge[7] = 0.09 / 3, 0.19 / 3, -2 / 3 * -0.01
    np.testing.assert_allclose(placebo.per_bar, edge, atol=1e-12)
    # one pair of three long trades does as well as ML's: its own
    assert placebo.p_value == pytest.approx(1 / 3, abs=0.08)


def test_trades_of_one_bar_count_as_one_surprise():
    """Two symbols that move as one are no more evidence than one."""
    rng = np.random.default_rng(1)
    gross = rng.normal(0, 0.01, 40)
    entry = np.arange(40)
    single = random_subsets(trades(entry, gross), trades(entry[::3], gross[::3]), 50, 10)
    off = trades(np.tile(entry, 2), np.tile(gross, 2), ["a"] * 40 + ["b"] * 40)
    on = trades(np.tile(entry[::3], 2), np.tile(gross[::3], 2), ["a"] * 14 + ["b"] * 14)
    both = random_subsets(off, on, 50, 10)
    assert both.real.score[0] == pytest.approx(single.real.score[0])


def test_all_trades_elsewhere_are_held_against_their_own_noise():
    """ML-on that retimes every entry: a whole subset would say that nothing can vary."""
    p_values = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        off = trades(np.arange(0, 80, 2), rng.normal(0, 0.01, 40))
        on = trades(np.arange(1, 81, 2), rng.normal(0, 0.01, 40))
        p_values.append(random_subsets(off, on, 90, 49, seed).p_value)
    # 20 expected, with a spread of 4.2
    assert 7 <= (np.array(p_values) <= 0.1).sum() <= 33


def test_blocks_of_draws_are_the_same_draws(monkeypatch):
    on = trades([0, 5], [0.1, 0.3])
    whole = random_subsets(OFF, on, 8, draws=7, seed=2).drawn
    monkeypatch.setattr("bt_fusion.subsets.CELLS", 12)  # two draws of five trades at a time
    parts = random_subsets(OFF, on, 8, draws=7, seed=2).drawn
    for name in ("entries", "score", "expectancy", "profit"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_without_trades_nothing_is_scored():
    none = trades([], [], [])
    assert random_subsets(none, none, 5, 20).p_value == 1.0
    placebo = random_subsets(none, trades([1], [0.5]), 5, 20)
    assert placebo.real.score.tolist() == [0.0]
    assert random_subsets(OFF, none, 8, 20).real.score.tolist() == [0.0]
