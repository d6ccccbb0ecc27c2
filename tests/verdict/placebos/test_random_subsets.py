"""Random subsets of trades, by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.verdict.placebos.entry_outcomes import Outcomes
from bt_fusion.verdict.placebos.random_subsets import Pool, random_subsets
from bt_fusion.verdict.placebos.replay import ExitRule, replay
from bt_fusion.verdict.placebos.trades import Trades, trade_paths

BARS = 8


def trades(entry, gross, kind=None, cost=0.0, bars=BARS):
    """Trades of one bar that take the whole account."""
    entry, gross = np.array(entry, int), np.array(gross, float)
    ones = np.ones(len(entry))
    return Trades(
        kind=kind or ["long"] * len(entry),
        entry=entry,
        exit=entry + 1,
        net=gross - cost,
        share=ones,
        path=trade_paths(np.ones(bars), entry, entry, ones, 1 + gross, ones),
    )


OFF = trades([0, 2, 4, 6], [0.1, -0.1, 0.2, 0.0], ["long", "short", "long", "long"], cost=0.01)


def test_paths_spread_a_trade_over_its_bars():
    opens = np.array([10.0, 11.0, 12.0, 9.0, 10.0])
    paths = trade_paths(
        opens,
        entry=np.array([1, 2, 3]),
        exit=np.array([3, 2, 4]),
        entry_price=np.array([11.0, 12.0, 9.0]),
        exit_price=np.array([9.0, 11.4, 10.5]),
        weight=np.array([0.5, -1.0, 1.0]),
    ).toarray()
    expected = np.zeros((3, 5))
    expected[0, 1:3] = 0.5 / 11, -0.5 * 3 / 11
    expected[1, 2] = 0.6 / 12  # a short trade stopped or taken within its first bar
    expected[2, 3:5] = 1 / 9, 0.5 / 9  # left within bar 4
    np.testing.assert_allclose(paths, expected)


def test_the_pool_keeps_kinds_apart_and_knows_what_ml_on_shares():
    on = trades([0, 2, 5], [0.1, -0.1, 0.3], ["long", "short", "long"])
    pool = Pool.of(OFF, on)
    assert pool.kept.tolist() == [1, 1, 0, 0]
    assert pool.own.tolist() == [2]
    assert pool.expected.tolist() == pytest.approx([2 / 3, 1, 2 / 3, 2 / 3])
    drawn = pool.draw(np.random.default_rng(0), 3_000)
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
    placebo = random_subsets(OFF, on, draws=400)
    # ML took the first two of three long trades; chance takes each two times in three
    gained = np.array([0.1 / 3, 0.2 / 3, -2 / 3 * 0.0])
    assert placebo.real.score[0] == pytest.approx(gained.sum() / np.sqrt((gained**2).sum()))
    assert placebo.real.entries.tolist() == [2]
    assert placebo.real.expectancy[0] == pytest.approx(0.14)
    assert placebo.real.profit[0] == pytest.approx(1.09 * 1.19 - 1)
    assert placebo.real.win_rate[0] == 1.0
    assert np.isnan(placebo.real.profit_factor[0])  # nothing was lost
    account = np.array([0.1, -0.01, 0, 0, 0.2, -0.01, 0, 0])
    assert placebo.real.sharpe[0] == pytest.approx(account.mean() / account.std(ddof=1))
    assert placebo.real.exposure[0] == 2 / BARS
    all_of_them = Pool.of(OFF, OFF).figures(np.ones((1, 4)))
    assert all_of_them.win_rate[0] == 0.5
    assert all_of_them.profit_factor[0] == pytest.approx((0.09 + 0.19) / (0.11 + 0.01))
    edge = np.zeros(BARS)
    edge[[0, 4]] = gained[:2]
    edge[[1, 5, 7]] = -0.01 / 3, -0.01 / 3, 2 / 3 * 0.01  # costs, at the exits
    np.testing.assert_allclose(placebo.per_bar, edge, atol=1e-12)
    # one pair of three long trades does as well as ML's: its own
    assert placebo.p_value == pytest.approx(1 / 3, abs=0.08)


@pytest.mark.parametrize("longest", [2, 40])
def test_a_bar_with_two_positions_counts_once(longest):
    rng = np.random.default_rng(longest)
    entry = np.sort(rng.choice(np.arange(0, 190, 2), 30, replace=False))
    leave = np.minimum(entry + rng.integers(1, longest + 1, 30), 200)
    ones = np.ones(30)
    run = Trades(["long"] * 30, entry, leave, ones, ones, csr_array((30, 200)))
    taken = rng.integers(0, 2, (20, 30)).astype(float)
    for count, row in zip(run.bars_held(taken), taken, strict=True):
        held = {bar for one in np.flatnonzero(row) for bar in range(entry[one], leave[one])}
        assert count == len(held)
    np.testing.assert_array_equal(
        run.bars_held(taken * 2), run.bars_held(taken) + taken @ (leave - entry)
    )


def test_symbols_that_move_as_one_are_no_more_evidence_than_one():
    gross = np.random.default_rng(1).normal(0, 0.01, 40)
    entry = np.arange(40)
    single = random_subsets(
        trades(entry, gross, bars=50), trades(entry[::3], gross[::3], bars=50), 10
    )
    off = trades(np.tile(entry, 2), np.tile(gross, 2), ["a"] * 40 + ["b"] * 40, bars=50)
    on = trades(np.tile(entry[::3], 2), np.tile(gross[::3], 2), ["a"] * 14 + ["b"] * 14, bars=50)
    both = random_subsets(off, on, 10)
    assert both.real.score[0] == pytest.approx(single.real.score[0])


def walked(seed, share):
    """Trades of a rule on a random walk, and those left of it by a veto that knows nothing."""
    bars = BarArrays.of(random_walk(600, seed))
    state = np.sign(bars.close - np.append(np.full(10, np.nan), bars.close[:-10]))
    out = Outcomes.of(bars, state, ExitRule(4))
    agrees = np.repeat(np.random.default_rng(seed).random(60) < share, 10)
    made = []
    for signal in (state, state * agrees):
        trips = replay(signal, state, ExitRule(4))
        at, left, side = (
            column[trips.exit_bar >= 0] for column in (trips.signal, trips.exit_bar, trips.side)
        )
        path = trade_paths(bars.open, at + 1, left, bars.open[at + 1], bars.open[left], side)
        whole = np.ones(len(at))
        made.append(Trades(side.tolist(), at + 1, left, out.net[at], whole, path))
    return made


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_the_size_is_right_where_most_entries_are_retimed(share):
    p_values = [random_subsets(*walked(seed, share), 49, seed).p_value for seed in range(60)]
    # 6 expected in each tail, with a spread of 2.3
    assert 1 <= (np.array(p_values) <= 0.1).sum() <= 14
    assert 1 <= (np.array(p_values) > 0.9).sum() <= 14


def test_blocks_of_draws_are_the_same_draws(monkeypatch):
    on = trades([0, 5], [0.1, 0.3])
    whole = random_subsets(OFF, on, draws=7, seed=2).drawn
    monkeypatch.setattr(
        "bt_fusion.verdict.placebos.random_subsets.CELLS", 26
    )  # two draws at a time
    parts = random_subsets(OFF, on, draws=7, seed=2).drawn
    for name in ("entries", "score", "expectancy", "profit"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name))


def test_without_trades_nothing_is_scored():
    none = trades([], [], [])
    assert random_subsets(none, none, 20).p_value == 1.0
    placebo = random_subsets(none, trades([1], [0.5]), 20)
    assert placebo.real.score.tolist() == [0.0]
    assert random_subsets(OFF, none, 20).real.score.tolist() == [0.0]
