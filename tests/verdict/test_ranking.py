"""Does ML rank entries: scores, quartiles and p-values by hand, and their size."""

import numpy as np
import pytest
from scipy.special import ndtr

from bt_fusion.verdict.placebos.trades import Trades, trade_paths
from bt_fusion.verdict.rank_shifts import scaled_by_volatility
from bt_fusion.verdict.ranking import PredictedBars, rank_bars, rank_entries
from tests.verdict.test_rank_shifts import so_far


def walk(count, seed=0):
    rng = np.random.default_rng(seed)
    opens = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    return opens, np.repeat(rng.choice([-1, 1], count), 15)[:count], rng


def trades(gross, kind=None, bars=None, cost=0.0):
    """Trades of one bar each, one after the other."""
    gross = np.array(gross, float)
    entry, ones = np.arange(len(gross)), np.ones(len(gross))
    path = trade_paths(np.ones(bars or len(gross) + 2), entry, entry, ones, 1 + gross, ones)
    return Trades(kind or ["long"] * len(gross), entry, entry + 1, gross - cost, ones, path)


def test_a_score_and_quartiles_by_hand():
    # 41 bars up; moves of the bars from 1 on: +2 % after the odd ones, -1 % after the even ones
    growth = np.where(np.arange(41) % 2 == 1, 1.02, 0.99)
    opens = np.cumprod(np.append(100.0, growth[:-1]))
    probability = np.where(np.arange(41) % 2 == 1, 0.4, 0.6)  # bar t is held from open t + 1
    found = rank_bars(
        PredictedBars(opens, opens[-1] * 0.99, np.ones(41), probability), 1, 0.001, draws=50
    )
    held = np.nan_to_num(so_far(probability[:40]))
    gained = held * scaled_by_volatility(np.append(growth[1:-1], 0.99) - 1)
    assert found.score == pytest.approx(gained.sum() / np.sqrt((gained**2).sum()), rel=1e-4)
    # of the 20 bars with a rank, the 9 lower ones whose trades end lose 1 %, the others gain 2 %
    assert found.counts.tolist() == [9, 0, 0, 10]
    assert found.quartiles[[0, 3]].tolist() == pytest.approx([-0.011, 0.019])
    assert np.isnan(found.quartiles[1:3]).all()
    assert found.auc == 1.0
    assert (found.kind, found.draws, found.reason) == ("bars", 50, "")


def test_the_p_value_is_the_larger_of_two_tails():
    opens, state, rng = walk(800)
    ahead = np.append(opens[6:] / opens[1:-5] - 1, np.zeros(6))
    good = PredictedBars(opens, opens[-1], state, 0.5 + state * ahead)
    found = rank_bars(good, draws=99)
    assert found.p_value == 0.01  # the normal tail is far smaller
    assert found.p_against == 1.0
    bad = rank_bars(PredictedBars(opens, opens[-1], state, 0.5 - state * ahead), draws=99)
    assert (bad.p_value, bad.p_against) == (1.0, 0.01)
    blind = rank_bars(PredictedBars(opens, opens[-1], state, rng.random(800)), draws=99)
    share = (1 + (blind.drawn >= blind.score).sum()) / 100
    assert blind.p_value == max(share, ndtr(-blind.score))
    assert blind.p_value + blind.p_against >= 1


def test_seeds_give_the_same_draws_again():
    opens, state, rng = walk(300)
    market = PredictedBars(opens, opens[-1], state, rng.random(300))
    first, again, other = (rank_bars(market, draws=20, seed=seed) for seed in (1, 1, 2))
    assert first.drawn.tolist() == again.drawn.tolist()
    assert first.drawn.tolist() != other.drawn.tolist()


def test_symbols_that_move_as_one_are_no_more_evidence_than_one():
    opens, state, rng = walk(400)
    market = PredictedBars(opens, opens[-1], state, rng.random(400), np.arange(400))
    one, two = rank_bars(market, draws=30), rank_bars([market, market], draws=30)
    assert two.score == pytest.approx(one.score, rel=1e-4)
    np.testing.assert_allclose(two.drawn, one.drawn, rtol=1e-3, atol=1e-4)
    assert two.counts.tolist() == (2 * one.counts).tolist()


