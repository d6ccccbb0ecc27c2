"""AUC within refits and pooled: worked out by hand, and against all pairs one by one."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bt_fusion.evaluation.refit_auc import RefitAucs, ranked_right


def rows(refits=8, each=60, skill=0.0, shift=0.0, seed=0):
    """Refit, class and score of rows; each refit's scores are shifted at random."""
    rng = np.random.default_rng(seed)
    refit = np.repeat(np.arange(refits), each)
    up = rng.random(len(refit)) < 0.5
    score = rng.normal(size=len(refit)) + skill * up + shift * rng.normal(size=refits)[refit]
    return refit, up, score


def test_pairs_are_counted_with_ties_as_halves():
    up = np.array([True, False, True, False])
    assert ranked_right(up, np.array([3.0, 1.0, 2.0, 2.0])).tolist() == [2.0, 2.0, 1.5, 1.5]


def test_each_refit_has_the_auc_of_its_rows_and_within_weighs_them_by_pairs():
    refit, up, score = rows(refits=3, skill=0.7, shift=2.0)
    score = score.round(1)  # with ties
    found = RefitAucs.of(refit, up, score)
    own = [roc_auc_score(up[refit == k], score[refit == k]) for k in range(3)]
    pairs = [up[refit == k].sum() * (~up[refit == k]).sum() for k in range(3)]
    assert found.auc == pytest.approx(own)
    assert found.within == pytest.approx(np.average(own, weights=pairs))
    assert found.pooled == pytest.approx(roc_auc_score(up, score))


def test_the_error_is_that_of_leaving_out_each_refit():
    refit, up, score = rows(refits=6, skill=0.5, shift=1.0)
    without = []
    for k in range(6):
        rest = refit != k
        left = RefitAucs.of(np.unique(refit[rest], return_inverse=True)[1], up[rest], score[rest])
        without.append(left.pooled - left.within)
    assert RefitAucs.of(refit, up, score).error == pytest.approx(np.std(without) * 5**0.5)


def test_refits_with_too_few_rows_have_none():
    refit, up, score = rows(refits=2, each=40)
    assert np.isfinite(RefitAucs.of(refit, up, score, horizon=4).auc).all()
    assert np.isnan(RefitAucs.of(refit, up, score, horizon=5).auc).all()
    few = up & (np.cumsum(up) > 9)  # the first refit loses nine of its class
    few[refit == 0] &= np.arange(40) < 25
    found = RefitAucs.of(refit, few, score)
    assert np.isnan(found.auc[0]) and np.isfinite(found.auc[1])
    assert found.within == found.pooled == found.auc[1] and np.isnan(found.error)
    assert found.rows.tolist() == [40, 40]


def test_nothing_predicted_is_nothing_told():
    none = np.empty(0)
    found = RefitAucs.of(none.astype(int), none.astype(bool), none)
    assert len(found.auc) == 0 and np.isnan(found.within) and not found.differs


@pytest.mark.slow
def test_scales_of_their_own_are_seen_and_chance_is_not():
    assert RefitAucs.of(*rows(refits=20, skill=4.0, shift=8.0)).differs
    assert not RefitAucs.of(*rows(refits=4, skill=4.0, shift=8.0)).differs  # no error is known
    chance = [RefitAucs.of(*rows(refits=20, shift=8.0, seed=k)).differs for k in range(100)]
    assert sum(chance) <= 2