def test_nothing_to_rank_has_a_reason():
    opens = walk(60)[0]
    nan = np.full(60, np.nan)
    for probability, reason in (
        (nan, "0 bars with a probability; ranking needs 30 or more"),
        (np.full(60, 0.5), "within each side, the probability of all 59 bars is the same"),
    ):
        found = rank_bars(PredictedBars(opens, opens[-1], np.ones(60), probability))
        assert found.reason == reason
        assert np.isnan([found.score, found.p_value, found.p_against, found.auc]).all()
        assert found.counts.tolist() == [0] * 4
    assert rank_bars([]).reason.startswith("0 bars")
    found = rank_entries(trades(np.ones(29)), np.arange(29.0))
    assert found.reason == "29 entries with a probability; ranking needs 30 or more"
    assert rank_entries(trades([]), np.empty(0)).reason.startswith("0 entries")
    kinds = np.repeat([f"symbol {n}" for n in range(10)], 10).tolist()  # none has ten before it
    found = rank_entries(trades(np.ones(100), kinds), np.linspace(0.4, 0.6, 100))
    assert found.reason == "too few earlier entries of each side to rank by"
    assert np.isnan(found.p_value)


def test_entries_by_hand():
    good = np.random.default_rng(0).random(40) < 0.5
    gross, probability = np.where(good, 0.02, -0.01), np.where(good, 0.6, 0.4)
    found = rank_entries(trades(gross, cost=0.001), probability, draws=99)
    rank = so_far(probability, 10)
    gained = np.nan_to_num(rank) * gross
    assert found.score == pytest.approx(gained.sum() / np.sqrt((gained**2).sum()))
    quartile = np.floor(4 * (rank[10:] + 0.5))
    assert found.counts.tolist() == [(quartile == each).sum() for each in range(4)]
    assert found.quartiles[3] == pytest.approx(0.019)
    assert found.quartiles[found.counts > 0][0] == pytest.approx(-0.011)
    assert found.auc == 1.0
    assert found.p_value == max(0.01, ndtr(-found.score))
    assert len(found.drawn) == found.draws == 99


def test_kinds_are_ranked_by_themselves_and_unknown_entries_left_out():
    gross = np.tile([0.01, -0.01], 30)
    kind = ["long"] * 45 + ["short"] * 15
    probability = np.linspace(0.5, 0.9, 60)
    probability[:5] = np.nan
    found = rank_entries(trades(gross, kind), probability, draws=200)
    weight = np.full(60, 0.5)  # each is the highest of its kind so far
    weight[:15] = weight[45:55] = 0  # unknown, or among fewer than ten
    gained = weight * gross
    assert found.score == pytest.approx(gained.sum() / np.sqrt((gained**2).sum()))
    assert found.counts.tolist() == [0, 0, 0, 30 + 5]


def test_an_opinion_that_follows_the_price_finds_nothing_in_hindsight():
    """What is low against a long average rises in hindsight, on a random walk, too."""
    p_values, spreads = [], []
    for seed in range(60):
        opens, state, _ = walk(2_000, seed)
        average = np.convolve(opens, np.ones(500) / 500)[500:2_000]
        opens, state = opens[500:], state[500:]
        market = PredictedBars(opens, opens[-1], state, 0.5 + state * (average - opens) / 1e3)
        found = rank_bars(market, draws=99, seed=seed)
        p_values.append(found.p_value)
        spreads.append(found.quartiles[3] - found.quartiles[0])
    assert (np.array(p_values) <= 0.1).sum() <= 12  # 6 expected, 15 to 20 by ranks in hindsight
    error = np.std(spreads) / np.sqrt(60)
    assert abs(np.mean(spreads)) < 3 * error  # ranks in hindsight put quarters 7 errors apart


def test_the_size_is_right_for_lasting_opinions_without_skill():
    p_values = []
    for seed in range(100):
        opens, state, rng = walk(400, seed)
        lasting = np.convolve(rng.standard_normal(430), np.ones(30), "valid")[:400]
        market = PredictedBars(opens, opens[-1], state, lasting)
        p_values.append(rank_bars(market, draws=99, seed=seed).p_value)
    # 10 expected in each tail, with a spread of 3; the larger of two tails makes it fewer
    assert 1 <= (np.array(p_values) <= 0.1).sum() <= 19
    assert 1 <= (np.array(p_values) > 0.9).sum() <= 21
